"""Word noise: copies of a document with some words left out and some neighbours swapped (Wei and Zou 2019, EDA)."""

from __future__ import annotations

import random
import re
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from curation.operator import Contract, Operator
from curation.schema import DOCUMENT, child_id, seed_for

__all__ = ["WordNoise"]

_WORD_OR_SPACE = re.compile(r"\s+|\S+")


class WordNoise(Operator):
    """`copies` of each document in which each word is dropped with probability `drop` and, if it stays, swapped with
    the next word with probability `swap`. White space stays as it was. Documents under `min_words` are left alone,
    and only a share of documents is chosen when `share` is below 1, by a hash of the id.
    """

    contract: ClassVar[Contract] = Contract("word_noise", 1, "expand", reads=("id", "source", "text"))

    copies: int = Field(1, ge=1, le=100)
    drop: float = Field(0.1, ge=0, le=1)
    swap: float = Field(0.05, ge=0, le=1)
    share: float = Field(1.0, ge=0, le=1)
    min_words: int = Field(20, ge=1)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = [
            child
            for parent in batch.select(["id", "source", "url", "text", "meta"]).to_pylist()
            if self._is_chosen(parent)
            for child in self._children(parent)
        ]
        return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)

    def _is_chosen(self, parent: dict[str, Any]) -> bool:
        chance = seed_for("word_noise.share", parent["id"]) / 2**64
        return chance < self.share and len((parent["text"] or "").split()) >= self.min_words

    def _children(self, parent: dict[str, Any]) -> list[dict[str, Any]]:
        name = self.contract.name
        ids = [child_id(parent["id"], name, number) for number in range(self.copies)]
        return [
            {
                **parent,
                "id": child,
                "key": f"{name}:{number}",
                "parent_id": parent["id"],
                "text": self._noisy(parent["text"], random.Random(seed_for(name, child))),
            }
            for number, child in enumerate(ids)
        ]

    def _noisy(self, text: str, chance: random.Random) -> str:
        pieces = _WORD_OR_SPACE.findall(text)
        words = [number for number, piece in enumerate(pieces) if not piece.isspace()]
        for place, number in enumerate(words):
            if chance.random() < self.drop:
                pieces[number] = ""
            elif place + 1 < len(words) and chance.random() < self.swap:
                other = words[place + 1]
                pieces[number], pieces[other] = pieces[other], pieces[number]
        return "".join(pieces)

"""Word noise: copies of a document with some words left out and some neighbours swapped (Wei and Zou 2019, EDA)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import Field

from curation.augment.expansion import Copying, Made
from curation.augment.pieces import words_of
from curation.operator import Contract

__all__ = ["WordNoise", "noisy_pieces"]


class WordNoise(Copying):
    """Words left out and swapped, in copies of a document.

    Copies of a document in which each word is dropped with probability `drop` and, if it stays, swapped with the
    next word with probability `swap`. White space stays as it was. Documents under `min_words` words are left alone.
    For text without spaces between words see `chinese_noise`.
    """

    contract: ClassVar[Contract] = Contract("word_noise", 2, "expand", reads=("id", "source", "text"))

    drop: float = Field(0.1, ge=0, le=1)
    swap: float = Field(0.05, ge=0, le=1)
    min_words: int = Field(20, ge=1)

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        return self.varied(parent, self.vary) if len(parent["text"].split()) >= self.min_words else ()

    def vary(self, text: str, chance: random.Random) -> str:
        pieces, words = words_of(text)
        return noisy_pieces(pieces, words, self.drop, self.swap, chance)


def noisy_pieces(pieces: list[str], words: list[int], drop: float, swap: float, chance: random.Random) -> str:
    """The pieces joined, after each of those numbered in `words` was dropped or swapped with the next by chance."""
    for place, number in enumerate(words):
        if chance.random() < drop:
            pieces[number] = ""
        elif place + 1 < len(words) and chance.random() < swap:
            other = words[place + 1]
            pieces[number], pieces[other] = pieces[other], pieces[number]
    return "".join(pieces)

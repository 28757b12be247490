"""Sentences in another order."""

from __future__ import annotations

import random
from typing import ClassVar, Literal

from pydantic import Field

from curation.augment.expansion import Copying
from curation.augment.pieces import sentences_of
from curation.operator import Contract
from curation.order import shuffled

__all__ = ["ShuffleSentences"]


class ShuffleSentences(Copying):
    """Sentences in a random order, in copies of a document.

    Copies of a document with its sentences in a random order: within each line, or over the whole document.

    White space stays where it was. Stretches of fewer than `min_sentences` sentences stay as they are. Groupings by
    shingles see hardly any difference from the parent, so `near_parent` is "keep" here.
    """

    contract: ClassVar[Contract] = Contract("shuffle_sentences", 3, "expand", reads=("id", "source", "text"))

    near_parent: Literal["drop", "keep"] = "keep"
    within: Literal["line", "document"] = "line"
    min_sentences: int = Field(3, ge=2)

    def vary(self, text: str, chance: random.Random) -> str:
        stretches = text.splitlines(keepends=True) if self.within == "line" else [text]
        return "".join(self._shuffled(stretch, chance) for stretch in stretches)

    def _shuffled(self, text: str, chance: random.Random) -> str:
        sentences = sentences_of(text)
        if len(sentences) < self.min_sentences:
            return text
        cores = [sentence.strip() for sentence in sentences]
        order = shuffled(len(cores), chance.getrandbits(64)).tolist()
        before = sentences[0][: len(sentences[0]) - len(sentences[0].lstrip())]  # the others have space behind alone
        behind = [sentence[len(sentence.rstrip()) :] for sentence in sentences]
        return before + "".join(cores[other] + space for other, space in zip(order, behind, strict=True))

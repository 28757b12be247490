"""A text whose middle is to be written from what stands before and behind it (Bavarian et al. 2022)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.augment.expansion import ByDocument, Made, pair
from curation.operator import Contract
from curation.schema import child_id, seed_for

__all__ = ["FillInTheMiddle"]


class FillInTheMiddle(ByDocument):
    """Pairs of a beginning and an end, and the middle that belongs between them.

    `copies` of a document cut at two random characters into prefix, middle and suffix, the middle moved to the end.

    psm: PREFIX before SUFFIX behind MIDDLE between. spm (the variant that shares its beginning with psm): PREFIX SUFFIX
    behind MIDDLE before, between. A share `spm` of the rows is of the second kind. Sentinels are those of the
    tokenizer; documents that hold one already, or fewer than `min_characters` characters, are left out. `meta` holds
    `prompt` and `response` (the middle).
    """

    contract: ClassVar[Contract] = Contract("fill_in_the_middle", 1, "expand", reads=("id", "source", "text"))
    is_format: ClassVar[bool] = True

    near_parent: Literal["drop", "keep"] = "keep"
    copies: int = Field(1, ge=1, le=100)
    spm: float = Field(0.5, ge=0, le=1)
    min_characters: int = Field(100, ge=2)
    prefix: str = Field("<|fim_prefix|>", min_length=1)
    suffix: str = Field("<|fim_suffix|>", min_length=1)
    middle: str = Field("<|fim_middle|>", min_length=1)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if len({self.prefix, self.suffix, self.middle}) < 3:
            raise ValueError("`prefix`, `suffix` and `middle` must be three different sentinels")
        return self

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        text = parent["text"]
        if len(text) < self.min_characters or any(mark in text for mark in (self.prefix, self.suffix, self.middle)):
            return
        for number in range(self.copies):
            yield self._cut(text, seed_for(self.contract.name, child_id(parent["id"], self.contract.name, number)))

    def _cut(self, text: str, seed: int) -> Made:
        chance = random.Random(seed)
        first, last = sorted(chance.sample(range(len(text) + 1), 2))
        before, between, behind = text[:first], text[first:last], text[last:]
        if chance.random() < self.spm:
            return pair(f"{self.prefix}{self.suffix}{behind}{self.middle}{before}", between, seed, order="spm")
        return pair(f"{self.prefix}{before}{self.suffix}{behind}{self.middle}", between, seed, order="psm")

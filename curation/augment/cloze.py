"""Gaps to be filled in, made from definitions, headings and lists."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from curation.augment.expansion import ByDocument, Made, pair
from curation.augment.question_answer import Kind
from curation.augment.structure import Language, definitions, headings, lists
from curation.operator import Contract
from curation.schema import seed_for

__all__ = ["Cloze"]


class Cloze(ByDocument):
    """Pairs of a passage with a gap and what belongs there, from the structure of a text.

    Pairs of a passage with a gap and what belongs there, at most `max_items` for a document, as `kinds` names them.

    definitions   the sentence without its term
    headings      the first paragraph below, under a gap for the heading
    lists         the list without one item, chosen by chance

    The prompt is `prompt` with the passage for {passage}; `gap` stands where something is missing. `meta` holds
    `prompt`, `response` and `kind`.
    """

    contract: ClassVar[Contract] = Contract("cloze", 2, "expand", reads=("id", "source", "text"))
    is_format: ClassVar[bool] = True

    near_parent: Literal["drop", "keep"] = "keep"
    kinds: tuple[Kind, ...] = Field(("definitions", "headings", "lists"), strict=False, min_length=1)
    language: Language = "en"
    prompt: str = "{passage}\n\n"
    gap: str = Field("____", min_length=1)
    max_items: int = Field(10, ge=1)

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        seed = seed_for(self.contract.name, parent["id"])
        found = self._items(parent["text"], random.Random(seed))
        for _, (kind, passage, answer) in zip(range(self.max_items), found, strict=False):
            yield pair(self.prompt.replace("{passage}", passage), answer, seed, kind=kind)

    def _items(self, text: str, chance: random.Random) -> Iterator[tuple[Kind, str, str]]:
        if "definitions" in self.kinds:
            for each in definitions(text, self.language):
                before, behind = each.sentence[: each.start], each.sentence[each.start + len(each.term) :]
                yield "definitions", before + self.gap + behind, each.term
        if "headings" in self.kinds:
            for heading in headings(text):
                yield "headings", f"{self.gap}\n\n{heading.paragraph}", heading.title
        if "lists" in self.kinds:
            for found in lists(text):
                place = chance.randrange(len(found.items))
                shown = [self.gap if number == place else item for number, item in enumerate(found.items)]
                yield "lists", "\n".join([f"{found.lead}:", *(f"- {item}" for item in shown)]), found.items[place]

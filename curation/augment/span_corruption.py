"""Spans of a text hidden behind sentinels, to be filled in: the objective of T5 (Raffel et al. 2020, section 3.1.4)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.augment.expansion import ByDocument, Made, pair
from curation.augment.pieces import spaced_words
from curation.operator import Contract
from curation.schema import child_id, seed_for

__all__ = ["SpanCorruption"]


class SpanCorruption(ByDocument):
    """Pairs of a text with hidden spans and the hidden spans, as T5 is trained on.

    Pairs for each `window` of words (or characters): the text with spans hidden, and the hidden spans.

    A share `rate` of the units is hidden, in spans of `mean_span` units on average. Each span is one sentinel in the
    prompt; the response is every sentinel with its span behind it, and one sentinel more at the end. `{n}` in
    `sentinel` is the number of the span from 0. Windows of fewer than `min_units` units, and documents that hold a
    sentinel already, are left out. `meta` holds `prompt` and `response`.
    """

    contract: ClassVar[Contract] = Contract("span_corruption", 1, "expand", reads=("id", "source", "text"))
    is_format: ClassVar[bool] = True

    near_parent: Literal["drop", "keep"] = "keep"
    unit: Literal["words", "characters"] = "words"
    rate: float = Field(0.15, gt=0, lt=1)
    mean_span: float = Field(3.0, ge=1)
    window: int = Field(512, ge=2)
    min_units: int = Field(20, ge=2)
    sentinel: str = "<extra_id_{n}>"
    sentinels: int = Field(100, ge=2, description="sentinels that the tokenizer has")

    @model_validator(mode="after")
    def _enough_sentinels(self) -> Self:
        if self.sentinel.count("{n}") != 1 or not self.sentinel.replace("{n}", ""):
            raise ValueError('`sentinel` holds {n} once and other characters, for example "<extra_id_{n}>"')
        needed = spans_in(self.window, self.rate, self.mean_span) + 1
        if needed > self.sentinels:
            raise ValueError(f"a window of {self.window} units needs {needed} sentinels: take smaller windows")
        return self

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        before, _, after = self.sentinel.partition("{n}")
        if re.search(re.escape(before) + r"\d+" + re.escape(after), parent["text"]):
            return
        text = parent["text"].strip()
        units = list(text) if self.unit == "characters" else spaced_words(text)
        for number, start in enumerate(range(0, len(units), self.window)):
            window = units[start : start + self.window]
            if len(window) >= self.min_units:
                seed = seed_for(self.contract.name, child_id(parent["id"], self.contract.name, number))
                yield self._pair(window, seed)

    def _pair(self, units: list[str], seed: int) -> Made:
        prompt: list[str] = []
        response: list[str] = []
        place = 0
        for number, (shown, hidden) in enumerate(spans(len(units), self.rate, self.mean_span, random.Random(seed))):
            sentinel = self._sentinel(number)
            span = "".join(units[place + shown : place + shown + hidden])
            own = span.rstrip() or span
            prompt += [*units[place : place + shown], sentinel, span[len(own) :]]
            response += [sentinel, own]
            place += shown + hidden
        return pair("".join(prompt), "".join([*response, self._sentinel(number + 1)]), seed)

    def _sentinel(self, number: int) -> str:
        return self.sentinel.replace("{n}", str(number))


def spans_in(units: int, rate: float, mean_span: float) -> int:
    """Spans that so many units have: hidden units by the mean length, rounded, at least 1."""
    hidden = _hidden(units, rate)
    return min(max(round(hidden / mean_span), 1), units - hidden, hidden)


def _hidden(units: int, rate: float) -> int:
    return min(max(round(units * rate), 1), units - 1)


def spans(units: int, rate: float, mean_span: float, chance: random.Random) -> list[tuple[int, int]]:
    """(units shown, units hidden) in turns, adding up to `units`; every way to divide them is equally likely."""
    hidden, count = _hidden(units, rate), spans_in(units, rate, mean_span)
    return list(zip(_divided(units - hidden, count, chance), _divided(hidden, count, chance), strict=True))


def _divided(total: int, parts: int, chance: random.Random) -> list[int]:
    """`total` in that many positive parts."""
    cuts = sorted(chance.sample(range(1, total), parts - 1))
    return [end - start for start, end in zip([0, *cuts], [*cuts, total], strict=True)]

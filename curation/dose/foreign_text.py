"""Text in another language's letters and frequencies, made from the n-gram profiles of the installed `langdetect`."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from functools import cache
from typing import ClassVar

import orjson
from pydantic import Field, field_validator

from curation.dose.defect import Defect, defect_contract
from curation.measure.langdetect_profiles import profile_files
from curation.operator import Contract

__all__ = ["ForeignText"]

_Table = dict[str, tuple[str, list[int]]]


class ForeignText(Defect):
    """Replaces a document by as many characters of a Markov chain of order two over one of `languages`.

    Not sentences, but what a model sees of a language it cannot read: its letters, its endings, the lengths of its
    words. It needs no foreign corpus.
    """

    contract: ClassVar[Contract] = defect_contract("foreign_text", 1)

    languages: tuple[str, ...] = Field(("de", "fr", "es", "it", "nl", "pl"), min_length=1, strict=False)

    @field_validator("languages")
    @classmethod
    def _known(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        known = {path.name for path in profile_files()}
        if unknown := sorted(set(languages) - known):
            raise ValueError(f"languages of {', '.join(sorted(known))}; {unknown[0]} is none of them")
        return languages

    def damaged(self, text: str, chance: random.Random) -> str:
        table = _chain(chance.choice(self.languages))
        written, state = [], " "
        for _ in range(len(text)):
            followers, weights = table.get(state) or table[" "]
            letter = chance.choices(followers, cum_weights=weights)[0]
            written.append(letter)
            state = (state + letter)[-2:] if state + letter in table or len(state) == 2 else letter
        return "".join(written)


@cache
def _chain(language: str) -> _Table:
    """Followers and cumulative counts by one and two characters before."""
    path = next(path for path in profile_files() if path.name == language)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for gram, count in sorted(orjson.loads(path.read_bytes())["freq"].items()):
        if len(gram) > 1 and "  " not in gram:
            counts[gram[:-1]][gram[-1]] = count
    return {state: ("".join(nexts), list(itertools.accumulate(nexts.values()))) for state, nexts in counts.items()}

"""Synonyms from a user's own lexicon in place of some words."""

from __future__ import annotations

import random
import re
from typing import ClassVar

from pydantic import Field

from curation.augment.alternatives import Alternatives, read_alternatives
from curation.augment.expansion import Copying
from curation.augment.pieces import bare, words_of
from curation.operator import Contract, Resources

__all__ = ["Synonyms"]


class Synonyms(Copying):
    """Synonyms of a user's lexicon in place of some words, in copies of a document.

    Copies of a document in which each word of a lexicon is replaced by one of its synonyms, with probability `rate`.

    `lexicon` is a UTF-8 file: a word, a tab, its synonyms with tabs between; `#` begins a comment. Words are looked up
    as they are written, so an inflected form needs its own line; letter case does not matter, and the synonym takes
    over capitals ("Mill" gives "Grinder", "MILL" gives "GRINDER"). With `spaces: false`, for Chinese, Japanese or Thai,
    the longest words of the lexicon are found anywhere in the text.
    """

    contract: ClassVar[Contract] = Contract("synonyms", 1, "expand", reads=("id", "source", "text"))

    lexicon: str
    rate: float = Field(0.2, gt=0, le=1)
    spaces: bool = True

    def resources(self) -> Resources:
        return Resources.of(self.lexicon)

    def open(self) -> None:
        self._known()

    def _known(self) -> Alternatives:
        return read_alternatives(self.lexicon)

    def vary(self, text: str, chance: random.Random) -> str:
        return self._between_spaces(text, chance) if self.spaces else self._anywhere(text, chance)

    def _between_spaces(self, text: str, chance: random.Random) -> str:
        pieces, words = words_of(text)
        for number in words:
            before, word, behind = bare(pieces[number])
            pieces[number] = before + self._other(word, chance) + behind
        return "".join(pieces)

    def _anywhere(self, text: str, chance: random.Random) -> str:
        def other(match: re.Match[str]) -> str:
            return self._other(match.group(), chance)

        return self._known().pattern.sub(other, text)

    def _other(self, word: str, chance: random.Random) -> str:
        known = self._known().of.get(word.lower())
        if known is None or chance.random() >= self.rate:
            return word
        return _in_case_of(word, chance.choice(known))


def _in_case_of(word: str, synonym: str) -> str:
    if len(word) > 1 and word.isupper():
        return synonym.upper()
    return synonym[:1].upper() + synonym[1:] if word[:1].isupper() else synonym

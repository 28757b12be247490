"""Noise for Chinese, which has no spaces to find words by and other mistakes than a keyboard's."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from typing import ClassVar

from pydantic import Field

from curation.augment.alternatives import read_alternatives, read_words, words_pattern
from curation.augment.expansion import Copying
from curation.augment.word_noise import noisy_pieces
from curation.operator import Contract, Resources

__all__ = ["ChineseNoise"]

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"


class ChineseNoise(Copying):
    """Characters or words dropped, swapped or mistaken, in copies of a Chinese document.

    Copies of a document with some characters or words dropped, swapped with the next, or written as similar ones.

    Units are single Han characters or, with `words` (a file with a word on each line), the longest words of that list
    and single characters between them. `drop` and `swap` are probabilities for each unit; swaps do not cross marks.
    `similar` is a file of characters with those they are mistaken for (same sound, same radical): a character, a tab,
    the others with tabs between; each is replaced with probability `confuse`. All other text stays.
    """

    contract: ClassVar[Contract] = Contract("chinese_noise", 1, "expand", reads=("id", "source", "text"))

    drop: float = Field(0.03, ge=0, le=1)
    swap: float = Field(0.03, ge=0, le=1)
    confuse: float = Field(0.03, ge=0, le=1)
    words: str | None = None
    similar: str | None = None
    min_units: int = Field(20, ge=1)

    def resources(self) -> Resources:
        return Resources.of(*(path for path in (self.words, self.similar) if path is not None))

    def open(self) -> None:
        _units(self.words)
        if self.similar is not None:
            read_alternatives(self.similar)

    def vary(self, text: str, chance: random.Random) -> str:
        pieces = [match.group() for match in _units(self.words).finditer(text)]
        han = [number for number, piece in enumerate(pieces) if _is_han(piece)]
        if len(han) < self.min_units:
            return text
        for number in han:
            pieces[number] = self._confused(pieces[number], chance)
        return "".join(self._run(run, chance) for run in _runs(pieces))

    def _run(self, run: list[str], chance: random.Random) -> str:
        if not _is_han(run[0]):
            return run[0]
        return noisy_pieces(run, list(range(len(run))), self.drop, self.swap, chance)

    def _confused(self, unit: str, chance: random.Random) -> str:
        if self.similar is None:
            return unit
        known = read_alternatives(self.similar).of
        return "".join(
            chance.choice(known[each]) if each in known and chance.random() < self.confuse else each for each in unit
        )


@lru_cache(maxsize=8)
def _units(words: str | None) -> re.Pattern[str]:
    """Listed words, single Han characters, and runs of anything else."""
    listed = words_pattern(read_words(words)) + "|" if words is not None else ""
    return re.compile(f"{listed}[{_HAN}]|[^{_HAN}]+")


def _is_han(piece: str) -> bool:
    return re.match(f"[{_HAN}]", piece) is not None


def _runs(pieces: list[str]) -> list[list[str]]:
    """Neighbouring Han units together, every other piece by itself."""
    runs: list[list[str]] = []
    for piece in pieces:
        if runs and _is_han(piece) and _is_han(runs[-1][0]):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs

"""Words whose letters are out of order or wrong, as bad character recognition leaves them."""

from __future__ import annotations

import random
import re
import string
from typing import ClassVar

from pydantic import Field

from curation.dose.defect import Defect, defect_contract
from curation.operator import Contract

__all__ = ["GarbleWords"]

_WORD = re.compile(r"\S+")


class GarbleWords(Defect):
    """Garbles each word with probability `rate`: shuffles its characters, or replaces a third of them by letters."""

    contract: ClassVar[Contract] = defect_contract("garble_words", 1)

    rate: float = Field(0.5, ge=0, le=1)

    def damaged(self, text: str, chance: random.Random) -> str:
        return _WORD.sub(lambda word: _garbled(word[0], chance) if chance.random() < self.rate else word[0], text)


def _garbled(word: str, chance: random.Random) -> str:
    letters = list(word)
    if chance.random() < 0.5:
        chance.shuffle(letters)
    else:
        for _ in range(max(1, len(letters) // 3)):
            letters[chance.randrange(len(letters))] = chance.choice(string.ascii_lowercase)
    return "".join(letters)

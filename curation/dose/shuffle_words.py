"""Words in no order: the right vocabulary and no grammar."""

from __future__ import annotations

import random
import re
from typing import ClassVar

from curation.dose.defect import Defect, defect_contract
from curation.operator import Contract

__all__ = ["ShuffleWords"]

_WORD_OR_SPACE = re.compile(r"\s+|\S+")


class ShuffleWords(Defect):
    """Puts the words of a document in random order; white space stays where it was."""

    contract: ClassVar[Contract] = defect_contract("shuffle_words", 1)

    def damaged(self, text: str, chance: random.Random) -> str:
        pieces = _WORD_OR_SPACE.findall(text)
        places = [number for number, piece in enumerate(pieces) if not piece.isspace()]
        words = [pieces[number] for number in places]
        chance.shuffle(words)
        for number, word in zip(places, words, strict=True):
            pieces[number] = word
        return "".join(pieces)

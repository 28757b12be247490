"""Words in no order: the right vocabulary and no grammar."""

from __future__ import annotations

import random
from typing import ClassVar

import numpy as np

from curation.dose.defect import Defect, defect_contract
from curation.operator import Contract
from curation.order import shuffled

__all__ = ["ShuffleWords"]

_SPACES = np.array([code for code in range(0x3001) if chr(code).isspace()], np.uint32)


class ShuffleWords(Defect):
    """Puts the words of a document in random order; white space stays where it was."""

    contract: ClassVar[Contract] = defect_contract("shuffle_words", 2)

    def damaged(self, text: str, chance: random.Random) -> str:
        if not text:
            return text
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        space = np.isin(codes, _SPACES)
        bounds = np.flatnonzero(np.diff(space)) + 1
        starts, ends = np.append(0, bounds), np.append(bounds, len(codes))
        words, order = np.flatnonzero(~space[starts]), np.arange(len(starts))
        order[words] = words[shuffled(len(words), chance.getrandbits(64))]
        starts, lengths = starts[order], (ends - starts)[order]
        places = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        places += np.arange(len(codes))
        return str(codes[places].tobytes(), "utf-32-le")

"""Slow twin of curation.kernels.normal_form."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from curation.kernels.normal_form import FORM, JOINER


def is_unnormalized(text: str, flags: Mapping[int, int], mask: int) -> bool:
    previous = "\0"
    for character in text:
        flag = int(flags[ord(character)])
        if flag & mask & ~JOINER:
            return True
        if flag & mask & JOINER and ord(previous) < 0x590:
            return True
        this_class, last_class = unicodedata.combining(character), unicodedata.combining(previous)
        if mask & FORM and 0 < this_class < last_class:
            return True
        previous = character
    return False

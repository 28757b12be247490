"""Citations of a line, [12], [edit] or [citation needed], and the line without them."""

from __future__ import annotations

import numpy as np

from curation.kernels.jit import helper
from curation.kernels.unicode_tables import DECIMAL
from curation.kernels.utf8 import decode

__all__ = ["find_citations", "write_without"]

_CITATION = np.zeros((2, 17), np.uint8)
for _row, _text in enumerate([b"[edit]", b"[citation needed]"]):
    _CITATION[_row, : len(_text)] = list(_text)


@helper
def find_citations(data, start, stop, classes, cuts):  # type: ignore[no-untyped-def]
    """Fill `cuts` with the stretches that match \\[\\d*\\], [edit] or [citation needed]; how many."""
    number, position = 0, start
    while position < stop:
        if data[position] != 0x5B:
            position += 1
            continue
        behind = position + 1
        while behind < stop:
            point, after = decode(data, behind, stop)
            if not classes[point] & DECIMAL:
                break
            behind = after
        if behind < stop and data[behind] == 0x5D:
            behind += 1
        else:
            behind = position + _word_citation(data, position, stop)
        if behind > position:
            cuts[2 * number], cuts[2 * number + 1] = position, behind
            number += 1
        position = max(behind, position + 1)
    return number


@helper
def _word_citation(data, position, stop):  # type: ignore[no-untyped-def]
    """Length of [edit] or [citation needed] at `position`, or 0."""
    for row in range(2):
        length = 6 if row == 0 else 17
        if position + length <= stop:
            same = True
            for k in range(length):
                same &= data[position + k] == _CITATION[row, k]
            if same:
                return length
    return 0


@helper
def write_without(data, start, stop, cuts, number, scratch):  # type: ignore[no-untyped-def]
    """Write a line without the cuts; how many bytes."""
    size, position = 0, start
    for k in range(number + 1):
        last = cuts[2 * k] if k < number else stop
        for at in range(position, last):
            scratch[size] = data[at]
            size += 1
        position = cuts[2 * k + 1] if k < number else stop
    return size

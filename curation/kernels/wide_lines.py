"""Lines that hold a character beyond ASCII, put together: for questions whose answer lies in none of the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.blocks import find_byte
from curation.kernels.eight import HIGH_BITS, load_eight
from curation.kernels.hash_tables import copy_bytes
from curation.kernels.jit import helper, kernel

__all__ = ["wide_lines"]

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]

_NEWLINE = np.uint8(0x0A)


def wide_lines(data: Bytes, offsets: Numbers) -> tuple[Bytes, Numbers, Numbers, Numbers]:
    """Lines between "\n" with a byte beyond ASCII: their bytes one after the other, with offsets (int64[m + 1]), the
    document of each and its number among the lines of that, from 0 (int64[m]).
    """
    most = len(offsets) + int(np.count_nonzero(data[offsets[0] : offsets[-1]] == _NEWLINE))
    lines, line_offsets = np.empty(int(offsets[-1] - offsets[0]) + 8, np.uint8), np.zeros(most + 1, np.int64)
    rows, numbers = np.empty(most, np.int64), np.empty(most, np.int64)
    found = _wide_lines(data, offsets, lines, line_offsets, rows, numbers)
    return lines[: line_offsets[found]], line_offsets[: found + 1], rows[:found], numbers[:found]


@kernel
def _wide_lines(data, offsets, lines, line_offsets, rows, numbers):  # type: ignore[no-untyped-def]
    found, used = 0, np.int64(0)
    for document in range(len(offsets) - 1):
        position, end = offsets[document], offsets[document + 1]
        number = 0
        while position < end:
            stop = find_byte(data, position, end, _NEWLINE)
            if _is_wide(data, position, stop):
                copy_bytes(data, position, stop, lines, used)
                used += stop - position
                rows[found], numbers[found] = document, number
                found += 1
                line_offsets[found] = used
            position, number = stop + 1, number + 1
    return found


@helper
def _is_wide(data, position, stop):  # type: ignore[no-untyped-def]
    while position + 8 <= stop:
        if load_eight(data, np.uint64(position)) & HIGH_BITS:
            return True
        position += 8
    while position < stop:
        if data[position] >= 0x80:
            return True
        position += 1
    return False

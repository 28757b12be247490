"""Which documents have lines to tidy: the cheap test in front of `clean_lines`. Lines are divided by LF."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.jit import helper, kernel

__all__ = ["OFF", "find_line_faults"]

OFF = -1
LF = 10


@helper
def _is_space(byte: int) -> bool:
    return byte == 32 or 9 <= byte <= 13


@helper
def _same(data: npt.NDArray[np.uint8], a: int, b: int, length: int) -> bool:
    for i in range(length):  # noqa: SIM110 - numba has no generators
        if data[a + i] != data[b + i]:
            return False
    return True


@helper
def _has_word(data: npt.NDArray[np.uint8], start: int, end: int) -> bool:
    """Whether a line holds an ASCII letter or digit, or anything beyond ASCII."""
    for i in range(start, end):
        byte = data[i]
        if 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte >= 128:
            return True
    return False


@helper
def _has_fault(
    data: npt.NDArray[np.uint8], start: int, end: int, trailing: bool, max_blank: int, max_repeats: int
) -> bool:
    blank = 0
    copies = 0
    last_start = start
    last_length = -1
    line = start
    for i in range(start, end + 1):
        if i < end and data[i] != LF:
            continue
        length = i - line
        if trailing and length > 0 and _is_space(data[i - 1]):
            return True
        blank = blank + 1 if length == 0 else 0
        if max_blank >= 0 and blank > max_blank:
            return True
        if max_repeats >= 0:
            again = length > 0 and length == last_length and _same(data, line, last_start, length)
            copies = copies + 1 if again else 1
            if copies > max_repeats and length > 0 and _has_word(data, line, i):
                return True
        last_start = line
        last_length = length
        line = i + 1
    return False


@kernel
def find_line_faults(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], trailing: bool, max_blank: int, max_repeats: int
) -> npt.NDArray[np.bool_]:
    """bool[n]: documents with a line that ends in ASCII white space, a run of more than `max_blank` empty lines, or
    a line with a word in it that stands more than `max_repeats` times in a row. OFF switches a limit off.
    """
    out = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(offsets) - 1):
        out[row] = _has_fault(data, offsets[row], offsets[row + 1], trailing, max_blank, max_repeats)
    return out

"""The smallest steps over UTF-8 bytes: decode one character, count characters.

Text is taken to be valid UTF-8, as Arrow strings are; bytes that are not give U+FFFD or a wrong character, never a read
beyond `end`.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.blocks import BLOCK, bits_below, count_bits, range_bits
from curation.kernels.jit import helper, kernel

__all__ = ["count_all_characters", "count_characters", "decode", "previous"]

_REPLACEMENT = 0xFFFD
_CONTINUING, _CONTINUING_SIZE = np.uint8(0x80), np.uint8(0x40)


@helper
def decode(data, position, end):  # type: ignore[no-untyped-def]
    """Code point that starts at `position` and the position after it; `position < end`."""
    first = np.int64(data[position])
    if first < 0x80:
        return first, position + 1
    if first < 0xC0:
        return np.int64(_REPLACEMENT), position + 1
    if first < 0xE0:
        if position + 2 > end:
            return np.int64(_REPLACEMENT), end
        return ((first & 0x1F) << 6) | (np.int64(data[position + 1]) & 0x3F), position + 2
    if first < 0xF0:
        if position + 3 > end:
            return np.int64(_REPLACEMENT), end
        middle = (np.int64(data[position + 1]) & 0x3F) << 6
        return ((first & 0x0F) << 12) | middle | (np.int64(data[position + 2]) & 0x3F), position + 3
    if position + 4 > end or first > 0xF4:
        return np.int64(_REPLACEMENT), min(position + 4, end)
    middle = ((np.int64(data[position + 1]) & 0x3F) << 12) | ((np.int64(data[position + 2]) & 0x3F) << 6)
    point = ((first & 0x07) << 18) | middle | (np.int64(data[position + 3]) & 0x3F)
    return min(point, np.int64(0x10FFFF)), position + 4


@helper
def previous(data, start, stop):  # type: ignore[no-untyped-def]
    """Where the last character of data[start:stop] begins; `stop` if there is none."""
    if stop == start:
        return stop
    stop -= 1
    while stop > start and (data[stop] & 0xC0) == 0x80:
        stop -= 1
    return stop


@helper
def count_characters(data, start, stop):  # type: ignore[no-untyped-def]
    """Characters in data[start:stop]: bytes that do not continue a character."""
    count = stop - start
    while start < stop and start + BLOCK <= len(data):
        count -= count_bits(range_bits(data, start, _CONTINUING, _CONTINUING_SIZE) & bits_below(stop - start))
        start += BLOCK
    while start < stop:
        count -= (data[start] & 0xC0) == 0x80
        start += 1
    return count


@kernel
def count_all_characters(data, offsets):  # type: ignore[no-untyped-def]
    """Characters of each document, int64 of shape (n,)."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        counts[document] = count_characters(data, offsets[document], offsets[document + 1])
    return counts

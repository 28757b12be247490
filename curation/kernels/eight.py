"""Eight bytes at a time, as one number: loops over single bytes end where no processor can foresee it.

A mask has the high bit set in each byte that is meant; its lowest set bit is exact, those above it may be false.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.jit import helper

__all__ = [
    "HIGH_BITS",
    "LOW_BITS",
    "ONES",
    "bytes_before",
    "equal_bytes",
    "load_eight",
]

ONES = np.uint64(0x0101010101010101)
HIGH_BITS = np.uint64(0x80) * ONES
LOW_BITS = np.uint64(0x7F) * ONES


@helper
def load_eight(data, position):  # type: ignore[no-untyped-def]
    """Eight bytes as one number. Written byte by byte, which the compiler turns into a single load."""
    word = np.uint64(data[position])
    for k in range(1, 8):
        word |= np.uint64(data[position + np.uint64(k)]) << np.uint64(8 * k)
    return word


@helper
def equal_bytes(word, byte):  # type: ignore[no-untyped-def]
    """Mask of the bytes that are `byte`, which is given eight times over."""
    other = word ^ byte
    return (other - ONES) & ~other & HIGH_BITS


@helper
def bytes_before(mask):  # type: ignore[no-untyped-def]
    """How many bytes lie below the lowest of a mask: 8 if there is none."""
    lowest = (mask & (~mask + np.uint64(1))) >> np.uint64(7)
    return np.int64((((lowest - np.uint64(1)) & ONES) * ONES) >> np.uint64(56))

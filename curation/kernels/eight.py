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
    "count_byte",
    "equal_bytes",
    "find_byte",
    "load_eight",
    "sum_bytes",
]

ONES = np.uint64(0x0101010101010101)
HIGH_BITS = np.uint64(0x80) * ONES
LOW_BITS = np.uint64(0x7F) * ONES
_ODD = np.uint64(0x00FF00FF00FF00FF)
_SUM = np.uint64(0x0001000100010001)
_ROUNDS = 255  # a byte counts so far


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


@helper
def find_byte(data, position, end, byte):  # type: ignore[no-untyped-def]
    """First position in data[position:end] that holds `byte`, or `end`."""
    every = np.uint64(byte) * ONES
    while position + 8 <= end:
        mask = equal_bytes(load_eight(data, np.uint64(position)), every)
        if mask:
            return position + bytes_before(mask)
        position += 8
    while position < end and data[position] != byte:
        position += 1
    return position


@helper
def sum_bytes(word):  # type: ignore[no-untyped-def]
    """Sum of the eight bytes."""
    return np.int64((((word & _ODD) + ((word >> np.uint64(8)) & _ODD)) * _SUM) >> np.uint64(48))


@helper
def count_byte(data, position, end, byte):  # type: ignore[no-untyped-def]
    """How often `byte` occurs in data[position:end]."""
    count, every = 0, np.uint64(byte) * ONES
    while position + 8 <= end:
        rounds = min((end - position) // 8, _ROUNDS)
        sums = np.uint64(0)
        for k in range(rounds):
            other = load_eight(data, np.uint64(position + 8 * k)) ^ every
            sums += (~(((other & LOW_BITS) + LOW_BITS) | other) >> np.uint64(7)) & ONES
        count += sum_bytes(sums)
        position += 8 * rounds
    while position < end:
        count += data[position] == byte
        position += 1
    return count

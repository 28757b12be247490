"""Sorting of hashes in linear time, inside a kernel and without memory of its own."""

from __future__ import annotations

import numpy as np

from curation.kernels.jit import helper

__all__ = ["MAX_BITS", "copy_to", "sort_hashes"]

# Hashes are spread evenly, so their leading bits deal them out into runs of about one; the rest is short sorting.
MAX_BITS = 14
_GAPS = np.array([1750, 701, 301, 132, 57, 23, 10, 4, 1])


@helper
def _sort_run(values, start, end):  # type: ignore[no-untyped-def]
    """Shell sort of values[start:end] (Ciura's gaps): insertion sort for short runs, bearable for planted long ones."""
    for gap in _GAPS:
        if gap >= end - start:
            continue
        for i in range(start + gap, end):
            value = values[i]
            j = i
            while j - gap >= start and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value


@helper
def copy_to(values, size, out):  # type: ignore[no-untyped-def]
    for k in range(size):
        out[k] = values[k]


@helper
def sort_hashes(values, size, counts, out):  # type: ignore[no-untyped-def]
    """Sorts values[:size], which must be well mixed, into out[:size]."""
    bits = 0
    while bits < MAX_BITS and (2 << bits) <= size:
        bits += 1
    if bits == 0:
        copy_to(values, size, out)
        return
    shift = np.uint64(64 - bits)
    for bucket in range(1 << bits):
        counts[bucket] = 0
    for k in range(size):
        counts[values[k] >> shift] += 1
    place = 0
    for bucket in range(1 << bits):
        counts[bucket], place = place, place + counts[bucket]
    for k in range(size):
        bucket = values[k] >> shift
        out[counts[bucket]] = values[k]
        counts[bucket] += 1
    start = np.int64(0)
    for bucket in range(1 << bits):
        if counts[bucket] - start > 1:
            _sort_run(out, start, counts[bucket])
        start = counts[bucket]

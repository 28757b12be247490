"""Exact similarity of pairs of sets. Sets are sorted unique hashes in one array with offsets (see kernels.shingles)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen
from curation.kernels.jit import kernel

__all__ = ["containment", "intersections", "jaccard"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def jaccard(values: Words, offsets: Indexes, left: Indexes, right: Indexes) -> Floats:
    """|A & B| / |A | B| for every pair (left[k], right[k]); 0.0 if both sets are empty."""
    shared = intersections(values, offsets, left, right)
    sizes = np.diff(offsets)
    union = sizes[left] + sizes[right] - shared
    return shared / np.maximum(union, 1)


def containment(values: Words, offsets: Indexes, left: Indexes, right: Indexes) -> Floats:
    """|A & B| / min(|A|, |B|): the share of the smaller set that lies in the larger; 0.0 if one is empty."""
    shared = intersections(values, offsets, left, right)
    sizes = np.diff(offsets)
    return shared / np.maximum(np.minimum(sizes[left], sizes[right]), 1)


def intersections(values: Words, offsets: Indexes, left: Indexes, right: Indexes) -> Indexes:
    """Number of common elements of every pair, in one merge of the two sets."""
    out = np.empty(len(left), np.int64)
    _intersections(frozen(values), frozen(offsets), frozen(left), frozen(right), out)
    return out


@kernel
def _intersections(values, offsets, left, right, out):  # type: ignore[no-untyped-def]
    for k in range(len(left)):
        i, i_end = offsets[left[k]], offsets[left[k] + 1]
        j, j_end = offsets[right[k]], offsets[right[k] + 1]
        shared = 0
        while i < i_end and j < j_end:
            a, b = values[i], values[j]
            shared += a == b
            i += a <= b
            j += b <= a
        out[k] = shared

"""Byte-pair encoding of pre-tokens: the pair of lowest rank first, the leftmost of equal ones (Sennrich et al. 2016).

Merges are an open hash table: `pairs` (uint64, left id << 32 | right id, plus one so that 0 is empty) and, at the same
slot, `merged` (int64, rank << 32 | id of the two together).
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hashing import mix
from curation.kernels.jit import helper, kernel

__all__ = ["LONGEST", "encode_words", "fill_merges"]

# The scan for the best pair is quadratic in a pre-token's length: longer ones are the caller's to encode.
LONGEST = 256
_NONE = np.int64(1 << 62)
_ID = np.int64((1 << 32) - 1)


@kernel
def fill_merges(left, right, result, pairs, merged):  # type: ignore[no-untyped-def]
    """Rank of a merge is its place in the list; a pair that comes twice has its last rank."""
    mask = np.uint64(len(pairs) - 1)
    for rank in range(len(left)):
        key = (np.uint64(left[rank]) << np.uint64(32) | np.uint64(right[rank])) + np.uint64(1)
        slot = mix(key) & mask
        while pairs[slot] != 0 and pairs[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        pairs[slot] = key
        merged[slot] = np.int64(rank) << 32 | np.int64(result[rank])


@helper
def _merge_of(left, right, pairs, merged):  # type: ignore[no-untyped-def]
    key = (np.uint64(left) << np.uint64(32) | np.uint64(right)) + np.uint64(1)
    mask = np.uint64(len(pairs) - 1)
    slot = mix(key) & mask
    while pairs[slot] != 0:
        if pairs[slot] == key:
            return merged[slot]
        slot = (slot + np.uint64(1)) & mask
    return _NONE


@helper
def _merge_all(ids, ranks, size, pairs, merged):  # type: ignore[no-untyped-def]
    """Merge ids[:size] in place; returns how many are left. `ranks[k]` is the merge of ids k and k + 1."""
    for k in range(size - 1):
        ranks[k] = _merge_of(ids[k], ids[k + 1], pairs, merged)
    while size > 1:
        best, at = _NONE, 0
        for k in range(size - 1):
            if ranks[k] >> 32 < best >> 32:
                best, at = ranks[k], k
        if best == _NONE:
            break
        ids[at] = best & _ID
        size -= 1
        for k in range(at + 1, size):
            ids[k] = ids[k + 1]
            ranks[k - 1] = ranks[k]
        if at > 0:
            ranks[at - 1] = _merge_of(ids[at - 1], ids[at], pairs, merged)
        if at < size - 1:
            ranks[at] = _merge_of(ids[at], ids[at + 1], pairs, merged)
    return size


@kernel
def encode_words(arena, starts, sizes, first, last, byte_ids, pairs, merged, pool, stops):  # type: ignore[no-untyped-def]
    """Ids of entries [first, last) into pool from stops[first] on, with stops[e + 1] their ends; returns the entry at
    which it ended: one longer than LONGEST bytes, or `last`. `byte_ids` int64[256]; pool has room for every byte.
    """
    ids, ranks = np.empty(LONGEST, np.int64), np.empty(LONGEST, np.int64)
    for number in range(first, last):
        size = np.int64(sizes[number])
        if size > LONGEST:
            return number
        start = starts[number]
        for k in range(size):
            ids[k] = byte_ids[arena[start + k]]
        left = _merge_all(ids, ranks, size, pairs, merged)
        at = stops[number]
        for k in range(left):
            pool[at + k] = ids[k]
        stops[number + 1] = at + left
    return last

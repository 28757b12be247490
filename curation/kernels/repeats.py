"""How often each hash occurs in a long list of them, at a cost that grows with its length and no faster.

A table over everything leaves the processor's cache in a long text, and then every look into it is a wait. So hashes
are first dealt out by some of their bits into parts that fit; a short list is one part as it is. In each part a sieve,
a small table of counts that different hashes may share, sorts out most of those that occur once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hash_tables import add, clear, slots_for, table_size
from curation.kernels.jit import helper

__all__ = ["count_repeats", "room_for"]

_PART = 1 << 14  # hashes in a part, about
_SIEVE = 4  # slots of a sieve for each slot of a hash table


def room_for(offsets: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.generic], ...]:
    """Arrays for a hash at each byte of the longest document, and for `count_repeats`.

    From numpy, which asks for large pages; kernels would pay for theirs page by page.
    """
    longest = int(np.diff(offsets).max(initial=0)) + 1
    slots = slots_for(longest)
    return (
        np.empty(longest, np.uint64),
        np.empty(longest, np.uint64),
        np.empty(2 * (longest // _PART) + 3, np.int64),  # parts are a power of two
        np.empty(_SIEVE * slots, np.uint8),
        np.empty(slots, np.uint64),
        np.empty(slots, np.int32),
        np.empty(longest + 1, np.int32),
    )


@helper
def count_repeats(hashes, size, dealt, ends, sieve, keys, seen, histogram):  # type: ignore[no-untyped-def]
    """Distinct hashes that occur more than once, all their occurrences, and the highest count.

    `histogram` becomes how many distinct ones have each count above one, up to the highest. Hashes are never 0; their
    order is lost.
    """
    parts = np.int64(1)
    while size > parts * _PART:
        parts *= 2
    if parts == 1:
        ends[0], dealt = size, hashes
    else:
        _deal_out(hashes, size, parts, dealt, ends)
    repeated, occurrences, most, start = np.int64(0), np.int64(0), np.int64(1), np.int64(0)
    for part in range(parts):
        left = _pass_sieve(dealt, start, ends[part], sieve)
        slots = _fill_table(dealt, start, left, keys, seen)
        for slot in range(slots):
            if keys[slot] == 0 or seen[slot] < 2:
                continue
            times = np.int64(seen[slot])
            while most < times:
                most += 1
                histogram[most] = 0
            histogram[times] += 1
            repeated += 1
            occurrences += times
        start = ends[part]
    return repeated, occurrences, most


@helper
def _part_of(key, parts):  # type: ignore[no-untyped-def]
    """By bits that tables do not use, nor the highest, which is always set."""
    return np.int64((key >> np.uint64(40)) & np.uint64(parts - 1))


@helper
def _deal_out(hashes, size, parts, dealt, ends):  # type: ignore[no-untyped-def]
    """Copy hashes to `dealt`, part by part; `ends` becomes where each part ends."""
    for part in range(parts + 1):
        ends[part] = 0
    for k in range(size):
        ends[_part_of(hashes[k], parts) + 1] += 1
    for part in range(parts):
        ends[part + 1] += ends[part]
    for k in range(size):
        part = _part_of(hashes[k], parts)
        dealt[ends[part]] = hashes[k]
        ends[part] += 1


@helper
def _pass_sieve(hashes, start, end, sieve):  # type: ignore[no-untyped-def]
    """Move to the front of hashes[start:end] those that may occur twice: too many, never too few. How many."""
    size = _SIEVE * table_size(min(end - start, _PART))
    mask = np.uint64(size - 1)
    clear(sieve, size)
    for k in range(start, end):
        slot = hashes[k] & mask
        sieve[slot] = 1 + (sieve[slot] > 0)
    left = 0
    for k in range(start, end):
        key = hashes[k]
        hashes[start + left] = key
        left += sieve[key & mask] > 1
    return left


@helper
def _fill_table(hashes, start, left, keys, seen):  # type: ignore[no-untyped-def]
    """Count hashes[start : start + left] in a table; its size, which grows with what is distinct."""
    size = table_size(min(left, _PART))
    while True:
        clear(keys, size)
        distinct, k = 0, 0
        while k < left and 2 * distinct <= size:
            distinct += add(keys, size, seen, hashes[start + k]) == 1
            k += 1
        if k == left:
            return size
        size *= 4

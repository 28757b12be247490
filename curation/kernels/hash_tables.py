"""Open hash tables made of plain arrays, and the quick 64-bit hash of bytes that goes with them.

A table is an array of keys, a power of two long, 0 where it is empty; what belongs to a key lies at the same slot of
other arrays. Tables are sized for the document at hand: sized for the longest of a batch they fall out of the cache and
the same kernel takes three times as long. These hashes never leave a kernel; stable ones are in `kernels.hashing`.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.eight import load_eight
from curation.kernels.hashing import mix
from curation.kernels.jit import helper, inlined

__all__ = [
    "add",
    "clear",
    "copy_bytes",
    "copy_short",
    "find_slot",
    "hash_bytes",
    "hash_ends",
    "hash_long",
    "slots_for",
    "table_size",
]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_NOT_ZERO = np.uint64(1 << 63)
_ALL_ONES = np.uint64(2**64 - 1)


@inlined
def copy_bytes(data, start, stop, out, at):  # type: ignore[no-untyped-def]
    """Write data[start:stop] to out[at:]; up to seven bytes more are written behind it, for `out` to have room for.

    Eight bytes a step, as `load_eight` reads them: a loop over single bytes ends where no processor can foresee it.
    """
    position, last = np.uint64(start), np.uint64(stop)
    target = np.uint64(at)
    while position < last:
        if position + np.uint64(8) <= np.uint64(len(data)):
            word = load_eight(data, position)
            for k in range(8):
                out[target + np.uint64(k)] = np.uint8(word >> np.uint64(8 * k))
        else:
            for k in range(np.int64(last - position)):
                out[target + np.uint64(k)] = data[position + np.uint64(k)]
        position += np.uint64(8)
        target += np.uint64(8)


@inlined
def copy_short(data, start, stop, out, at):  # type: ignore[no-untyped-def]
    """`copy_bytes` for words, most of which are no longer than sixteen bytes: for so many, or the whole word and seven
    more, there must be room in `out`, and sixteen must lie in `data` from `start` on.
    """
    for half in range(0, 16, 8):
        word = load_eight(data, np.uint64(start + half))
        for k in range(8):
            out[np.uint64(at + half) + np.uint64(k)] = np.uint8(word >> np.uint64(8 * k))
    if stop - start > 16:
        copy_bytes(data, start + 16, stop, out, at + 16)


@inlined
def hash_ends(data, start, size):  # type: ignore[no-untyped-def]
    """Hash of the first and the last eight of `size` bytes: equal for equal bytes, and quick."""
    head, tail = load_eight(data, np.uint64(start)), load_eight(data, np.uint64(start + size - 8))
    state = (head * _MULTIPLIER) ^ tail
    return ((state ^ (state >> np.uint64(32))) * _MULTIPLIER) >> np.uint64(24)


@inlined
def hash_bytes(data, start, stop):  # type: ignore[no-untyped-def]
    """64-bit hash of data[start:stop], never 0, sixteen bytes a step, of which most words need one."""
    position, last = np.uint64(start), np.uint64(stop)
    state = (last - position) * _MULTIPLIER
    while position + np.uint64(16) <= last:
        state = _mixed(state, load_eight(data, position), load_eight(data, position + np.uint64(8)))
        position += np.uint64(16)
    left = last - position
    if position + np.uint64(16) <= np.uint64(len(data)):
        # Two loads and masks spare them an unforeseeable number of rounds.
        head = load_eight(data, position) & (_lowest(left) if left < np.uint64(8) else _ALL_ONES)
        tail = load_eight(data, position + np.uint64(8)) & _lowest(max(left, np.uint64(8)) - np.uint64(8))
    else:
        head, tail = np.uint64(0), np.uint64(0)
        for k in range(np.int64(min(left, np.uint64(8)))):
            head |= np.uint64(data[position + np.uint64(k)]) << np.uint64(8 * k)
        for k in range(8, np.int64(left)):
            tail |= np.uint64(data[position + np.uint64(k)]) << np.uint64(8 * k - 64)
    return _mixed(state, head, tail) | _NOT_ZERO


@inlined
def _mixed(state, head, tail):  # type: ignore[no-untyped-def]
    state = (state ^ head) * _MULTIPLIER
    state = (state ^ (state >> np.uint64(32)) ^ tail) * _MULTIPLIER
    return state ^ (state >> np.uint64(29))


@inlined
def _lowest(number):  # type: ignore[no-untyped-def]
    """A mask of the lowest bytes, at most seven."""
    return ~(_ALL_ONES << (np.uint64(8) * number))


@inlined
def hash_long(data, start, stop):  # type: ignore[no-untyped-def]
    """64-bit hash of data[start:stop], never 0; for longer ranges than `hash_bytes`, as no step waits for the last.

    The last eight bytes are read as they stand, overlapping the step before, where there are eight.
    """
    position, last = np.uint64(start), np.uint64(stop)
    if position + np.uint64(8) > last:
        return hash_bytes(data, start, stop)
    state, salt = (last - position) * _MULTIPLIER, _MULTIPLIER
    while position + np.uint64(8) < last:
        state += _spread(load_eight(data, position) ^ salt)
        salt += _MULTIPLIER
        position += np.uint64(8)
    state += _spread(load_eight(data, last - np.uint64(8)) ^ salt)
    return mix(state) | _NOT_ZERO


@helper
def _spread(word):  # type: ignore[no-untyped-def]
    """A bijection of uint64, so that equal sums of two of them are left to chance."""
    word = (word ^ (word >> np.uint64(32))) * _MULTIPLIER
    return (word ^ (word >> np.uint64(29))) * _MULTIPLIER


@helper
def table_size(entries):  # type: ignore[no-untyped-def]
    """Slots of a hash table for so many entries: a power of two, at most half full."""
    size = 16
    while size < 2 * entries:
        size *= 2
    return size


def slots_for(entries: int) -> int:
    """`table_size` for callers in Python, who cannot call a helper."""
    return max(16, 1 << (2 * entries - 1).bit_length())


@inlined
def find_slot(keys, size, key):  # type: ignore[no-untyped-def]
    """Slot of `key` among the first `size`, or the empty slot where it belongs; keys are never 0."""
    mask = np.uint64(size - 1)
    slot = key & mask
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@helper
def add(keys, size, seen, key):  # type: ignore[no-untyped-def]
    """Count `key` once more in a table of `size` with counts `seen`: how often it has now been seen."""
    slot = find_slot(keys, size, key)
    times = seen[slot] + 1 if keys[slot] else 1
    keys[slot] = key
    seen[slot] = times
    return times


@helper
def clear(array, size):  # type: ignore[no-untyped-def]
    """Make the first `size` elements 0."""
    for k in range(size):
        array[k] = 0

"""Repeated n-grams by one walk over a text, from left to right, that jumps over what it has met before.

N-grams are equal when their tokens, written without separators, are. A sieve of prefixes leaves the few places where
that can be.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hash_tables import clear, find_slot, hash_ends, hash_long, table_size
from curation.kernels.jit import helper
from curation.kernels.ngram_counts import DUPLICATE, LONGEST, TOKENS, sieve_size

__all__ = ["walk_all"]

_MANY = 1 << 15  # n-grams of which a table leaves the cache


@helper
def walk_all(row, packed, characters, starts, positions, chosen, slot, sieve, keys):  # type: ignore[no-untyped-def]
    """DUPLICATE + n by walking."""
    tokens = left = row[TOKENS]
    for k in range(tokens):
        positions[k] = k
    for n in range(5, LONGEST + 1):
        left = _sieve_positions(packed, starts, positions, left, tokens, n, sieve, slot)
        again = _choose_repeated(packed, starts, positions, left, n, sieve, slot, chosen)
        size = table_size(again // 2 if again > _MANY else again)
        total = _walk(packed, characters, starts, chosen, again, n, keys, size)
        if total < 0:
            total = _walk(packed, characters, starts, chosen, again, n, keys, 2 * size)
        row[DUPLICATE + n] = total


@helper
def _sieve_positions(packed, starts, positions, left, tokens, n, sieve, slots):  # type: ignore[no-untyped-def]
    """Keep the positions where an n-gram, or a longer one, may repeat as written without separators; how many.

    Equal strings have equal prefixes, however they are cut into tokens. The sieve counts hashes of prefixes up to 2, so
    it may let through too many but never too few. N-grams shorter than the prefix are let through.
    """
    prefix = 4 * n - 10  # found by trying: longer ones let more short n-grams through
    size = sieve_size(left)
    mask = np.uint64(size - 1)
    clear(sieve, size)
    for k in range(left):
        slot = hash_ends(packed, starts[positions[k]], prefix) & mask
        slots[k] = slot
        sieve[slot] = 1 + (sieve[slot] > 0)
    kept = 0
    for k in range(left):
        position = positions[k]
        if position + n > tokens:
            break
        positions[kept] = position
        kept += (sieve[slots[k]] > 1) | (starts[position + n] - starts[position] < prefix)
    return kept


@helper
def _choose_repeated(packed, starts, positions, left, n, sieve, slots, chosen):  # type: ignore[no-untyped-def]
    """Copy to `chosen` the positions of n-grams that share length, beginning and end with another; how many."""
    size = sieve_size(left)
    mask = np.uint64(size - 1)
    clear(sieve, size)
    for k in range(left):
        start, stop = starts[positions[k]], starts[positions[k] + n]
        slot = hash_ends(packed, start, stop - start) if stop - start >= 8 else np.uint64(0)
        slot = (slot + np.uint64(stop - start)) & mask
        slots[k] = slot
        sieve[slot] = 1 + (sieve[slot] > 0)
    kept = 0
    for k in range(left):
        chosen[kept] = positions[k]
        kept += sieve[slots[k]] > 1
    return kept


@helper
def _walk(packed, characters, starts, positions, left, n, keys, size):  # type: ignore[no-untyped-def]
    """Characters of n-grams that were met before, walking from left to right and jumping over those.

    -1 where the table is too small: what comes twice needs half of `left` at most, and a small table stays near.
    """
    total, free, room = 0, 0, size // 2
    clear(keys, size)
    for k in range(left):
        position = positions[k]
        if position < free:
            continue
        gram = hash_long(packed, starts[position], starts[position + n])
        slot = find_slot(keys, size, gram)
        if keys[slot] == gram:
            total += characters[position + n] - characters[position]
            free = position + n
        elif room == 0:
            return -1
        else:
            room -= 1
            keys[slot] = gram
    return total

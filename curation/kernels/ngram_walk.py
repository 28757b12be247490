"""Repeated n-grams by one walk over a text, from left to right, that jumps over what it has met before.

N-grams are equal when their tokens, written without separators, are. A sieve of prefixes leaves the few places where
that can be.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hash_tables import clear, find_slot, hash_ends, hash_long, table_size
from curation.kernels.jit import helper
from curation.kernels.ngram_counts import DUPLICATE, LONGEST, SIEVE, TOKENS

__all__ = ["walk_all"]


@helper
def walk_all(row, packed, characters, starts, positions, slot, sieve, keys):  # type: ignore[no-untyped-def]
    """DUPLICATE + n by walking."""
    tokens = left = row[TOKENS]
    for k in range(tokens):
        positions[k] = k
    for n in range(5, LONGEST + 1):
        left = _sieve_positions(packed, starts, positions, left, tokens, n, sieve, slot)
        size = table_size(left)
        clear(keys, size)
        row[DUPLICATE + n] = _walk(packed, characters, starts, positions, left, n, keys, size)


@helper
def _sieve_positions(packed, starts, positions, left, tokens, n, sieve, slots):  # type: ignore[no-untyped-def]
    """Keep the positions where an n-gram, or a longer one, may repeat as written without separators; how many.

    Equal strings have equal prefixes, however they are cut into tokens. The sieve counts hashes of prefixes up to 2, so
    it may let through too many but never too few. N-grams shorter than the prefix are let through.
    """
    prefix = 4 * n - 10  # found by trying: longer ones let more short n-grams through
    size = SIEVE * table_size(left)
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
def _walk(packed, characters, starts, positions, left, n, keys, size):  # type: ignore[no-untyped-def]
    """Characters of n-grams that were met before, walking from left to right and jumping over those."""
    total, free = 0, 0
    for k in range(left):
        position = positions[k]
        if position < free:
            continue
        gram = hash_long(packed, starts[position], starts[position + n])
        slot = find_slot(keys, size, gram)
        if keys[slot] == gram:
            total += characters[position + n] - characters[position]
            free = position + n
        else:
            keys[slot] = gram
    return total

"""The most frequent n-grams of a text, and the tokens that lie in repeated ones.

Most n-grams occur once, and most of the work is to say so cheaply. An n-gram can only occur twice where its first and
its last n-1 tokens do; and a sieve, a small table of counts that different n-grams may share, gives an upper bound of
how often each occurs without a branch that the processor cannot foresee. Hash tables hold what is left: on ordinary
text a handful.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hash_tables import clear, table_size
from curation.kernels.jit import helper, inlined

__all__ = [
    "ALL",
    "COVERED",
    "DUPLICATE",
    "LONGEST",
    "SIEVE",
    "TOKENS",
    "TOP",
    "WALKED",
    "WEIGHTED",
    "count_all",
    "sieve_size",
]

# How the characters of repeated 5- to 10-grams are added up, see `ngrams.repeated_ngrams`.
WALKED, COVERED, WEIGHTED = range(3)
# Columns: TOP + n for n = 2..4, DUPLICATE + n and ALL + n for n = 5..10.
TOKENS, TOP, DUPLICATE, ALL = 1, 1, 1, 7
LONGEST = 10
SIEVE = 4  # slots of a sieve for each slot of a hash table, up to
_MOST_SIEVE = 1 << 18

_LONGEST_TOP = 4
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
# Not plain numbers, which would be types of their own.
_TWICE, _ANY = np.int64(2), np.bool_(False)
_FULL = 255  # where the counts of a sieve end


@helper
def sieve_size(entries):  # type: ignore[no-untyped-def]
    """Slots of a sieve: fewer for each entry of a long text, as one that leaves the cache gains nothing."""
    size = table_size(entries)
    return min(SIEVE * size, max(size, _MOST_SIEVE))


@helper
def count_all(  # type: ignore[no-untyped-def]
    row,
    hashes,
    grams,
    characters,
    positions,
    chosen,
    slots,
    sieve,
    places,
    seen,
    counting,
    longest_of_equals,
    spaces,
):
    """TOP + n, and DUPLICATE + n unless they are walked."""
    tokens = left = row[TOKENS]
    for k in range(tokens):
        grams[k] = hashes[k]
        positions[k] = k
    for n in range(2, (_LONGEST_TOP if counting == WALKED else LONGEST) + 1):
        if tokens < n:
            break
        left = _next_candidates(positions, left, tokens, n)
        most = _sieve_grams(hashes, grams, positions, left, n, sieve, slots)
        if n <= _LONGEST_TOP:
            best, top = _find_top(
                grams, characters, positions, left, n, chosen, slots, sieve, most, places, seen, longest_of_equals
            )
            if not (longest_of_equals and best == 1):
                row[TOP + n] = best * (characters[top + n] - characters[top] + spaces * (n - 1))
        left = _choose(positions, left, slots, sieve, _TWICE, positions)
        if n > _LONGEST_TOP:
            _count_grams(grams, characters, positions, left, n, places, seen, slots, _ANY)
            left = _choose(positions, left, slots, seen, _TWICE, positions)
            _add_up(row, characters, positions, left, tokens, n, counting)


@helper
def _next_candidates(positions, left, tokens, n):  # type: ignore[no-untyped-def]
    """Keep the positions where an n-gram may repeat: its first and its last n-1 tokens do. Position order stays."""
    kept = 0
    for k in range(left):
        position = positions[k]
        positions[kept] = position
        kept += (position + n <= tokens) & ((n == 2) | ((k + 1 < left) & (positions[k + 1] == position + 1)))
    return kept


@helper
def _sieve_grams(tokens, grams, positions, left, n, sieve, slots):  # type: ignore[no-untyped-def]
    """Count the n-grams at `positions` in the sieve, where the slot of each is noted; the largest count.

    `grams` holds the hashes of the (n-1)-grams and is moved on to n-grams.
    """
    size = sieve_size(left)
    mask = np.uint64(size - 1)
    clear(sieve, size)
    most = np.int64(1)
    for k in range(left):
        position = positions[k]
        gram = grams[position] * _SPREAD + tokens[position + n - 1]
        grams[position] = gram
        slot = (gram >> np.uint64(32)) & mask
        slots[k] = slot
        times = min(np.int64(sieve[slot]) + 1, np.int64(_FULL))
        sieve[slot] = times
        most = max(most, times)
    return most


@helper
def _choose(positions, left, slots, counts, least, chosen):  # type: ignore[no-untyped-def]
    """Copy the positions whose slot counts at least so much to `chosen`; how many."""
    kept = 0
    for k in range(left):
        chosen[kept] = positions[k]
        kept += counts[slots[k]] >= least
    return kept


@helper
def _find_top(  # type: ignore[no-untyped-def]
    grams, characters, positions, left, n, chosen, slots, sieve, most, places, seen, longest_of_equals
):
    """Count and place of the most frequent n-gram.

    A sieve never counts too few. So those that reach its largest count are counted first; if none of them really does,
    the best of them bounds what else can be the most frequent. Where nothing repeats it is the first of the text.
    """
    best, top, least = 1, 0, most
    while least > 1:
        number = _choose(positions, left, slots, sieve, least, chosen)
        best, top = _count_grams(grams, characters, chosen, number, n, places, seen, chosen, longest_of_equals)
        if best >= least or least == 2:
            break
        least = max(best, 2)
    return best, top


@helper
def _count_grams(  # type: ignore[no-untyped-def]
    grams, characters, positions, left, n, places, seen, slots, longest_of_equals
):
    """Count the n-grams at `positions`: count and place of the most frequent.

    The hash table holds where each was first met (plus one; 0 is empty), which is less memory than its hash; `seen`
    counts them there, and `slots` tells for each position where that is.
    """
    best, place, best_length = np.int64(1), np.int64(0), np.int64(0)
    size = table_size(left)
    clear(places, size)
    for k in range(left):
        position = positions[k]
        slot = _find_place(places, np.uint64(size - 1), grams, grams[position])
        if places[slot] == 0:
            places[slot] = position + 1
            seen[position] = 1
            slots[k] = position
            continue
        first = np.int64(places[slot]) - 1
        slots[k] = first
        seen[first] += 1
        if seen[first] < best:
            continue
        length = characters[position + n] - characters[position]
        better = length > best_length if longest_of_equals else first < place
        if seen[first] > best or better:
            best, place, best_length = np.int64(seen[first]), first, length
    return best, place


@inlined
def _find_place(places, mask, grams, gram):  # type: ignore[no-untyped-def]
    """The slot with the place of an equal n-gram, or the empty one where it belongs."""
    slot = gram & mask
    while places[slot] != 0 and grams[places[slot] - 1] != gram:
        slot = (slot + np.uint64(1)) & mask
    return slot


@helper
def _add_up(row, characters, positions, left, tokens, n, counting):  # type: ignore[no-untyped-def]
    """Set DUPLICATE + n (and ALL + n) from the positions of repeated n-grams."""
    total, covered = 0, 0
    for k in range(left):
        start, stop = positions[k], positions[k] + n
        if counting == COVERED:
            start = max(start, covered)
        total += characters[stop] - characters[start]
        covered = stop
    row[DUPLICATE + n] = total
    if counting == WEIGHTED:
        for position in range(tokens - n + 1):
            row[ALL + n] += characters[position + n] - characters[position]

"""Repeated n-grams of 2 to 10 tokens in one text, the way each rule set counts them.

Most n-grams occur once, and most of the work is to say so cheaply. An n-gram can only occur twice where its first and
its last n-1 tokens do; and a sieve, a small table of counts that different n-grams may share, gives an upper bound of
how often each occurs without a branch that the processor cannot foresee. Hash tables hold what is left: on ordinary
text a handful. Lengths are in characters (code points).
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hash_tables import copy_bytes, find_slot, hash_bytes, hash_ends, hash_long, table_size
from curation.kernels.jit import helper, inlined, kernel
from curation.kernels.unicode_tables import ALPHANUMERIC
from curation.kernels.utf8 import count_characters
from curation.kernels.words import next_field, next_word

__all__ = ["ALPHANUMERIC_WORDS", "FIELDS", "WORDS", "repeated_ngrams"]

# Tokens to work on: all of `words.next_word`, those of them that begin with a letter or digit, or `words.next_field`.
WORDS, ALPHANUMERIC_WORDS, FIELDS = range(3)
# How the characters of repeated 5- to 10-grams are added up, see `repeated_ngrams`.
WALKED, COVERED, WEIGHTED = range(3)
# Columns of `repeated_ngrams`: TOP + n for n = 2..4, DUPLICATE + n and ALL + n for n = 5..10.
TEXT_CHARACTERS, TOKENS, TOKEN_CHARACTERS = range(3)
TOP, DUPLICATE, ALL = 1, 1, 7
_COLUMNS = 18

_LONGEST_TOP, _LONGEST = 4, 10
_NOT_ZERO = np.uint64(1 << 63)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FULL = 255  # where the counts of a sieve end
_SIEVE = 4  # slots of a sieve for each slot of a hash table


@kernel
def repeated_ngrams(data, offsets, classes, kind, counting, longest_of_equals, spaces):  # type: ignore[no-untyped-def]
    """Characters in the most frequent 2- to 4-gram and in repeated 5- to 10-grams; int64 of shape (n, 18).

    TOP + n: count of the most frequent n-gram times its length, with n-1 `spaces` or without. Among equally frequent
    ones the first in the text, or the longest (`longest_of_equals`; then a count of 1 gives 0).

    DUPLICATE + n, depending on `counting`:
    WALKED    from left to right, an n-gram seen before adds its length and is jumped over, any other is remembered;
              n-grams are equal when their tokens, written without separator, are
    COVERED   the length of every token that lies in an n-gram which occurs more than once
    WEIGHTED  the length of every occurrence of an n-gram which occurs more than once; ALL + n is the length of every
              occurrence of any
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, _COLUMNS), np.int64)
    capacity, slots = 0, 0
    for document in range(documents):
        start, end = offsets[document], offsets[document + 1]
        if end - start >= capacity:
            capacity = 2 * (end - start) + 64
            hashes, grams = np.empty(capacity, np.uint64), np.empty(capacity, np.uint64)
            characters, starts = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
            positions, chosen = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
            slot, packed = np.empty(capacity, np.int32), np.zeros(capacity + 8 * _LONGEST, np.uint8)
        if kind == FIELDS:
            tokens = _cut_fields(data, start, end, classes, hashes, characters)
        else:
            only = kind == ALPHANUMERIC_WORDS
            tokens = _cut_words(data, start, end, classes, only, hashes, characters, starts, packed)
        size = table_size(tokens)
        if size > slots:
            slots = size
            keys, seen, place = np.zeros(slots, np.uint64), np.empty(slots, np.int32), np.empty(slots, np.int32)
            sieve = np.empty(_SIEVE * slots, np.uint8)
        row = counts[document]
        row[TEXT_CHARACTERS] = count_characters(data, start, end)
        row[TOKENS] = tokens
        row[TOKEN_CHARACTERS] = characters[tokens]
        _count_all(
            row,
            hashes,
            grams,
            characters,
            positions,
            chosen,
            slot,
            sieve,
            keys,
            seen,
            place,
            counting,
            longest_of_equals,
            spaces,
        )
        if counting == WALKED:
            _walk_all(row, packed, characters, starts, positions, slot, sieve, keys)
    return counts


@inlined
def _cut_words(data, position, end, classes, alphanumeric, hashes, characters, starts, packed):  # type: ignore[no-untyped-def]
    """Fill token hashes, running sums of characters and the tokens one after another; how many tokens.

    `starts` says where each begins in `packed`. It and `characters` are one longer than the tokens.
    """
    tokens, size, total = 0, 0, 0
    characters[0] = starts[0] = 0
    while True:
        start, position, length, _, _, first = next_word(data, position, end, classes)
        if start == position:
            return tokens
        if alphanumeric and not first & ALPHANUMERIC:
            continue
        hashes[tokens] = hash_bytes(data, start, position)
        copy_bytes(data, start, position, packed, size)
        size, total, tokens = size + position - start, total + length, tokens + 1
        starts[tokens], characters[tokens] = size, total


@helper
def _cut_fields(data, position, end, classes, hashes, characters):  # type: ignore[no-untyped-def]
    """Fill token hashes and running sums of characters; how many tokens. Apart, so that each way compiles inline."""
    tokens, total = 0, 0
    characters[0] = 0
    while True:
        start, position, length, _, _ = next_field(data, position, end, classes)
        if start == position:
            return tokens
        hashes[tokens] = hash_bytes(data, start, position)
        total, tokens = total + length, tokens + 1
        characters[tokens] = total


@helper
def _count_all(  # type: ignore[no-untyped-def]
    row,
    hashes,
    grams,
    characters,
    positions,
    chosen,
    slots,
    sieve,
    keys,
    seen,
    place,
    counting,
    longest_of_equals,
    spaces,
):
    """TOP + n, and DUPLICATE + n unless they are walked."""
    tokens = left = row[TOKENS]
    for k in range(tokens):
        grams[k] = hashes[k]
        positions[k] = k
    for n in range(2, (_LONGEST_TOP if counting == WALKED else _LONGEST) + 1):
        if tokens < n:
            break
        left = _next_candidates(positions, left, tokens, n)
        most = _sieve_grams(hashes, grams, positions, left, n, sieve, slots)
        if n <= _LONGEST_TOP:
            best, top = _find_top(
                grams, characters, positions, left, n, chosen, slots, sieve, most, keys, seen, place, longest_of_equals
            )
            if not (longest_of_equals and best == 1):
                row[TOP + n] = best * (characters[top + n] - characters[top] + spaces * (n - 1))
        left = _choose(positions, left, slots, sieve, 2, positions)
        if n > _LONGEST_TOP:
            size = table_size(left)
            _count_grams(grams, characters, positions, left, n, keys, size, seen, place, slots, False)
            left = _choose(positions, left, slots, seen, 2, positions)
            _clear(keys, size)
            _add_up(row, characters, positions, left, tokens, n, counting)


@helper
def _clear(array, size):  # type: ignore[no-untyped-def]
    for k in range(size):
        array[k] = 0


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
    size = _SIEVE * table_size(left)
    mask = np.uint64(size - 1)
    _clear(sieve, size)
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
    grams, characters, positions, left, n, chosen, slots, sieve, most, keys, seen, place, longest_of_equals
):
    """Count and place of the most frequent n-gram.

    A sieve never counts too few. So those that reach its largest count are counted first; if none of them really does,
    the best of them bounds what else can be the most frequent. Where nothing repeats it is the first of the text.
    """
    best, top, least = 1, 0, most
    while least > 1:
        number = _choose(positions, left, slots, sieve, least, chosen)
        size = table_size(number)
        best, top = _count_grams(
            grams, characters, chosen, number, n, keys, size, seen, place, chosen, longest_of_equals
        )
        _clear(keys, size)
        if best >= least or least == 2:
            break
        least = max(best, 2)
    return best, top


@helper
def _count_grams(  # type: ignore[no-untyped-def]
    grams, characters, positions, left, n, keys, size, seen, first, slots, longest_of_equals
):
    """Count the n-grams at `positions`: count and place of the most frequent. `slots` tells each position's slot."""
    best, place, best_length = 1, 0, 0
    for k in range(left):
        position = positions[k]
        gram = grams[position] | _NOT_ZERO
        slot = find_slot(keys, size, gram)
        slots[k] = slot
        if keys[slot] == 0:
            keys[slot] = gram
            seen[slot] = 1
            first[slot] = position
            continue
        seen[slot] += 1
        if seen[slot] < best:
            continue
        length = characters[position + n] - characters[position]
        better = length > best_length if longest_of_equals else first[slot] < place
        if seen[slot] > best or better:
            best, place, best_length = seen[slot], first[slot], length
    return best, place


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


@helper
def _walk_all(row, packed, characters, starts, positions, slot, sieve, keys):  # type: ignore[no-untyped-def]
    """DUPLICATE + n by walking."""
    tokens = left = row[TOKENS]
    for k in range(tokens):
        positions[k] = k
    for n in range(5, _LONGEST + 1):
        left = _sieve_positions(packed, starts, positions, left, tokens, n, sieve, slot)
        size = table_size(left)
        row[DUPLICATE + n] = _walk(packed, characters, starts, positions, left, n, keys, size)
        _clear(keys, size)


@helper
def _sieve_positions(packed, starts, positions, left, tokens, n, sieve, slots):  # type: ignore[no-untyped-def]
    """Keep the positions where an n-gram, or a longer one, may repeat as written without separators; how many.

    Equal strings have equal prefixes, however they are cut into tokens. The sieve counts hashes of prefixes up to 2, so
    it may let through too many but never too few. N-grams shorter than the prefix are let through.
    """
    prefix = 4 * n - 10  # found by trying: longer ones let more short n-grams through
    size = _SIEVE * table_size(left)
    mask = np.uint64(size - 1)
    _clear(sieve, size)
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

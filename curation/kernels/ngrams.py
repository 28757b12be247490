"""Repeated n-grams of 2 to 10 tokens in one text, the way each rule set counts them.

An n-gram can only occur twice where its first and its last n-1 tokens do, so for growing n only the positions that are
left are looked at: on ordinary text a handful. Lengths are in characters (code points).
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hash_tables import copy_bytes, find_slot, hash_bytes, hash_ends, table_size
from curation.kernels.hashing import mix
from curation.kernels.jit import helper, kernel
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
            characters, positions = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
            starts, stops = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
            packed = np.zeros(capacity + 8 * _LONGEST, np.uint8)
        tokens = _cut(data, start, end, classes, kind, hashes, characters, starts, stops)
        size = table_size(tokens)
        if size > slots:
            slots = size
            keys, seen, place = np.zeros(slots, np.uint64), np.empty(slots, np.int32), np.empty(slots, np.int32)
            sieve, slot = np.zeros(4 * slots, np.uint8), np.empty(slots, np.int32)
        row = counts[document]
        row[TEXT_CHARACTERS] = count_characters(data, start, end)
        row[TOKENS] = tokens
        row[TOKEN_CHARACTERS] = characters[tokens]
        _count_all(
            row, hashes, grams, characters, positions, slot, keys, seen, place, counting, longest_of_equals, spaces
        )
        if counting == WALKED:
            _pack(data, starts, stops, tokens, packed)
            _walk_all(row, packed, characters, starts, positions, slot, sieve, keys)
    return counts


@helper
def _count_all(  # type: ignore[no-untyped-def]
    row, hashes, grams, characters, positions, slot, keys, seen, place, counting, longest_of_equals, spaces
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
        size = table_size(left)
        best, top = _count_grams(
            hashes, grams, characters, positions, left, n, keys, size, seen, place, slot, longest_of_equals
        )
        if n <= _LONGEST_TOP and not (longest_of_equals and best == 1):
            row[TOP + n] = best * (characters[top + n] - characters[top] + spaces * (n - 1))
        left = _keep_repeated(positions, left, slot, seen)
        _clear(keys, size)
        if n > _LONGEST_TOP:
            _add_up(row, characters, positions, left, tokens, n, counting)


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
def _clear(array, size):  # type: ignore[no-untyped-def]
    for k in range(size):
        array[k] = 0


@helper
def _cut(data, position, end, classes, kind, hashes, characters, starts, stops):  # type: ignore[no-untyped-def]
    """Fill token hashes, running sums of characters (one more than tokens) and byte ranges; how many tokens."""
    tokens = 0
    characters[0] = 0
    while True:
        if kind == FIELDS:
            start, position, length, _, _ = next_field(data, position, end, classes)
            first = ALPHANUMERIC
        else:
            start, position, length, _, _, first = next_word(data, position, end, classes)
        if start == position:
            return tokens
        if kind == ALPHANUMERIC_WORDS and not first & ALPHANUMERIC:
            continue
        hashes[tokens] = hash_bytes(data, start, position)
        starts[tokens] = start
        stops[tokens] = position
        tokens += 1
        characters[tokens] = characters[tokens - 1] + length


@helper
def _next_candidates(positions, left, tokens, n):  # type: ignore[no-untyped-def]
    """Keep the positions where an n-gram may repeat: its first and its last n-1 tokens do. Position order stays."""
    kept = 0
    for k in range(left):
        position = positions[k]
        if position + n <= tokens and (n == 2 or (k + 1 < left and positions[k + 1] == position + 1)):
            positions[kept] = position
            kept += 1
    return kept


@helper
def _count_grams(  # type: ignore[no-untyped-def]
    tokens, grams, characters, positions, left, n, keys, size, seen, first, slots, longest_of_equals
):
    """Count the n-grams at `positions`: count and place of the most frequent. `slots` tells each position's slot.

    `grams` holds the hashes of the (n-1)-grams and is moved on to n-grams. Positions that are left out hold n-grams
    that occur once, so without any repeated one the first n-gram of the text is the most frequent.
    """
    best, place, best_length = 1, 0, 0
    for k in range(left):
        position = positions[k]
        gram = mix((grams[position] * _SPREAD) ^ tokens[position + n - 1]) | _NOT_ZERO
        grams[position] = gram
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
def _keep_repeated(positions, left, slots, seen):  # type: ignore[no-untyped-def]
    """Keep the positions whose n-gram occurs more than once."""
    kept = 0
    for k in range(left):
        if seen[slots[k]] > 1:
            positions[kept] = positions[k]
            kept += 1
    return kept


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
def _pack(data, starts, stops, tokens, packed):  # type: ignore[no-untyped-def]
    """Write the tokens one after another; `starts` becomes where each begins there, with the end as one more."""
    size = 0
    for k in range(tokens):
        copy_bytes(data, starts[k], stops[k], packed, size)
        begin, size = size, size + stops[k] - starts[k]
        starts[k] = begin
    starts[tokens] = size


@helper
def _sieve_positions(packed, starts, positions, left, tokens, n, sieve, slots):  # type: ignore[no-untyped-def]
    """Keep the positions where an n-gram, or a longer one, may repeat as written without separators; how many.

    Equal strings have equal prefixes, however they are cut into tokens. The sieve counts hashes of prefixes up to 2, so
    it may let through too many but never too few. N-grams shorter than the prefix are let through.
    """
    prefix = 4 * n - 10  # found by trying: longer ones let more short n-grams through
    size = 4 * table_size(left)
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
        gram = hash_bytes(packed, starts[position], starts[position + n])
        slot = find_slot(keys, size, gram)
        if keys[slot] == gram:
            total += characters[position + n] - characters[position]
            free = position + n
        else:
            keys[slot] = gram
    return total

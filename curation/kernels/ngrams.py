"""Repeated n-grams of 2 to 10 tokens in one text, the way each rule set counts them; lengths are in characters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.blocks import first_bit, without_first
from curation.kernels.hash_tables import copy_bytes, copy_short, hash_bytes, slots_for, table_size
from curation.kernels.jit import helper, inlined, kernel
from curation.kernels.ngram_counts import (
    ALL,
    COVERED,
    DUPLICATE,
    LONGEST,
    SIEVE,
    TOKENS,
    TOP,
    WALKED,
    WEIGHTED,
    count_all,
)
from curation.kernels.ngram_walk import walk_all
from curation.kernels.unicode_tables import ALPHANUMERIC
from curation.kernels.utf8 import count_characters
from curation.kernels.word_blocks import find_words
from curation.kernels.word_counts import COLUMNS as WORD_COLUMNS
from curation.kernels.word_counts import DISTINCT_STOP_WORDS, count_ascii_word, count_word, find_stop_word
from curation.kernels.words import next_field, next_word

__all__ = [
    "ALL",
    "ALPHANUMERIC_WORDS",
    "COVERED",
    "DUPLICATE",
    "FIELDS",
    "TEXT_CHARACTERS",
    "TOKENS",
    "TOKEN_CHARACTERS",
    "TOP",
    "WALKED",
    "WEIGHTED",
    "WORDS",
    "repeated_ngrams",
]

# Tokens to work on: all of `words.next_word`, those of them that begin with a letter or digit, or `words.next_field`.
WORDS, ALPHANUMERIC_WORDS, FIELDS = range(3)
# Columns of `repeated_ngrams` beside those named in `ngram_counts`.
TEXT_CHARACTERS, TOKEN_CHARACTERS = 0, 2
_COLUMNS = 18
_MANY = 1 << 22  # tokens for which tables are made before they are counted


def repeated_ngrams(  # type: ignore[no-untyped-def]
    data, offsets, classes, kind, counting, longest_of_equals, spaces, stop_keys, stop_characters
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Characters in the most frequent 2- to 4-gram and in repeated 5- to 10-grams, int64 of shape (n, 18); and what
    `word_counts.count_words` returns, found on the way (zeros for FIELDS).

    TOP + n: count of the most frequent n-gram times its length, with n-1 `spaces` or without. Among equally frequent
    ones the first in the text, or the longest (`longest_of_equals`; then a count of 1 gives 0).

    DUPLICATE + n, depending on `counting`:
    WALKED    from left to right, an n-gram seen before adds its length and is jumped over, any other is remembered;
              n-grams are equal when their tokens, written without separator, are
    COVERED   the length of every token that lies in an n-gram which occurs more than once
    WEIGHTED  the length of every occurrence of an n-gram which occurs more than once; ALL + n is the length of every
              occurrence of any
    """
    how = (kind, counting, longest_of_equals, spaces)
    counts, words = _repeated_ngrams(data, offsets, classes, *how, stop_keys, stop_characters, _room_for(offsets))
    return counts, words


def _room_for(offsets: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.generic], ...]:
    """Arrays for the longest document, from numpy, as large pages cost less than those that a kernel gets."""
    longest = int(np.diff(offsets).max(initial=0)) + 1
    slots = slots_for(min(longest, _MANY))
    packed, sieve = np.empty(longest + 8 * LONGEST, np.uint8), np.empty(SIEVE * slots, np.uint8)
    tables = (sieve, np.empty(slots, np.int32), np.empty(slots, np.uint64))
    # Each by itself: neighbours in one block stand in each other's way in the cache.
    eights = [np.empty(longest, np.uint64) for _ in range(8)]
    return *eights[:2], *(array.view(np.int32) for array in eights[2:]), packed, *tables


@kernel
def _repeated_ngrams(  # type: ignore[no-untyped-def]
    data, offsets, classes, kind, counting, longest_of_equals, spaces, stop_keys, stop_characters, room
):
    documents = len(offsets) - 1
    counts, words = np.zeros((documents, _COLUMNS), np.int64), np.zeros((documents, WORD_COLUMNS), np.int64)
    met = np.full(len(stop_keys), -1, np.int64)
    hashes, grams, characters, starts, positions, chosen, slot, seen, packed, sieve, places, keys = room
    for document in range(documents):
        start, end = offsets[document], offsets[document + 1]
        if kind == FIELDS:
            tokens = _cut_fields(data, start, end, classes, hashes, characters)
        else:
            only = kind == ALPHANUMERIC_WORDS
            tokens = _cut_words(data, start, end, classes, only, hashes, characters, starts, packed, words[document])
            found = words[document]
            _count_stop_words(hashes, characters, tokens, stop_keys, stop_characters, met, document, found, chosen)
        size = table_size(tokens)
        if size > len(keys):
            places, sieve, keys = np.empty(size, np.int32), np.empty(SIEVE * size, np.uint8), np.empty(size, np.uint64)
        row = counts[document]
        row[TEXT_CHARACTERS] = count_characters(data, start, end)
        row[TOKENS] = tokens
        row[TOKEN_CHARACTERS] = characters[tokens]
        count_all(
            row,
            hashes,
            grams,
            characters,
            positions,
            chosen,
            slot,
            sieve,
            places,
            seen,
            counting,
            longest_of_equals,
            spaces,
        )
        if counting == WALKED:
            walk_all(row, packed, characters, starts, positions, chosen, slot, sieve, keys)
    return counts, words


@inlined
def _cut_words(  # type: ignore[no-untyped-def]
    data, position, end, classes, alphanumeric, hashes, characters, starts, packed, counts
):
    """Fill token hashes, running sums of characters, the tokens one after another, and `counts`; how many tokens.

    `starts` says where each begins in `packed`. It and `characters` are one longer than the tokens.
    """
    tokens, size, total = 0, np.int64(0), 0  # for a literal size copy_bytes would be compiled once more
    characters[0] = starts[0] = 0
    while True:
        firsts, lasts, letters, alphanumerics = find_words(data, position, end)
        behind = position
        while lasts:
            first, last = first_bit(firsts), first_bit(lasts)
            firsts, lasts = without_first(firsts), without_first(lasts)
            start, behind, length = position + first, position + last + 1, last + 1 - first
            begins = count_ascii_word(counts, first, length, letters, alphanumerics)
            if alphanumeric and not begins:
                continue
            hashes[tokens] = hash_bytes(data, start, behind)
            copy_short(data, start, behind, packed, size)
            size, total, tokens = size + length, total + length, tokens + 1
            starts[tokens], characters[tokens] = size, total
        if behind > position:
            position = behind
            continue
        start, position, length, any_flags, all_flags, first = next_word(data, position, end, classes)
        if start == position:
            return tokens
        count_word(counts, length, any_flags, all_flags, first)
        if alphanumeric and not first & ALPHANUMERIC:
            continue
        hashes[tokens] = hash_bytes(data, start, position)
        copy_bytes(data, start, position, packed, size)
        size, total, tokens = size + position - start, total + length, tokens + 1
        starts[tokens], characters[tokens] = size, total


@helper
def _count_stop_words(  # type: ignore[no-untyped-def]
    hashes, characters, tokens, stop_keys, longest, met, document, counts, chosen
):
    """Count the distinct ones; `met` holds the last document in which each occurred. Most tokens are told apart by
    their slot alone, without a branch.
    """
    kept, mask = 0, np.uint64(len(stop_keys) - 1)
    for k in range(tokens):
        chosen[kept] = k
        kept += stop_keys[hashes[k] & mask] != 0
    for k in chosen[:kept]:
        found = find_stop_word(stop_keys, longest, hashes[k], characters[k + 1] - characters[k])
        if found >= 0 and met[found] != document:
            met[found] = document
            counts[DISTINCT_STOP_WORDS] += 1


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

"""Repetition and special characters as the BigScience ROOTS filters count them (Laurençon et al. 2022)."""

from __future__ import annotations

import numpy as np

from curation.kernels.hash_tables import add, clear, find_slot, hash_bytes, table_size
from curation.kernels.hashing import mix
from curation.kernels.jit import helper, kernel
from curation.kernels.text import find_key
from curation.kernels.unicode_tables import ALPHABETIC, EXTEND
from curation.kernels.utf8 import decode
from curation.kernels.words import next_field

__all__ = ["count_repeated_characters", "count_repeated_words"]

# Columns of count_repeated_characters.
TOP_NGRAMS, NGRAMS, SPECIAL, CHARACTERS = range(4)
# Columns of count_repeated_words.
REPEATED_NGRAMS, WORD_NGRAMS, STOP_WORDS, WORDS = range(4)

_SEED = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_NOT_ZERO = np.uint64(1 << 63)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@kernel
def count_repeated_characters(data, offsets, classes, n):  # type: ignore[no-untyped-def]
    """Occurrences of the most frequent character n-grams, of all, and special characters; int64 of shape (n, 4).

    Most frequent: of f distinct n-grams the first min(floor(sqrt(f)), those that occur more than once). Special: what
    is neither a letter nor a mark.
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 4), np.int64)
    slots, capacity = 0, 0
    for document in range(documents):
        start, end = offsets[document], offsets[document + 1]
        row = counts[document]
        if end - start >= capacity:
            capacity = 2 * (end - start) + 64
            places, kept = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
            histogram = np.empty(capacity, np.int64)
        grams = _character_places(data, start, end, classes, row, places) - n + 1
        if grams < 1:
            continue
        if 4 * table_size(grams) > slots:
            slots = 4 * table_size(grams)
            sieve = np.empty(slots, np.uint8)
            keys, seen = np.empty(slots, np.uint64), np.empty(slots, np.int32)
        left = _sieve(data, places, grams, n, sieve, kept)
        size = table_size(left)
        clear(keys, size)
        repeated, extra, most = _count_kept(data, places, kept, left, n, keys, size, seen, histogram)
        row[NGRAMS] = grams
        row[TOP_NGRAMS] = _sum_of_most(histogram, most, min(int(np.sqrt(grams - extra)), repeated))
    return counts


@helper
def _character_places(data, position, end, classes, row, places):  # type: ignore[no-untyped-def]
    """Fill where each character begins, with the end as one more; how many."""
    characters = 0
    while position < end:
        places[characters] = position
        point, position = decode(data, position, end)
        characters += 1
        row[SPECIAL] += (classes[point] & (ALPHABETIC | EXTEND)) == 0
    places[characters] = end
    row[CHARACTERS] = characters
    return characters


@helper
def _sieve(data, places, grams, n, sieve, kept):  # type: ignore[no-untyped-def]
    """Places whose n-gram may occur twice: too many, never too few."""
    size = 4 * table_size(grams)
    mask = np.uint64(size - 1)
    for k in range(size):
        sieve[k] = 0
    for k in range(grams):
        slot = hash_bytes(data, places[k], places[k + n]) & mask
        kept[k] = slot
        sieve[slot] = 1 + (sieve[slot] > 0)
    left = 0
    for k in range(grams):
        again = sieve[kept[k]] > 1
        kept[left] = k
        left += again
    return left


@helper
def _count_kept(data, places, kept, left, n, keys, size, seen, histogram):  # type: ignore[no-untyped-def]
    """Distinct n-grams that occur more than once, their occurrences after the first, and the highest count.

    `histogram` becomes how many n-grams have each count above one, up to the highest.
    """
    repeated, extra, most = 0, 0, 1
    for j in range(left):
        k = kept[j]
        times = add(keys, size, seen, hash_bytes(data, places[k], places[k + n]))
        if times > 1:
            extra += 1
            repeated += times == 2
            if times > most:
                most = times
                histogram[times] = 0
            histogram[times] += 1
            histogram[times - 1] -= times > 2
    return repeated, extra, most


@helper
def _sum_of_most(histogram, most, wanted):  # type: ignore[no-untyped-def]
    """Sum of the `wanted` highest counts."""
    total = 0
    for count in range(most, 1, -1):
        taken = min(wanted, histogram[count])
        total += taken * count
        wanted -= taken
        if wanted == 0:
            break
    return total


@kernel
def count_repeated_words(data, offsets, classes, lower, n, stop_keys):  # type: ignore[no-untyped-def]
    """Occurrences of word n-grams that occur more than once, of all, stop words and words; int64 of shape (n, 4).

    Words are split at whitespace, in lower case, without the special characters at both ends; none are empty.
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 4), np.int64)
    slots, capacity = 0, 0
    for document in range(documents):
        start, end = offsets[document], offsets[document + 1]
        row = counts[document]
        if end - start >= capacity:
            capacity = 2 * (end - start) + 64
            words = np.empty(capacity, np.uint64)
        number = _lower_words(data, start, end, classes, lower, stop_keys, words, row)
        grams = max(0, number - n + 1)
        size = table_size(grams)
        if size > slots:
            slots = size
            keys, seen = np.empty(slots, np.uint64), np.empty(slots, np.int32)
        clear(keys, size)
        for k in range(grams):
            gram = np.uint64(0)
            for j in range(n):
                gram = mix((gram * _SPREAD) ^ words[k + j])
            words[k] = gram | _NOT_ZERO
            add(keys, size, seen, words[k])
        for k in range(grams):
            row[REPEATED_NGRAMS] += seen[find_slot(keys, size, words[k])] > 1
        row[WORD_NGRAMS] = grams
        row[WORDS] = number
    return counts


@helper
def _lower_words(data, position, end, classes, lower, stop_keys, words, row):  # type: ignore[no-untyped-def]
    """Fill the keys of the words; how many."""
    number = 0
    while position < end:
        start, position, _, any_flags, _ = next_field(data, position, end, classes)
        if not any_flags & (ALPHABETIC | EXTEND):
            continue
        first, last = _strip_special(data, start, position, classes)
        key = _SEED
        while first < last:
            point, first = decode(data, first, last)
            key = (key ^ np.uint64(lower[point])) * _PRIME
        words[number] = key
        row[STOP_WORDS] += find_key(stop_keys, key) >= 0
        number += 1
    return number


@helper
def _strip_special(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """Start and stop without special characters at both ends; there is one that is not."""
    point, after = decode(data, start, stop)
    while not classes[point] & (ALPHABETIC | EXTEND):
        start = after
        point, after = decode(data, start, stop)
    last = stop
    while True:
        before = last - 1
        while (data[before] & 0xC0) == 0x80:
            before -= 1
        point, _ = decode(data, before, last)
        if classes[point] & (ALPHABETIC | EXTEND):
            return start, last
        last = before

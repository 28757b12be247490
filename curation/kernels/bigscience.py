"""Repetition and special characters as the BigScience ROOTS filters count them (Laurençon et al. 2022)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hash_tables import hash_bytes
from curation.kernels.hashing import mix
from curation.kernels.jit import helper, kernel
from curation.kernels.repeats import count_repeats, room_for
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


def count_repeated_characters(  # type: ignore[no-untyped-def]
    data, offsets, classes, n
) -> npt.NDArray[np.int64]:
    """Occurrences of the most frequent character n-grams, of all, and special characters; int64 of shape (n, 4).

    Most frequent: of f distinct n-grams the first min(floor(sqrt(f)), those that occur more than once). Special: what
    is neither a letter nor a mark.
    """
    counts: npt.NDArray[np.int64] = _count_characters(data, offsets, classes, n, *room_for(offsets))
    return counts


@kernel
def _count_characters(  # type: ignore[no-untyped-def]
    data, offsets, classes, n, hashes, dealt, ends, sieve, keys, seen, histogram
):
    documents = len(offsets) - 1
    counts = np.zeros((documents, 4), np.int64)
    for document in range(documents):
        row = counts[document]
        grams = _character_ngrams(data, offsets[document], offsets[document + 1], classes, n, hashes, row)
        if grams < 1:
            continue
        repeated, occurrences, most = count_repeats(hashes, grams, dealt, ends, sieve, keys, seen, histogram)
        distinct = grams - occurrences + repeated
        row[NGRAMS] = grams
        row[TOP_NGRAMS] = _sum_of_most(histogram, most, min(int(np.sqrt(distinct)), repeated))
    return counts


@helper
def _character_ngrams(data, position, end, classes, n, hashes, row):  # type: ignore[no-untyped-def]
    """Fill the hashes of n-grams of characters; how many there are, not below 0."""
    characters, first = 0, position
    while position < end:
        point, position = decode(data, position, end)
        characters += 1
        row[SPECIAL] += (classes[point] & (ALPHABETIC | EXTEND)) == 0
        if characters >= n:
            hashes[characters - n] = hash_bytes(data, first, position)
            lead = data[first]
            first += 1 + (lead >= 0xC0) + (lead >= 0xE0) + (lead >= 0xF0)
    row[CHARACTERS] = characters
    return max(0, characters - n + 1)


@helper
def _sum_of_most(histogram, most, wanted):  # type: ignore[no-untyped-def]
    """Sum of the `wanted` highest counts."""
    total = 0
    for count in range(most, 1, -1):
        taken = min(wanted, np.int64(histogram[count]))
        total += taken * count
        wanted -= taken
        if wanted == 0:
            break
    return total


def count_repeated_words(  # type: ignore[no-untyped-def]
    data, offsets, classes, lower, n, stop_keys
) -> npt.NDArray[np.int64]:
    """Occurrences of word n-grams that occur more than once, of all, stop words and words; int64 of shape (n, 4).

    Words are split at whitespace, in lower case, without the special characters at both ends; none are empty.
    """
    room = room_for(offsets)
    counts: npt.NDArray[np.int64] = _count_words(data, offsets, classes, lower, n, stop_keys, *room)
    return counts


@kernel
def _count_words(  # type: ignore[no-untyped-def]
    data, offsets, classes, lower, n, stop_keys, words, dealt, ends, sieve, keys, seen, histogram
):
    documents = len(offsets) - 1
    counts = np.zeros((documents, 4), np.int64)
    for document in range(documents):
        row = counts[document]
        number = _lower_words(data, offsets[document], offsets[document + 1], classes, lower, stop_keys, words, row)
        grams = max(0, number - n + 1)
        for k in range(grams):
            gram = np.uint64(0)
            for j in range(n):
                gram = mix((gram * _SPREAD) ^ words[k + j])
            words[k] = gram | _NOT_ZERO
        _, row[REPEATED_NGRAMS], _ = count_repeats(words, grams, dealt, ends, sieve, keys, seen, histogram)
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

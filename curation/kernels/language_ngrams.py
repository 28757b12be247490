"""The known n-grams of a text: tables of a profile set, and where in them each n-gram stands."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.jit import helper, inlined, kernel
from curation.kernels.language_symbols import LETTER, SPACE, UNKNOWN, UPPER, Symbols

__all__ = ["Tables", "build_slots", "find_rows", "ngram_rows", "place_frequent"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]
Number = Any  # an integer: Python's own, or numpy's of any width

BLOCK = 32  # languages whose scores lie together: a row of them is one cache line
LANES = 64  # languages, padded to whole blocks
SCALE = 1024  # units to one natural log; three scores of at most 8.9 fit an int16 together
HITS_SHIFT, KEY_SHIFT = 18, 20  # an n-gram's place: its row, and how many known n-grams end with it (1 to 3)
PAIR = (1 << 24) - 1
FREQUENT = 64  # letters below this number are found without a hash
NOT_FREQUENT = -1
ROW, PLACE = (1 << HITS_SHIFT) - 1, (1 << KEY_SHIFT) - 1
EXPONENTS = 22 * SCALE  # below e**-22 a probability is 0 at nine digits


class Tables(NamedTuple):
    """A profile set as arrays: C code points, A letters, G n-grams (row 0: in no profile), L languages, S slots.

    An n-gram brings its own endings with it: where `the` is found, so are `he` and `e`, if profiles know them. So their
    scores are added beforehand, and a character of text costs one look-up and one row.
    """

    classes: Symbols  # uint32[C], the symbol of every code point
    composed: Symbols  # uint32[112, 512], symbol of combining mark on base letter, 0 where they do not combine
    unigrams: Integers  # int64[A], place of a single letter
    slots: Integers  # int64[S], hash table of places of longer n-grams
    frequent: npt.NDArray[np.int32]  # int32[FREQUENT**3], place of the longest known ending of three frequent letters
    lane: Integers  # int64[L], where a language stands in a row of scores: those of one script are neighbours
    scores: npt.NDArray[np.int16]  # int16[LANES / BLOCK, G, BLOCK], log((weight + p) / weight) in 1/SCALE, with endings
    ending: npt.NDArray[np.int32]  # int32[G, 3], rows of the known n-grams of length 1 to 3 that end with this one
    exponentials: Floats  # float64[EXPONENTS], e**(-i / SCALE)
    home: Integers  # int64[L], the script of most letters of a language
    languages: int  # L


@helper
def _slot(key: Number, size: Number) -> Number:
    """Where to start looking for a key (multiplicative hashing, Knuth 6.4) in a table of `size`, a power of two."""
    mixed = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    return np.int64(mixed & np.uint64(size - 1))


def build_slots(keys: Integers, places: Integers, size: int) -> Integers:
    """Hash table int64[size] with open addressing: an entry is key << KEY_SHIFT | place, 0 is an empty slot."""
    slots, entries = np.zeros(size, np.int64), keys << KEY_SHIFT | places
    wanted = _slot.py_func(keys, size)
    while len(entries):
        free = np.flatnonzero(slots[wanted] == 0)
        seated = free[np.unique(wanted[free], return_index=True)[1]]
        slots[wanted[seated]] = entries[seated]
        entries, wanted = np.delete(entries, seated), np.delete(wanted, seated) + 1 & size - 1
    return slots


def place_frequent(unigrams: Integers, keys: Integers, places: Integers) -> npt.NDArray[np.int32]:
    """Places of all n-grams of three letters below FREQUENT, by 6 bits a letter; of those that are none, of the longest
    known n-gram at their end. `places` are those of `keys`, the n-grams of two and three letters.
    """
    index = np.arange(FREQUENT**3)
    first, second, third = index >> 12, index >> 6 & 0x3F, index & 0x3F
    order = np.argsort(keys)
    found = unigrams[third]
    for key in (second << 12 | third, first << 24 | second << 12 | third):
        nearest = order[np.searchsorted(keys, key, sorter=order).clip(max=len(keys) - 1)]
        found = np.where(keys[nearest] == key, places[nearest], found)
    return np.asarray(found, np.int32)


@inlined
def _code(ahead: Number, before: Number, symbol: Number) -> Number:
    """Where `frequent` has the n-gram of three letters, NOT_FREQUENT where one of them is another.

    After a space it is the n-gram of two; within a word in capitals, and for a letter that no profile has, none (0).
    """
    known = (symbol & before & UPPER == 0) & (symbol & LETTER != UNKNOWN)
    first, second, third = ahead & LETTER, before & LETTER, symbol & LETTER
    first = 0 if second == SPACE else first
    code = first << 12 | second << 6 | third if (first | second | third) < FREQUENT else NOT_FREQUENT
    return code if known else 0


@helper
def _codes(symbols: Symbols, first: Number, last: Number, codes: Rows) -> None:
    """Codes of the n-grams that end at symbols[first:last], `first` >= 2; a loop that becomes vectors."""
    for index in range(first, last):
        at = np.uint64(index)
        codes[index - first] = _code(symbols[at - np.uint64(2)], symbols[at - np.uint64(1)], symbols[at])


@helper
def _key(symbols: Symbols, index: Number) -> Number:
    """Key in `slots` of the n-gram that ends at symbols[index], `index` >= 1."""
    before = np.int64(symbols[index - 1] & LETTER)
    key = before << 12 | np.int64(symbols[index] & LETTER)
    return key if before == SPACE else np.int64(symbols[index - 2] & LETTER) << 24 | key


@inlined
def _place(key: Number, unigrams: Integers, slots: Integers) -> Number:
    """Place of the longest known n-gram at the end of this one, 0 where there is none."""
    size, place = len(slots), unigrams[key & LETTER]
    while key > LETTER:
        slot = _slot(key, size)
        entry = slots[slot]
        while entry != 0 and entry >> KEY_SHIFT != key:
            slot = (slot + 1) & (size - 1)
            entry = slots[slot]
        if entry != 0:
            return entry & PLACE
        key &= PAIR if key > PAIR else LETTER
    return place


@helper
def find_rows(symbols: Symbols, first: Number, last: Number, tables: Tables, rows: Rows) -> Number:
    """Row of the longest known n-gram that ends at each of symbols[first:last], 0 where there is none, into `rows`;
    returns all hits, those of shorter n-grams included. `first` >= 1, and symbols[0] is a space.
    """
    unigrams, slots, frequent = tables.unigrams, tables.slots, tables.frequent
    begin = max(first, 2)
    if first < min(begin, last):
        rows[0] = _code(0, symbols[0], symbols[1])
    _codes(symbols, begin, last, rows[begin - first :])
    found: Number = 0
    for index in range(last - first):
        code = rows[index]
        place = np.int64(frequent[code]) if code >= 0 else _place(_key(symbols, first + index), unigrams, slots)
        rows[index] = place & ROW
        found += place >> HITS_SHIFT
    return found


@kernel
def ngram_rows(symbols: Symbols, count: Number, tables: Tables, rows: Integers) -> Number:
    """Rows of all known n-grams in text order, shorter ones first, into `rows`; returns how many."""
    longest = np.empty(count, np.int32)
    find_rows(symbols, 1, count, tables, longest)
    found = 0
    for row in longest[: count - 1]:
        for length in range(3):
            if tables.ending[row, length]:
                rows[found] = tables.ending[row, length]
                found += 1
    return found

"""Counts that quality rules need, one row a document: fields (stretches without whitespace) and symbols.

Every function takes `data` (uint8, UTF-8 bytes) and `offsets` (int64, n+1 positions in `data`), reads each byte a
bounded number of times, and returns int64 of shape (n, columns); the columns are named by the constants beside it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.blocks import BLOCK, equal_bits, first_bit
from curation.kernels.jit import helper, kernel
from curation.kernels.unicode_tables import ALPHABETIC, PUNCTUATION
from curation.kernels.utf8 import decode
from curation.kernels.words import next_field

__all__ = ["count_fields", "count_symbols", "find_key", "word_keys"]

# Columns of count_fields.
(
    FIELDS,
    FIELD_CHARACTERS,
    ALPHABETIC_FIELDS,
    SYMBOL_FIELDS,
    ONLY_SYMBOL_FIELDS,
    STOP_WORDS,
    STOP_WORDS_ANY_CASE,
    MEDIAN_TWICE,
) = range(8)
# Columns of count_symbols.
HASHES, THREE_DOTS, SPACED_DOTS, ELLIPSES = range(4)

_HASH, _DOT, _SPACE, _ELLIPSIS = 0x23, 0x2E, 0x20, 0x2026
_HASH_BYTE, _DOT_BYTE, _SPACE_BYTE, _E2 = (np.uint8(byte) for byte in (_HASH, _DOT, _SPACE, 0xE2))
_LONG = 256  # fields from here on are kept one by one
_SEED = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)


def word_keys(words: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    """The words of a list as the kernels look them up: an open hash table of keys, 0 where it is empty."""
    keys = {_python_key(word) for word in words}
    table = np.zeros(4 << max(1, len(keys)).bit_length(), np.uint64)
    for key in sorted(keys):
        slot = key % len(table)
        while table[slot]:
            slot = (slot + 1) % len(table)
        table[slot] = key
    return table


def _python_key(word: str) -> int:
    key = int(_SEED)
    for character in word:
        key = ((key ^ ord(character)) * int(_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return key


@helper
def find_key(table, key):  # type: ignore[no-untyped-def]
    """Slot of `key` in a table of `word_keys`, or -1."""
    mask = np.uint64(len(table) - 1)
    slot = key & mask
    while table[slot] != 0:
        if table[slot] == key:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & mask
    return -1


@helper
def _key(data, start, stop):  # type: ignore[no-untyped-def]
    key = _SEED
    while start < stop:
        point, start = decode(data, start, stop)
        key = (key ^ np.uint64(point)) * _PRIME
    return key


@helper
def _lower_key(data, start, stop, lower):  # type: ignore[no-untyped-def]
    key = _SEED
    while start < stop:
        point, start = decode(data, start, stop)
        key = (key ^ np.uint64(lower[point])) * _PRIME
    return key


@kernel
def count_fields(data, offsets, classes, lower, stop_keys, stop_characters):  # type: ignore[no-untyped-def]
    """Fields (stretches without whitespace): all, their characters, with a letter, with `#` or `…`, that are an
    ellipsis (`... … [...] […] (...) -»`) or `#` for more than half, stop words as they stand and in lower case (every
    occurrence), and twice the median length (0 without fields).
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 8), np.int64)
    longest_document = 0
    for document in range(documents):
        longest_document = max(longest_document, offsets[document + 1] - offsets[document])
    lengths, long_fields = np.zeros(_LONG, np.int64), np.empty(longest_document // _LONG + 1, np.int64)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        fields, all_characters, alphabetic, symbols, only_symbols, exact, folded, long = 0, 0, 0, 0, 0, 0, 0, 0
        while True:
            start, position, characters, any_flags, _ = next_field(data, position, end, classes)
            if start == position:
                break
            fields += 1
            all_characters += characters
            alphabetic += (any_flags & ALPHABETIC) != 0
            if any_flags & PUNCTUATION:
                symbols += _has_symbol(data, start, position)
                only_symbols += _is_symbol(data, start, position, characters)
            if characters < _LONG:
                lengths[characters] += 1
            else:
                long_fields[long] = characters
                long += 1
            if characters <= stop_characters:
                exact += find_key(stop_keys, _key(data, start, position)) >= 0
                folded += find_key(stop_keys, _lower_key(data, start, position, lower)) >= 0
        counts[document, FIELDS] = fields
        counts[document, FIELD_CHARACTERS] = all_characters
        counts[document, ALPHABETIC_FIELDS] = alphabetic
        counts[document, SYMBOL_FIELDS] = symbols
        counts[document, ONLY_SYMBOL_FIELDS] = only_symbols
        counts[document, STOP_WORDS] = exact
        counts[document, STOP_WORDS_ANY_CASE] = folded
        long_fields[:long].sort()
        counts[document, MEDIAN_TWICE] = _median_twice(lengths, long_fields, long, fields)
        lengths[:] = 0
    return counts


@helper
def _has_symbol(data, start, stop):  # type: ignore[no-untyped-def]
    """Whether `#` or `…` occurs."""
    while start < stop:
        point, start = decode(data, start, stop)
        if point in (_HASH, _ELLIPSIS):
            return True
    return False


@helper
def _is_symbol(data, start, stop, characters):  # type: ignore[no-untyped-def]
    """Whether a field is one of `... … [...] […] (...) -»`, or `#` for more than half of its characters."""
    hashes = 0
    for position in range(start, stop):
        hashes += data[position] == _HASH
    if 2 * hashes > characters:
        return True
    first, last = data[start], data[stop - 1]
    if characters == 2:
        return stop - start == 3 and first == 0x2D and data[start + 1] == 0xC2 and last == 0xBB
    if (first == 0x5B and last == 0x5D) or (first == 0x28 and last == 0x29 and characters == 5):
        start, stop = start + 1, stop - 1
    dots = data[start] == data[start + 1] == data[start + 2] == _DOT if stop - start == 3 else False
    return dots or (stop - start == 3 and data[start] == 0xE2 and data[start + 1] == 0x80 and data[start + 2] == 0xA6)


@helper
def _median_twice(histogram, long_fields, long, count):  # type: ignore[no-untyped-def]
    """Twice the median of `count` lengths, the sum of the two middle ones: a histogram, and those that are too long."""
    if count == 0:
        return 0
    low, high = (count - 1) // 2, count // 2
    total, passed = 0, 0
    for length in range(_LONG):
        before = passed
        passed += histogram[length]
        total += length * (before <= low < passed) + length * (before <= high < passed)
        if passed > high:
            return total
    short = count - long
    return total + long_fields[high - short] + (long_fields[low - short] if low >= short else 0)


@kernel
def count_symbols(data, offsets):  # type: ignore[no-untyped-def]
    """Occurrences, found from the left and not overlapping, of `#`, `...`, `. . .` and `…`."""
    documents = len(offsets) - 1
    counts = np.zeros((documents, 4), np.int64)
    for document in range(documents):
        end = offsets[document + 1]
        hashes, three_dots, spaced_dots, ellipses = 0, 0, 0, 0
        three_free, spaced_free = offsets[document], offsets[document]
        position = _next_symbol(data, offsets[document], end)
        while position < end:
            byte = data[position]
            if byte == _HASH:
                hashes += 1
            elif byte == _DOT and position + 2 < end:
                if data[position + 1] == _DOT and data[position + 2] == _DOT and position >= three_free:
                    three_dots += 1
                    three_free = position + 3
                elif position >= spaced_free and _is_spaced_dots(data, position, end):
                    spaced_dots += 1
                    spaced_free = position + 5
            elif byte == 0xE2 and position + 2 < end and data[position + 1] == 0x80 and data[position + 2] == 0xA6:
                ellipses += 1
            position = _next_symbol(data, position + 1, end)
        counts[document, HASHES] = hashes
        counts[document, THREE_DOTS] = three_dots
        counts[document, SPACED_DOTS] = spaced_dots
        counts[document, ELLIPSES] = ellipses
    return counts


@helper
def _next_symbol(data, position, end):  # type: ignore[no-untyped-def]
    """First position of a byte with which a symbol may begin, or `end`; single full stops are passed over."""
    while position < end and position + BLOCK < len(data):
        dots = equal_bits(data, position, _DOT_BYTE)
        dots &= equal_bits(data, position + 1, _DOT_BYTE) | equal_bits(data, position + 1, _SPACE_BYTE)
        bits = equal_bits(data, position, _HASH_BYTE) | dots | equal_bits(data, position, _E2)
        if bits:
            return min(position + first_bit(bits), end)
        position += BLOCK
    while position < end and data[position] not in (_HASH, _DOT, 0xE2):
        position += 1
    return min(position, end)


@helper
def _is_spaced_dots(data, position, end):  # type: ignore[no-untyped-def]
    if position + 5 > end:
        return False
    dots = data[position] == _DOT and data[position + 2] == _DOT and data[position + 4] == _DOT
    return dots and data[position + 1] == _SPACE and data[position + 3] == _SPACE

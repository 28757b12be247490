"""Two ways to cut text into tokens, as functions that give the next token from a position.

`next_field` cuts at whitespace, as `str.split` does. `next_word` follows Unicode: runs of letters and digits are words,
in scripts written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar) every character is a word, and runs of the same
other character ("...", "--") are tokens of their own. Nothing but separators lies outside tokens.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.eight import HIGH_BITS, LOW_BITS, ONES, bytes_before, load_eight
from curation.kernels.jit import helper, inlined
from curation.kernels.unicode_tables import (
    ALPHABETIC,
    ALPHANUMERIC,
    BYTE_CLASSES,
    DECIMAL,
    EXTEND,
    MID_LETTER,
    MID_NUMBER,
    SEPARATOR,
    SPACE,
    UNSPACED,
    WORD,
)
from curation.kernels.utf8 import decode

__all__ = ["next_field", "next_word"]

# Each eight times over.
_LOWER_CASE = np.uint64(0x20) * ONES
_FROM_A = np.uint64(0x80 - 0x61) * ONES
_BEHIND_Z = np.uint64(0x80 - 0x7B) * ONES
_LETTER = np.int64(ALPHABETIC | ALPHANUMERIC | WORD)


@helper
def next_field(data, position, end, classes):  # type: ignore[no-untyped-def]
    """Next stretch without whitespace: (start, stop, characters, any flags, all flags); start == stop at the end."""
    position = _skip(data, position, end, classes, np.int64(SPACE))
    start, characters = position, 0
    any_flags, all_flags = np.int64(0), np.int64(0xFFFF)
    while position < end:
        flags = np.int64(BYTE_CLASSES[data[position]])
        after = position + 1
        if flags == 0:
            point, after = decode(data, position, end)
            flags = np.int64(classes[point])
        if flags & SPACE:
            break
        characters += 1
        any_flags |= flags
        all_flags &= flags
        position = after
    return start, position, characters, any_flags, all_flags


@inlined
def next_word(data, position, end, classes):  # type: ignore[no-untyped-def]
    """Next token: (start, stop, characters, any flags, all flags, flags of the first); start == stop at the end.

    The flags tell of letters, digits and punctuation; UPPER and LOWER may be missing from them.

    A word is a run of WORD characters with the EXTEND characters that follow them; one of . ' ’ between two letters, or
    one of . , ' ’ between two digits, belongs to the word. An UNSPACED letter is a word with its EXTEND characters.
    """
    start = _skip(data, position, end, classes, np.int64(SEPARATOR))
    if start >= end:
        return end, end, 0, 0, 0, 0
    byte = data[start]
    first = np.int64(BYTE_CLASSES[byte])
    any_flags = all_flags = first
    position = start + 1
    if first & WORD:
        # Most words are ASCII letters to their end, and what follows is ASCII too.
        while position + 8 <= end:
            letters = _count_letters(load_eight(data, np.uint64(position)))
            if letters > 0:
                any_flags |= _LETTER
                all_flags &= _LETTER
            position += letters
            if letters < 8:
                break
        while position < end:
            flags = np.int64(BYTE_CLASSES[data[position]])
            if not flags & WORD:
                break
            any_flags |= flags
            all_flags &= flags
            position += 1
        if _ends_word(data, position, end):
            return start, position, position - start, any_flags, all_flags, first
    elif first:
        while position < end and data[position] == byte:
            position += 1
        if position == end or data[position] < 0x80:
            return start, position, position - start, any_flags, all_flags, first
    return _next_word_of_any_script(data, start, end, classes)


@helper
def _count_letters(eight):  # type: ignore[no-untyped-def]
    """How many of the eight bytes, from the lowest, are ASCII letters.

    All are compared at once: a loop over single bytes ends where no processor can foresee it.
    """
    lower = (eight | _LOWER_CASE) & LOW_BITS
    return bytes_before(~((lower + _FROM_A) & ~(lower + _BEHIND_Z) & ~eight) & HIGH_BITS)


@helper
def _ends_word(data, position, end):  # type: ignore[no-untyped-def]
    """Whether a word certainly ends at `position`, seen from the next two bytes."""
    if position >= end:
        return True
    flags = BYTE_CLASSES[data[position]]
    if flags == 0:
        return False
    if not flags & (MID_LETTER | MID_NUMBER) or position + 1 == end:
        return True
    flags = BYTE_CLASSES[data[position + 1]]
    return flags != 0 and not flags & WORD


@helper
def _skip(data, position, end, classes, flag):  # type: ignore[no-untyped-def]
    """First position whose character does not have `flag`."""
    while position < end:
        flags = np.int64(BYTE_CLASSES[data[position]])
        after = position + 1
        if flags == 0:
            point, after = decode(data, position, end)
            flags = np.int64(classes[point])
        if not flags & flag:
            break
        position = after
    return position


@helper
def _next_word_of_any_script(data, start, end, classes):  # type: ignore[no-untyped-def]
    """What `next_word` returns for the token that begins at `start`."""
    base, position = decode(data, start, end)
    first = last = any_flags = all_flags = np.int64(classes[base])
    run = not first & WORD
    spaced = (first & (WORD | UNSPACED)) == WORD
    characters = 1
    while position < end:
        point, after = decode(data, position, end)
        flags = np.int64(classes[point])
        if spaced and (flags & (WORD | UNSPACED)) == WORD:
            last = flags
        elif not (
            flags & EXTEND or (run and point == base) or (spaced and _joins(data, after, end, classes, flags, last))
        ):
            break
        characters += 1
        any_flags |= flags
        all_flags &= flags
        position = after
    return start, position, characters, any_flags, all_flags, first


@helper
def _joins(data, after, end, classes, flags, last):  # type: ignore[no-untyped-def]
    """Whether a character with `flags`, before `after`, stands between two letters or two digits."""
    if not flags & (MID_LETTER | MID_NUMBER) or after >= end:
        return False
    point, _ = decode(data, after, end)
    both = np.int64(classes[point]) & last
    if np.int64(classes[point]) & UNSPACED:
        return False
    return (flags & MID_LETTER and both & ALPHABETIC) or (flags & MID_NUMBER and both & DECIMAL)

"""What C4's rules look for in a line: phrases, brackets, and the number of words.

Phrases are compared in lower case, as `str.lower` gives it: beside ASCII only the Kelvin sign (U+212A) matters, whose
lower case is "k". Where a line may hold one of them is found 64 bytes at a time.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.blocks import (
    BLOCK,
    any_case_bits,
    bits_below,
    count_bits,
    equal_bits,
    first_bit,
    range_bits,
    space_bits,
    without_first,
)
from curation.kernels.jit import helper
from curation.kernels.unicode_tables import SPACE
from curation.kernels.utf8 import decode

__all__ = ["BRACKET", "CURLY", "JAVASCRIPT", "LOREM", "POLICY", "scan"]

# What a line holds, as bits.
LOREM, JAVASCRIPT, POLICY, CURLY, BRACKET = 1, 2, 4, 8, 16

_ONE = np.uint64(1)
_A, _C, _E, _F, _I, _J, _K, _P, _S, _U, _V, _BLANK, _CURLY = (np.uint8(ord(c)) for c in "acefijkpsuv {")
_KELVIN = np.uint8(0xE2), np.uint8(0x84)
_C2, _E1, _E1_TO_E3 = np.uint8(0xC2), np.uint8(0xE1), np.uint8(3)

_PHRASES = [
    # A phrase is looked for where a rare letter of it stands: text, index of that letter, bit.
    (b"javascript", 0, JAVASCRIPT),
    (b"lorem ipsum", 7, LOREM),
    (b"privacy policy", 3, POLICY),
    (b"terms of use", 7, POLICY),
    (b"cookie policy", 3, POLICY),
    (b"uses cookies", 8, POLICY),
    (b"use of cookies", 10, POLICY),
    (b"use cookies", 7, POLICY),
]
_PHRASE = np.zeros((len(_PHRASES), 16), np.uint8)
for _row, (_text, _, _) in enumerate(_PHRASES):
    _PHRASE[_row, : len(_text)] = list(_text)
_LENGTH = np.array([len(text) for text, _, _ in _PHRASES])
_RARE = np.array([index for _, index, _ in _PHRASES])
_BIT = np.array([bit for _, _, bit in _PHRASES])
# First and last phrase to try at a byte, lower case or not; the Kelvin sign begins with E2.
_TRY = np.zeros((256, 2), np.int64)
for _letter, _span in {"j": (0, 1), "p": (1, 2), "v": (2, 3), "f": (3, 4), "k": (4, 8)}.items():
    _TRY[ord(_letter)] = _TRY[ord(_letter.upper())] = _span
_TRY[0xE2] = (4, 8)


@helper
def scan(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """What a line holds (bits), and its number of words at whitespace."""
    return _find_phrases(data, start, stop), _count_words(data, start, stop, classes)


@helper
def _count_words(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """A word begins where a character that is no space follows one that is."""
    words, after_space = np.int64(0), _ONE
    while start < stop:
        if start + BLOCK <= len(data):
            # Beyond ASCII only what begins with one of four bytes can be white space.
            doubtful = equal_bits(data, start, _C2) | range_bits(data, start, _E1, _E1_TO_E3)
            size = min(first_bit(doubtful), stop - start)
            spaces = space_bits(data, start)
            words += count_bits(~spaces & (spaces << _ONE | after_space) & bits_below(size))
            if size > 0:
                after_space = (spaces >> np.uint64(size - 1)) & _ONE
                start += size
                continue
        point, start = decode(data, start, stop)
        space = np.uint64((classes[point] & SPACE) != 0)
        words += np.int64(after_space & ~space)
        after_space = space
    return words


@helper
def _find_phrases(data, line, stop):  # type: ignore[no-untyped-def]
    found, start = 0, line
    while start < stop and start + BLOCK + 2 <= len(data):
        bits = _rare_bits(data, start) & bits_below(stop - start)
        while bits:
            found |= _try_phrases(data, line, start + first_bit(bits), stop)
            bits = without_first(bits)
        start += BLOCK
    for position in range(start, stop):
        found |= _try_phrases(data, line, position, stop)
    return found


@helper
def _rare_bits(data, position):  # type: ignore[no-untyped-def]
    """Where "{" or "[" stands, or a phrase can hold its rare letter: ja(vascript), (lorem i)psu(m), (pri)vac(y), (terms
    o)f u(se), (coo)kie, and the Kelvin sign.
    """
    second, third = position + 1, position + 2
    javascript = any_case_bits(data, position, _J) & any_case_bits(data, second, _A)
    ipsum = any_case_bits(data, position, _P) & any_case_bits(data, second, _S) & any_case_bits(data, third, _U)
    privacy = any_case_bits(data, position, _V) & any_case_bits(data, second, _A) & any_case_bits(data, third, _C)
    use = any_case_bits(data, position, _F) & equal_bits(data, second, _BLANK) & any_case_bits(data, third, _U)
    cookie = any_case_bits(data, position, _K) & any_case_bits(data, second, _I) & any_case_bits(data, third, _E)
    kelvin = equal_bits(data, position, _KELVIN[0]) & equal_bits(data, second, _KELVIN[1])
    brackets = any_case_bits(data, position, _CURLY)  # both
    return brackets | javascript | ipsum | privacy | use | cookie | kelvin


@helper
def _try_phrases(data, start, position, stop):  # type: ignore[no-untyped-def]
    """Bits of the phrases whose rare letter stands at `position`."""
    byte = data[position]
    if byte == 0x7B:
        return CURLY
    if byte == 0x5B:
        return BRACKET
    width = 1
    if byte == 0xE2:
        if position + 3 > stop or data[position + 1] != 0x84 or data[position + 2] != 0xAA:
            return 0
        width = 3
    found = 0
    for phrase in range(_TRY[byte, 0], _TRY[byte, 1]):
        before, behind = _RARE[phrase], _LENGTH[phrase] - _RARE[phrase] - 1
        if position - before >= start and position + width + behind <= stop:
            same = True
            for k in range(before):
                same &= _lower(data[position - before + k]) == _PHRASE[phrase, k]
            for k in range(behind):
                same &= _lower(data[position + width + k]) == _PHRASE[phrase, before + 1 + k]
            found |= same * _BIT[phrase]
    return found


@helper
def _lower(byte):  # type: ignore[no-untyped-def]
    return byte + 32 if 65 <= byte <= 90 else byte

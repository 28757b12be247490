"""What C4's rules look for in a line: phrases, brackets, and the number of words.

Phrases are compared in lower case, as `str.lower` gives it: beside ASCII only the Kelvin sign (U+212A) matters, whose
lower case is "k". Most lines hold none of it, and blocks of bytes that may are marked beforehand, many bytes at a time.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.eight import HIGH_BITS, LOW_BITS, ONES, equal_bytes, load_eight, sum_bytes
from curation.kernels.jit import helper
from curation.kernels.unicode_tables import SPACE
from curation.kernels.utf8 import decode

__all__ = ["BLOCK", "BRACKET", "CURLY", "JAVASCRIPT", "LOREM", "POLICY", "mark_blocks", "scan", "scan_marked"]

# What a line holds, as bits.
LOREM, JAVASCRIPT, POLICY, CURLY, BRACKET = 1, 2, 4, 8, 16

BLOCK = 64  # bytes that have one mark
_AFTER_SPACE = np.uint64(0x80)
# Three letters of each phrase, and both brackets, as `_looks_rare` tests them.
_LOWER_CASE = np.uint64(0x20) * ONES
_A, _C, _E, _F, _I, _J, _K, _P, _S, _U, _V, _BLANK, _BRACKETS = (np.uint64(ord(c)) * ONES for c in "acefijkpsuv {")
_KELVIN_1, _KELVIN_2 = np.uint64(0xE2) * ONES, np.uint64(0x84 | 0x20) * ONES
_FROM_TAB, _BEHIND_RETURN = np.uint64(0x80 - 0x09) * ONES, np.uint64(0x80 - 0x0E) * ONES
_FROM_FS, _BEHIND_SPACE = np.uint64(0x80 - 0x1C) * ONES, np.uint64(0x80 - 0x21) * ONES

_PHRASES = [
    # A phrase is looked for where a rare letter of it stands: text, index of that letter, bit.
    (b"javascript", 0, JAVASCRIPT),
    (b"lorem ipsum", 7, LOREM),
    (b"privacy policy", 3, POLICY),
    (b"terms of use", 3, POLICY),
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
for _letter, _span in {"j": (0, 1), "p": (1, 2), "v": (2, 3), "m": (3, 4), "k": (4, 8)}.items():
    _TRY[ord(_letter)] = _TRY[ord(_letter.upper())] = _span
_TRY[0xE2] = (4, 8)
# What a byte may be; the first is the flag SPACE, too.
_SPACE_BYTE, _RARE_BYTE = 1, 2
_KIND = np.zeros(256, np.uint8)
_KIND[list(b" \t\n\v\f\r\x1c\x1d\x1e\x1f")] = _SPACE_BYTE
_KIND[[0xE2, *b"{[jpvmkJPVMK"]] = _RARE_BYTE


@helper
def mark_blocks(data, start, end, marks):  # type: ignore[no-untyped-def]
    """Mark blocks of data[start:end] that may hold a phrase or bracket that begins there."""
    for block in range((end - start + BLOCK - 1) // BLOCK):
        position = np.uint64(start + block * BLOCK)
        if position + np.uint64(BLOCK + 2) > np.uint64(len(data)):
            marks[block] = True
            continue
        rare = np.uint64(0)
        for k in range(0, BLOCK, 8):
            rare |= _looks_rare(
                load_eight(data, position + np.uint64(k)) | _LOWER_CASE,
                load_eight(data, position + np.uint64(k + 1)) | _LOWER_CASE,
                load_eight(data, position + np.uint64(k + 2)) | _LOWER_CASE,
            )
        marks[block] = rare != 0


@helper
def _looks_rare(word, second, third):  # type: ignore[no-untyped-def]
    """Mask of "{", "[", ja(vascript), (coo)kie, (pri)vac(y), ips(um), (o)f u(se) and the Kelvin sign; `second` is one
    byte ahead.
    """
    javascript = equal_bytes(word, _J) & equal_bytes(second, _A)
    cookie = equal_bytes(word, _K) & equal_bytes(second, _I) & equal_bytes(third, _E)
    privacy = equal_bytes(word, _V) & equal_bytes(second, _A) & equal_bytes(third, _C)
    ipsum = equal_bytes(word, _I) & equal_bytes(second, _P) & equal_bytes(third, _S)
    use = equal_bytes(word, _F) & equal_bytes(second, _BLANK) & equal_bytes(third, _U)
    kelvin = equal_bytes(word, _KELVIN_1) & equal_bytes(second, _KELVIN_2)
    return equal_bytes(word, _BRACKETS) | javascript | cookie | privacy | ipsum | use | kelvin


@helper
def scan_marked(data, start, stop, classes, marks, origin):  # type: ignore[no-untyped-def]
    """What `scan` returns; `marks` are those of `mark_blocks` from `origin`."""
    marked = np.uint8(0)
    for block in range((start - origin) // BLOCK, (stop - origin + BLOCK - 1) // BLOCK):
        marked |= marks[block]
    return _find_phrases(data, start, stop) if marked else 0, _count_words(data, start, stop, classes)


@helper
def scan(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """What a line holds (bits), and its number of words at whitespace."""
    return _find_phrases(data, start, stop), _count_words(data, start, stop, classes)


@helper
def _count_words(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """A word begins where a character that is no space follows one that is: eight bytes a step where all are ASCII."""
    words, before = np.int64(0), _AFTER_SPACE
    one_by_one = start  # up to here, as eight at once were tried in vain
    while start < stop:
        while start >= one_by_one and start + 8 <= stop:
            word = load_eight(data, np.uint64(start))
            if word & HIGH_BITS:
                one_by_one = start + 8
                break
            spaces = _spaces(word)
            words += sum_bytes((((spaces << np.uint64(8)) | before) & ~spaces) >> np.uint64(7) & ONES)
            before = spaces >> np.uint64(56)
            start += 8
        if start == stop:
            break
        if data[start] < 0x80:
            space, start = _KIND[data[start]] & _SPACE_BYTE, start + 1
        else:
            point, start = decode(data, start, stop)
            space = classes[point] & SPACE
        words += not space and before == _AFTER_SPACE
        before = _AFTER_SPACE if space else np.uint64(0)
    return words


@helper
def _spaces(word):  # type: ignore[no-untyped-def]
    """Exact mask of ASCII's white space: 09 to 0D and 1C to 20."""
    low = word & LOW_BITS
    first = (low + _FROM_TAB) & ~(low + _BEHIND_RETURN)
    second = (low + _FROM_FS) & ~(low + _BEHIND_SPACE)
    return (first | second) & ~word & HIGH_BITS


@helper
def _find_phrases(data, start, stop):  # type: ignore[no-untyped-def]
    found = 0
    for position in range(start, stop):
        if _KIND[data[position]] & _RARE_BYTE:
            found |= _try_phrases(data, start, position, stop)
    return found


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

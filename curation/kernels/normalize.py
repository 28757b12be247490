"""Text as duplicates are compared: folded, stripped of marks and punctuation, white space collapsed.

All rules act on single code points, so one table of replacements per choice of rules serves every text. ASCII takes a
path of one look-up per byte. The tables are made from `unicodedata`, so answers follow Python's Unicode version
(`unicodedata.unidata_version`), which belongs into the fingerprint of whoever stores the results.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.eight import HIGH_BITS, load_eight
from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.remembered import remembered

__all__ = ["Rules", "decode", "normalize", "normalize_traced", "widths"]

_SPACE = 32
_COLLAPSES = 1 << 8  # a flag beside a byte
_PAGE = 256
# Planes 4 to 13 are empty, those above private, but for tags and variation selectors: as good as unassigned here.
_ASSIGNED = (range(0x40000), range(0xE0000, 0xE0200))
# Of planes 0 and 1 all but ideographs, Hangul syllables, surrogates, private use and Tangut, which have no other form.
_CHANGING = (range(0x3400), range(0x9FFF, 0xAC00), range(0xF900, 0x17000), range(0x18D00, 0x20000))


class Rules(NamedTuple):
    """What is made equal, besides white space, controls and unassigned code points (one space) and format characters
    (dropped), which are treated so always.

    fold_case       full case folding, as `str.casefold`
    strip_marks     letters lose their combining marks: canonical decomposition without category Mn
    spell_digits    every run of decimal digits becomes one `0`
    drop_symbols    punctuation and symbols (categories P and S) become a space
    """

    fold_case: bool = True
    strip_marks: bool = True
    spell_digits: bool = False
    drop_symbols: bool = True


class _Tables(NamedTuple):
    ascii_map: npt.NDArray[np.uint16]  # (128,) the byte that stands for each ASCII byte, plus _COLLAPSES
    collapses: npt.NDArray[np.uint16]  # (128,) _COLLAPSES where a run of this byte becomes one, else 0
    page: npt.NDArray[np.uint16]  # (0x1100,) code point // 256 -> row of `replacement`
    replacement: npt.NDArray[np.uint64]  # (rows, 256) 0: copy; else (length + 1) << 56 | up to 7 bytes, first lowest


def normalize(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], rules: Rules
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Normalized UTF-8 of n texts and its n+1 offsets: words with single spaces between, none at the ends."""
    out, out_offsets, _ = _run(data, offsets, rules, trace=False)
    return out, out_offsets


def normalize_traced(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], rules: Rules
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Like `normalize`, and for every byte of the result where in `data` the character begins that it comes from."""
    return _run(data, offsets, rules, trace=True)


def widths(lead: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Bytes of the UTF-8 characters that begin with these bytes."""
    return 1 + (lead >= 0xC0).astype(np.int64) + (lead >= 0xE0) + (lead >= 0xF0)


def _run(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], rules: Rules, trace: bool
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    texts = data[offsets[0] : offsets[-1]]
    room = len(texts) + 2 * int(np.count_nonzero(texts & 0x80)) + 8
    out, out_offsets = np.empty(room, np.uint8), np.empty(len(offsets), np.int64)
    sources = np.empty(room if trace else 0, np.int64)
    size = _normalize(frozen(data), frozen(offsets), *_tables(rules), out, out_offsets, sources)
    return frozen(out[:size]), frozen(out_offsets), sources[:size]


@cache
def _tables(rules: Rules) -> _Tables:
    return _Tables(**remembered("normalize", lambda: _made_tables(rules)._asdict(), [__name__], tuple(rules)))


def _made_tables(rules: Rules) -> _Tables:
    codes = _replacements(rules)
    ascii_map = np.where(codes[:128] == 0, np.arange(128), codes[:128] & np.uint64(0xFF)).astype(np.uint16)
    collapses = np.zeros(128, np.uint16)
    collapses[_SPACE], collapses[ord("0")] = _COLLAPSES, _COLLAPSES * rules.spell_digits
    ascii_map |= collapses[ascii_map]
    rows = codes.reshape(-1, _PAGE)
    numbers: dict[bytes, int] = {}
    page = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in rows], np.uint16)
    pages = np.frombuffer(b"".join(numbers), np.uint64).reshape(-1, _PAGE)
    return _Tables(ascii_map, collapses, page, pages)


def _replacements(rules: Rules) -> npt.NDArray[np.uint64]:
    """One code for each of the 0x110000 code points, laid out as `_Tables.replacement`."""
    codes = np.full(sys.maxunicode + 1, _code(_class("Cn", rules)), np.uint64)
    for block in _ASSIGNED:
        categories = list(map(unicodedata.category, map(chr, block)))
        by_category = {name: _code(_class(name, rules)) for name in set(categories)}
        codes[block.start : block.stop] = [by_category[name] for name in categories]
    for character in map(chr, chain(*_CHANGING)):
        if character.casefold() != character or unicodedata.decomposition(character):
            simple = _simplified(character, rules)
            codes[ord(character)] = 0 if simple == character else _code(simple)
    return codes


def _class(category: str, rules: Rules) -> str | None:
    """What a code point of this category becomes: None stands for itself."""
    if category == "Cf" or (category == "Mn" and rules.strip_marks):
        return ""
    if category == "Nd" and rules.spell_digits:
        return "0"
    if category[0] in "LMN" or (category[0] in "PS" and not rules.drop_symbols):
        return None
    return " "


def _simplified(character: str, rules: Rules) -> str:
    folded = character.casefold() if rules.fold_case else character
    letters = "".join(map(_without_marks, folded)) if rules.strip_marks else folded
    classes = [(letter, _class(unicodedata.category(letter), rules)) for letter in letters]
    return "".join(letter if kind is None else kind for letter, kind in classes)


def _without_marks(letter: str) -> str:
    if unicodedata.category(letter)[0] not in "LM":
        return letter
    parts = unicodedata.normalize("NFD", letter)
    bare = "".join(part for part in parts if unicodedata.category(part) != "Mn")
    return letter if bare == parts else bare


def _code(text: str | None) -> int:
    if text is None:
        return 0
    encoded = text.encode("utf-8", "surrogatepass")
    return (len(encoded) + 1) << 56 | int.from_bytes(encoded, "little")


@helper
def decode(data, i, end):  # type: ignore[no-untyped-def]
    """Code point at data[i] and its width in bytes. Damaged UTF-8 reads as some code point, never past `end`."""
    first = np.int64(data[i])
    if first < 0xC0 or i + 1 >= end:
        return first, 1
    second = np.int64(data[i + 1] & 0x3F)
    if first < 0xE0 or i + 2 >= end:
        return (first & 0x1F) << 6 | second, 2
    third = np.int64(data[i + 2] & 0x3F)
    if first < 0xF0 or i + 3 >= end:
        return (first & 0x0F) << 12 | second << 6 | third, 3
    return ((first & 0x07) << 18 | second << 12 | third << 6 | np.int64(data[i + 3] & 0x3F)) % 0x110000, 4


@helper
def _normalize_one(data, start, end, ascii_map, collapses, page, replacement, out, size, sources):  # type: ignore[no-untyped-def]
    begin = size
    previous = ascii_map[_SPACE]
    trace = len(sources) > 0
    i = start
    while i < end:
        # Eight bytes a step, where all are ASCII and nobody asks where they came from.
        while i + 8 <= end and not trace:
            word = load_eight(data, np.uint64(i))
            if word & HIGH_BITS:
                break
            for k in range(8):
                byte = ascii_map[(word >> np.uint64(8 * k)) & np.uint64(0x7F)]
                out[np.uint64(size)] = byte & 0xFF
                size += (byte != previous) | (byte < _COLLAPSES)
                previous = byte
            i += 8
        if i == end:
            break
        if data[i] < 128:
            if trace:
                sources[size] = i
            byte = ascii_map[data[i]]
            out[size] = byte & 0xFF
            size += (byte != previous) | (byte < _COLLAPSES)
            previous = byte
            i += 1
            continue
        point, width = decode(data, i, end)
        code = replacement[page[point >> 8], point & 0xFF]
        if trace:
            sources[size : size + 8] = i
        if code == 0:
            for k in range(width):
                out[size + k] = data[i + k]
            size += width
            previous = np.uint16(0)
        for _ in range(np.int64(code >> np.uint64(56)) - 1):
            byte = np.uint16(code & np.uint64(0xFF))
            code >>= np.uint64(8)
            byte |= collapses[byte] if byte < 128 else 0
            out[size] = byte & 0xFF
            size += (byte != previous) | (byte < _COLLAPSES)
            previous = byte
        i += width
    return size - (size > begin and previous & 0xFF == _SPACE)


@kernel
def _normalize(data, offsets, ascii_map, collapses, page, replacement, out, out_offsets, sources):  # type: ignore[no-untyped-def]
    size = np.int64(0)
    out_offsets[0] = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        size = _normalize_one(data, start, end, ascii_map, collapses, page, replacement, out, size, sources)
        out_offsets[row + 1] = size
    return size

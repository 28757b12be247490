"""What a character is, as one array of flags indexed by code point.

The tables are read off `unicodedata` and `str` once per process, so a kernel's answer is Python's own answer: SPACE is
where `str.split` splits, LINE_BREAK is where `str.splitlines` does, ALPHABETIC is `str.isalpha`, and so on.
"""

from __future__ import annotations

import string
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from curation.kernels.remembered import remembered

__all__ = [
    "ALPHABETIC",
    "ALPHANUMERIC",
    "BYTE_CLASSES",
    "DECIMAL",
    "DIGIT",
    "EXTEND",
    "LINE_BREAK",
    "LOWER",
    "MID_LETTER",
    "MID_NUMBER",
    "PUNCTUATION",
    "SENTENCE_END",
    "SEPARATOR",
    "SPACE",
    "UNSPACED",
    "UPPER",
    "WORD",
    "character_classes",
    "lower_case",
]

SPACE = 1 << 0  # str.isspace: str.split and str.strip
LINE_BREAK = 1 << 1  # str.splitlines
ALPHABETIC = 1 << 2  # str.isalpha
ALPHANUMERIC = 1 << 3  # str.isalnum
DECIMAL = 1 << 4  # str.isdecimal, \d of `re`
DIGIT = 1 << 5  # str.isdigit
UPPER = 1 << 6  # str.isupper
PUNCTUATION = 1 << 7  # general category P, ASCII symbols, control characters and a few symbols used as punctuation
EXTEND = 1 << 8  # marks and format characters: part of the character before them
UNSPACED = 1 << 9  # letters of scripts that put no space between words
SENTENCE_END = 1 << 10  # Unicode property Sentence_Terminal
WORD = 1 << 11  # str.isalnum and connectors such as the underscore
SEPARATOR = 1 << 12  # SPACE and the zero-width space: between two words
MID_LETTER = 1 << 13  # joins two letters into one word: don't, example.org
MID_NUMBER = 1 << 14  # joins two digits into one word: 1,000.50
LOWER = 1 << 15  # str.islower

_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_ZERO_WIDTH_SPACE = "\u200b"
_MID_LETTERS = ".'\u2019"
_MID_NUMBERS = ".,'\u2019"
# Symbols (category S) that published rule sets treat as punctuation beside category P.
_SYMBOLS_AS_PUNCTUATION = string.punctuation + "´∶～━►＋＾｀｜＜＝＞＄"
_UNSPACED_NAMES = (
    "CJK UNIFIED IDEOGRAPH",
    "CJK COMPATIBILITY IDEOGRAPH",
    "IDEOGRAPHIC ITERATION",
    "HIRAGANA ",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
)
# Sentence_Terminal of the Unicode Character Database (PropList.txt), which `unicodedata` does not offer; inclusive
# ranges in hexadecimal.
_SENTENCE_TERMINALS = """
21 2e 3f 589 61d-61f 6d4 700-702 7f9 837 839 83d-83e 964-965 104a-104b 1362 1367-1368 166e 1735-1736 17d4-17d5 1803
1809 1944-1945 1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1b7d-1b7e 1c3b-1c3c 1c7e-1c7f 2024 203c-203d 2047-2049 2cf9-2cfb 2e2e 2e3c
2e53-2e54 3002 a4ff a60e-a60f a6f3 a6f7 a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe12 fe15-fe16 fe52
fe56-fe57 ff01 ff0e ff1f ff61 10a56-10a57 10f55-10f59 10f86-10f89 11047-11048 110be-110c1 11141-11143 111c5-111c6 111cd
111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c 115c2-115c3 115c9-115d7 11641-11642 1173c-1173e 11944 11946
11a42-11a43 11a9b-11a9c 11c41-11c42 11ef7-11ef8 11f43-11f44 16a6e-16a6f 16af5 16b37-16b38 16b44 16e98 1bc9f 1da88
"""
_CODE_POINTS = 0x110000
# No letter, mark or space lives between these planes, and skipping them makes the table ten times quicker to build.
_ASSIGNED = (range(0x32400), range(0xE0000, 0xE0200))


@cache
def character_classes() -> npt.NDArray[np.uint16]:
    """Flags of every code point, shape (0x110000,)."""
    return remembered("character_classes", lambda: {"table": _classified()}, [__name__])["table"]


def _classified() -> npt.NDArray[np.uint16]:
    table = np.zeros(_CODE_POINTS, np.uint16)
    for block in _ASSIGNED:
        table[block.start : block.stop] = [_classify(chr(point)) for point in block]
    for span in _SENTENCE_TERMINALS.split():
        first, _, last = span.partition("-")
        table[int(first, 16) : int(last or first, 16) + 1] |= SENTENCE_END
    return table


@cache
def lower_case() -> npt.NDArray[np.int32]:
    """`str.lower` of every code point taken alone, shape (0x110000,).

    The one character whose lower case is two characters (U+0130) stands for itself, and a capital sigma always gives
    the medial form, for the table cannot see the rest of the word.
    """
    return remembered("lower_case", lambda: {"table": _lowered()}, [__name__])["table"]


def _lowered() -> npt.NDArray[np.int32]:
    table = np.arange(_CODE_POINTS, dtype=np.int32)
    for point in range(0x20000):
        lower = chr(point).lower()
        if len(lower) == 1:
            table[point] = ord(lower)
    return table


def _classify(character: str) -> int:
    category = unicodedata.category(character)
    alphanumeric = character.isalnum()
    flags = 0
    flags |= SPACE | SEPARATOR if character.isspace() else 0
    flags |= SEPARATOR if character == _ZERO_WIDTH_SPACE else 0
    flags |= LINE_BREAK if character in _LINE_BREAKS else 0
    flags |= ALPHABETIC if character.isalpha() else 0
    flags |= ALPHANUMERIC if alphanumeric else 0
    flags |= DECIMAL if character.isdecimal() else 0
    flags |= DIGIT if character.isdigit() else 0
    flags |= LOWER if character.islower() else 0
    flags |= UPPER if character.isupper() else 0
    flags |= PUNCTUATION if category[0] == "P" or category == "Cc" or character in _SYMBOLS_AS_PUNCTUATION else 0
    flags |= EXTEND if category[0] == "M" or (category == "Cf" and character != _ZERO_WIDTH_SPACE) else 0
    flags |= UNSPACED if alphanumeric and unicodedata.name(character, "").startswith(_UNSPACED_NAMES) else 0
    flags |= WORD if alphanumeric or category == "Pc" else 0
    flags |= MID_LETTER if character in _MID_LETTERS else 0
    flags |= MID_NUMBER if character in _MID_NUMBERS else 0
    return flags


def _classify_byte(byte: int) -> int:
    if byte >= 0x80:
        return 0
    return _classify(chr(byte)) | (SENTENCE_END if chr(byte) in ".!?" else 0)


# Flags of the bytes of UTF-8 that are characters; 0, which no character has, for those that are part of one. Small
# enough to be compiled into the kernels.
BYTE_CLASSES = np.array([_classify_byte(byte) for byte in range(256)], np.uint16)

"""Scripts of letters as ISO 15924 codes, from the names that `unicodedata` gives to characters.

Python knows no script property, but the name of a letter begins with its script: CYRILLIC SMALL LETTER A.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from curation.kernels.remembered import remembered

__all__ = ["SCRIPT_CODES", "script_numbers"]

# First word of the name -> code. Hiragana and katakana are one entry: who counts them asks for Japanese.
_CODES = {
    "CJK": "Hani", "HIRAGANA": "Jpan", "KATAKANA": "Jpan", "HALFWIDTH KATAKANA": "Jpan", "LATIN": "Latn",
    "FULLWIDTH LATIN": "Latn", "ADLAM": "Adlm", "ARABIC": "Arab", "ARMENIAN": "Armn", "BALINESE": "Bali",
    "BAMUM": "Bamu", "BATAK": "Batk", "BENGALI": "Beng", "BOPOMOFO": "Bopo", "BUGINESE": "Bugi", "BUHID": "Buhd",
    "CANADIAN": "Cans", "CHAKMA": "Cakm", "CHAM": "Cham", "CHEROKEE": "Cher", "COPTIC": "Copt", "CUNEIFORM": "Xsux",
    "CYRILLIC": "Cyrl", "DEVANAGARI": "Deva", "EGYPTIAN": "Egyp", "ETHIOPIC": "Ethi", "GEORGIAN": "Geor",
    "GLAGOLITIC": "Glag", "GOTHIC": "Goth", "GREEK": "Grek", "GUJARATI": "Gujr", "GURMUKHI": "Guru",
    "HALFWIDTH HANGUL": "Hang", "HANGUL": "Hang", "HANUNOO": "Hano", "HEBREW": "Hebr", "JAVANESE": "Java",
    "KANNADA": "Knda", "KAYAH": "Kali", "KHMER": "Khmr", "LAO": "Laoo", "LEPCHA": "Lepc", "LIMBU": "Limb",
    "LINEAR": "Lina", "LISU": "Lisu", "MALAYALAM": "Mlym", "MANDAIC": "Mand", "MEETEI": "Mtei", "MONGOLIAN": "Mong",
    "MYANMAR": "Mymr", "NKO": "Nkoo", "OGHAM": "Ogam", "OL": "Olck", "ORIYA": "Orya", "PHAGS-PA": "Phag",
    "REJANG": "Rjng", "RUNIC": "Runr", "SAMARITAN": "Samr", "SAURASHTRA": "Saur", "SINHALA": "Sinh",
    "SUNDANESE": "Sund", "SYLOTI": "Sylo", "SYRIAC": "Syrc", "TAGALOG": "Tglg", "TAGBANWA": "Tagb", "TAI": "Tale",
    "TAMIL": "Taml", "TANGUT": "Tang", "TELUGU": "Telu", "THAANA": "Thaa", "THAI": "Thai", "TIBETAN": "Tibt",
    "TIFINAGH": "Tfng", "VAI": "Vaii", "YI": "Yiii",
}  # fmt: skip

# By number: no letter; HAN and KANA of the kernel; the others; letters of no script, or of one that is not listed.
SCRIPT_CODES = ("", "Hani", "Jpan", *sorted(set(_CODES.values()) - {"Hani", "Jpan"}), "Zyyy")


@cache
def script_numbers() -> npt.NDArray[np.uint8]:
    """Index into SCRIPT_CODES for every code point; 0 where it is no letter (categories L*)."""
    return remembered("script_numbers", lambda: {"table": _numbers()}, [__name__])["table"]


def _numbers() -> npt.NDArray[np.uint8]:
    numbers = np.zeros(sys.maxunicode + 1, np.uint8)
    by_word = {word: SCRIPT_CODES.index(code) for word, code in _CODES.items()}
    common = len(SCRIPT_CODES) - 1
    for point in (*range(0x20000), *range(0x20000, 0x34000)):
        character = chr(point)
        if unicodedata.category(character)[0] == "L":
            words = unicodedata.name(character, "").replace("KATAKANA-HIRAGANA", "KATAKANA").split(" ", 2)
            numbers[point] = by_word.get(words[0]) or by_word.get(" ".join(words[:2]), common)
    return numbers

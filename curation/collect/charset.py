"""Bytes to text: byte order mark, header, meta tag, then detection; and the replacement characters counted.

What the header or the page says is believed only if the bytes bear it out: a third of the pages that name a charset
other than UTF-8 are UTF-8 all the same, and nothing else decodes as UTF-8 by chance.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import cchardet
from resiliparse.parse.encoding import detect_encoding

__all__ = ["Decoded", "decode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(
    rb"""<(?:meta|\?xml)\s[^>]{0,400}?(?:charset|encoding)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})""", re.I
)
_META_BYTES = 4096
_DETECT_BYTES = 64 << 10
# A page that calls itself UTF-8 is believed with one bad character in this many.
_MOSTLY = 100
# Labels as browsers understand them (WHATWG): the wider relative of what the label says.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Pages that detection confuses: only bytes 80 to 9f tell them apart, where ISO has control characters.
_SIBLINGS = {
    "iso8859-2": "cp1250",
    "iso8859-4": "cp1257",
    "iso8859-5": "cp1251",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-13": "cp1257",
    "iso8859-15": "cp1252",
}
_NOT_WINDOWS_GREEK = re.compile("\u00b6[\u03b1-\u03ce]|[\u03ac-\u03ce]\u0386")
_DOUBLE_BYTE = ("big5hkscs", "gb18030", "euc_jp")
# Of two bytes for a character the second is below 80 for two fifths of Big5, and for hardly any of simplified Chinese.
_PAIR = re.compile(rb"[\x81-\xfe](?:([\x40-\x7e])|[\x80-\xfe])")
_BIG5_SHARE = 0.05
# Where KOI8-R draws boxes, KOI8-U has the letters that Ukrainian has and Russian has not.
_UKRAINIAN = bytes((0xA4, 0xA6, 0xA7, 0xAD, 0xB4, 0xB6, 0xB7, 0xBD)).decode("koi8-r")
_NOT_RUSSIAN = re.compile(f"[{_UKRAINIAN}][\u0430-\u044f]|[\u0430-\u044f][{_UKRAINIAN}]")
_LAST_SIGN, _KOREAN_SHARE = 0x33FF, 0.98
# Codecs that Python knows and that are no charsets of text.
_TEXT_CODECS = re.compile(
    r"utf|iso|cp\d|windows|koi8|mac|gb|big5|euc|shift|johab|ptcp|tis|hz|kz1048|ascii|latin|viscii|hp-roman|palmos"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """`source` is `bom`, `header`, `meta`, `utf-8`, `detected` or `fallback`; `replaced` counts characters lost."""

    text: str = field(repr=False)
    charset: str
    source: str
    replaced: int


def decode(content: bytes, header: str | None = None, look_for_meta: bool = True) -> Decoded:
    """Always gives a text; one that UTF-8 can hold."""
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return _replacing(content[len(mark) :], charset, "bom")
    text = _strictly(content, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8", "utf-8", 0)
    labels = [("header", _codec(header or "")), ("meta", _labelled(content) if look_for_meta else None)]
    for source, label in labels:
        text = _strictly(content, label) if label and label != "utf-8" else None
        if label and text is not None and not _is_implausible(text):
            return Decoded(text, label, source, 0)
    if any(charset == "utf-8" for _, charset in labels):
        mostly = _replacing(content, "utf-8", "header")
        if mostly.replaced * _MOSTLY < len(mostly.text):
            return mostly
    return _detected(content, labels)


def _detected(content: bytes, labels: list[tuple[str, str | None]]) -> Decoded:
    """By two detectors: where the first is wrong, its charset mostly cannot decode the bytes at all."""
    guess = _codec(cchardet.detect(content[:_DETECT_BYTES])["encoding"] or "")
    others = (charset for _, charset in labels if charset != "utf-8")
    for charset in (guess, _second_guess(content), *others):
        text = _strictly(content, charset) if charset else None
        if charset and text is not None:
            return _or_sibling(content, text, charset)
    return _replacing(content, guess or "cp1252", "detected" if guess else "fallback")


def _second_guess(content: bytes) -> str | None:
    return _codec(detect_encoding(content[:_DETECT_BYTES], html5_compatible=False) or "")


def _or_sibling(content: bytes, text: str, charset: str) -> Decoded:
    """The relative of a charset that reads the same bytes better, or the charset itself."""
    for sibling in _siblings(content, text, charset):
        other = _strictly(content, sibling)
        if other is not None and (sibling != "cp949" or _is_korean(other)):
            return Decoded(other, sibling, "detected", 0)
    return Decoded(text, charset, "detected", 0)


def _siblings(content: bytes, text: str, charset: str) -> Iterator[str]:
    """The Windows page where an ISO one gives control characters; ISO Greek, Ukrainian, Korean and simplified Chinese
    where others read oddly."""
    if charset in _SIBLINGS and _is_implausible(text):
        yield _SIBLINGS[charset]
    if charset == "cp1253" and _NOT_WINDOWS_GREEK.search(text):
        yield "iso8859-7"
    if charset == "koi8-r" and _NOT_RUSSIAN.search(text):
        yield "koi8-u"
    if charset in _DOUBLE_BYTE:
        yield "cp949"
    if charset == "big5hkscs" and _is_hardly_big5(content) and _second_guess(content) == "gb18030":
        yield "gb18030"


def _labelled(content: bytes) -> str | None:
    found = _META.search(content, 0, _META_BYTES)
    charset = _codec(found[1].decode("ascii", "replace")) if found else None
    # A page that could be searched for its label as bytes is not UTF-16, whatever the label says.
    return "utf-8" if charset and charset.startswith(("utf-16", "utf-32")) else charset


@cache
def _codec(label: str) -> str | None:
    """Python's name of a charset label, widened as browsers do; None for no charset."""
    try:
        name = codecs.lookup(label.strip(" \"'\t").lower()).name
    except (LookupError, ValueError):
        return None
    return _WIDER.get(name, name) if _TEXT_CODECS.match(name) and name not in ("utf-7", "utf_7") else None


def _strictly(content: bytes, charset: str) -> str | None:
    try:
        text = content.decode(charset)
        text.encode()  # UTF-16 and its kin may decode to lone surrogates
    except (UnicodeError, ValueError):
        return None
    return text


def _is_implausible(text: str) -> bool:
    """Whether decoding made control characters of the C1 block, which no page holds: the label is a lie."""
    return re.search("[\x80-\x84\x86-\x9f]", text) is not None


def _is_korean(text: str) -> bool:
    """Whether its letters beyond ASCII are Hangul; Chinese read as Korean is a mix of Hangul and Hanja."""
    letters = [character for character in text if ord(character) > _LAST_SIGN]
    return sum("\uac00" <= character <= "\ud7a3" for character in letters) > _KOREAN_SHARE * len(letters)


def _is_hardly_big5(content: bytes) -> bool:
    low = [pair[1] is not None for pair in _PAIR.finditer(content, 0, _DETECT_BYTES)]
    return sum(low) < _BIG5_SHARE * len(low)


def _replacing(content: bytes, charset: str, source: str) -> Decoded:
    text = content.decode(charset, "replace").encode("utf-8", "replace").decode()
    return Decoded(text, charset, source, text.count("\ufffd"))

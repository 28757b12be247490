"""How hard a page would be to parse, seen in one linear pass before any parser touches it.

HTML parsers take quadratic time on pages that nest deep, on tags with very many attributes, on lists of options and on
formatting elements that are never closed. The pass follows the parsing rules only as far as it must never see less than
a parser: where it errs, it sees more nesting than there is. Names of tags are compared by a 64-bit FNV-1a hash.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from curation.kernels.jit import helper, kernel

__all__ = ["ATTRIBUTES", "COMMENT", "DEPTH", "FORMATTING", "MEASURES", "OPTIONS", "TAGS", "scan_html"]

# Places in the result: start tags, deepest nesting, most attributes of one tag, option tags, most formatting elements
# open at once, bytes of the longest comment.
TAGS, DEPTH, ATTRIBUTES, OPTIONS, FORMATTING, COMMENT, MEASURES = range(7)

# What an end tag may close: `_OTHER` ends at the first element that is not `_OTHER`, `_SPECIAL` at a `_BARRIER`.
_OTHER, _SPECIAL, _BARRIER, _FORMATTING, _IGNORED, _OPTION, _RAW, _FOREIGN = range(8)
_KINDS = {
    _SPECIAL: "address applet article aside blockquote body button center details dialog dir div dl fieldset "
    "figcaption figure footer form frameset header hgroup html listing main marquee menu nav noscript object ol pre "
    "search section select summary ul",
    _BARRIER: "table template caption",
    _FORMATTING: "a b big code em font i nobr s small strike strong tt u",
    # Void elements, and those whose start closes the one before.
    _IGNORED: "area base basefont bgsound br col embed frame hr img image input keygen link meta param source track "
    "wbr p li dd dt tr td th tbody thead tfoot colgroup h1 h2 h3 h4 h5 h6 head optgroup rb rp rt rtc",
    _OPTION: "option",
    _RAW: "script style textarea title xmp iframe noembed noframes plaintext",
    _FOREIGN: "svg math",
}
_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_LT, _GT, _SLASH, _BANG, _QUESTION, _EQUALS, _DASH, _QUOTE, _APOSTROPHE = 60, 62, 47, 33, 63, 61, 45, 34, 39

Bytes = npt.NDArray[np.uint8]


def _hash_of(name: str) -> int:
    value = int(_BASIS)
    for byte in name.encode():
        value = (value ^ byte) * int(_PRIME) & 0xFFFF_FFFF_FFFF_FFFF
    return value


def _table() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    pairs = sorted((_hash_of(name), kind) for kind, names in _KINDS.items() for name in names.split())
    return np.array([each for each, _ in pairs], np.uint64), np.array([kind for _, kind in pairs], np.int64)


_NAMES, _NAME_KINDS = _table()


@helper
def _is_space(byte: int) -> bool:
    return byte == 32 or byte == 9 or byte == 10 or byte == 12 or byte == 13


@helper
def _is_letter(byte: int) -> bool:
    return 97 <= (byte | 32) <= 122


@helper
def _kind_of(name: Any) -> Any:
    low, high = 0, _NAMES.size
    while low < high:
        middle = (low + high) >> 1
        if _NAMES[middle] < name:
            low = middle + 1
        else:
            high = middle
    return _NAME_KINDS[low] if low < _NAMES.size and _NAMES[low] == name else _OTHER


@helper
def _name_end(data: Bytes, at: int, end: int) -> int:
    while at < end and not _is_space(data[at]) and data[at] != _GT and data[at] != _SLASH:
        at += 1
    return at


@helper
def _name_hash(data: Bytes, start: int, end: int) -> Any:
    value = _BASIS
    for i in range(start, end):
        byte = data[i]
        if 65 <= byte <= 90:
            byte |= 32
        value = (value ^ np.uint64(byte)) * _PRIME
    return value


@helper
def _comment_end(data: Bytes, at: int, end: int) -> int:
    """Behind a comment, `at` being behind its `<!--`."""
    if at < end and data[at] == _GT:
        return at + 1
    if at + 1 < end and data[at] == _DASH and data[at + 1] == _GT:
        return at + 2
    while at + 2 < end:
        if data[at] == _DASH and data[at + 1] == _DASH:
            if data[at + 2] == _GT:
                return at + 3
            if data[at + 2] == _BANG and at + 3 < end and data[at + 3] == _GT:
                return at + 4
        at += 1
    return end


@helper
def _behind(data: Bytes, byte: int, at: int, end: int) -> int:
    while at < end and data[at] != byte:
        at += 1
    return min(at + 1, end)


@helper
def _attribute_end(data: Bytes, at: int, end: int) -> Any:
    """Behind one attribute, its value included; always further on."""
    at += 1
    while at < end and not _is_space(data[at]) and data[at] != _GT and data[at] != _SLASH and data[at] != _EQUALS:
        at += 1
    value = at
    while value < end and _is_space(data[value]):
        value += 1
    if value >= end or data[value] != _EQUALS:
        return at
    value += 1
    while value < end and _is_space(data[value]):
        value += 1
    if value >= end or data[value] == _GT:
        return value
    if data[value] == _QUOTE or data[value] == _APOSTROPHE:
        return _behind(data, data[value], value + 1, end)
    while value < end and not _is_space(data[value]) and data[value] != _GT:
        value += 1
    return value


@helper
def _raw_end(data: Bytes, start: int, name_length: int, at: int, end: int) -> int:
    """At the end tag that closes a raw text element, whose name stands at `start`; `end` if there is none."""
    while at + 1 + name_length < end:
        if data[at] == _LT and data[at + 1] == _SLASH:
            same = True
            for i in range(name_length):
                if data[at + 2 + i] | 32 != data[start + i] | 32:
                    same = False
                    break
            if same:
                return at
        at += 1
    return end


@helper
def _attributes(data: Bytes, at: int, end: int) -> tuple[int, int, bool]:
    """From behind a tag's name: where its `>` stands, how many attributes it has, whether a slash ends it."""
    count, slash = 0, False
    while at < end and data[at] != _GT:
        slash = data[at] == _SLASH
        if _is_space(data[at]) or slash:
            at += 1
        else:
            count += 1
            at = _attribute_end(data, at, end)
    return at, count, slash


@helper
def _depth_behind(stack: npt.NDArray[np.uint64], kinds: npt.NDArray[np.int8], depth: int, name: Any, kind: int) -> int:
    """The depth after an end tag; unchanged where the tag closes nothing."""
    special = kind in (_SPECIAL, _BARRIER)
    for i in range(depth - 1, -1, -1):
        if stack[i] == name:
            return i
        if kinds[i] == _BARRIER if special else kinds[i] != _OTHER:
            return depth
    return depth


@helper
def _is_markup(data: Bytes, at: int, end: int) -> Any:
    """Whether `<!` or `<?` stands here, or a tag with a name."""
    if data[at] != _LT:
        return False
    following = data[at + 1]
    if following == _SLASH:
        return at + 2 < end and _is_letter(data[at + 2])
    return following in (_BANG, _QUESTION) or _is_letter(following)


@kernel
def scan_html(data: Bytes, start: int, end: int, deepest: int) -> npt.NDArray[np.int64]:
    """int64[MEASURES] for the page in data[start:end]. A nesting of `deepest` ends the look, and is reported.

    Linear: the search for what an end tag closes has a budget for the whole page, and a page that uses it up is
    reported as one of nesting `deepest`.
    """
    found = np.zeros(MEASURES, np.int64)
    stack, kinds = np.empty(deepest, np.uint64), np.empty(deepest, np.int8)
    opened, formatting = np.zeros(1024, np.int64), np.zeros(1024, np.int64)  # open elements by the hash of their name
    depth, open_formatting, foreign = 0, 0, 0
    budget = 8 * (end - start)
    at = start
    while at + 1 < end and depth < deepest:
        if not _is_markup(data, at, end):
            at += 1
            continue
        if data[at + 1] == _BANG or data[at + 1] == _QUESTION:
            is_comment = at + 3 < end and data[at + 1] == _BANG and data[at + 2] == _DASH and data[at + 3] == _DASH
            behind = _comment_end(data, at + 4, end) if is_comment else _behind(data, _GT, at + 2, end)
            found[COMMENT] = max(found[COMMENT], behind - at if is_comment else 0)
            at = behind
            continue
        closes = data[at + 1] == _SLASH
        name_start = at + 2 if closes else at + 1
        name_end = _name_end(data, name_start, end)
        name = _name_hash(data, name_start, name_end)
        kind, bucket = _kind_of(name), np.int64(name & np.uint64(1023))
        at, attributes, slash = _attributes(data, name_end, end)
        at += 1
        found[ATTRIBUTES] = max(found[ATTRIBUTES], attributes)
        if closes and kind == _FORMATTING and formatting[bucket] > 0:
            formatting[bucket] -= 1
            open_formatting -= 1
        elif closes and kind != _FORMATTING and opened[bucket] > 0:
            left = _depth_behind(stack, kinds, depth, name, kind)
            budget -= depth if left == depth else 0
            for i in range(left, depth):
                opened[np.int64(stack[i] & np.uint64(1023))] -= 1
                foreign -= 1 if kinds[i] == _FOREIGN else 0
            depth = left if budget > 0 else deepest
        if closes:
            continue
        found[TAGS] += 1
        if kind == _OPTION:
            found[OPTIONS] += 1
        elif kind == _FORMATTING:
            formatting[bucket] += 1
            open_formatting += 1
            found[FORMATTING] = max(found[FORMATTING], open_formatting)
        elif kind == _RAW and foreign == 0:
            at = _raw_end(data, name_start, name_end - name_start, at, end)
        elif kind != _IGNORED and not (slash and foreign > 0 and kind == _OTHER):
            stack[depth], kinds[depth] = name, kind
            opened[bucket] += 1
            depth += 1
            foreign += 1 if kind == _FOREIGN else 0
            found[DEPTH] = max(found[DEPTH], depth)
    found[DEPTH] = max(found[DEPTH], depth)
    return found

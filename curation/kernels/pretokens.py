"""Pre-tokens: where the published patterns of byte-level tokenizers cut a text, without a regular expression.

`classes` (uint8[0x110000]) holds LETTER, NUMBER, SPACE and NEWLINE for every code point, as the tokenizer library's own
expression engine sees them; anything else is a symbol. Scanners return the end of the pre-token that begins at
`position`. They are exact: `tests/reference/pretokens.py` holds the patterns themselves.
"""

from __future__ import annotations

from curation.kernels.jit import helper
from curation.kernels.utf8 import decode

__all__ = ["GPT2", "GPT4", "LETTER", "MARKED_SPACES", "NEWLINE", "NUMBER", "SPACE", "next_pretoken"]

LETTER, NUMBER, SPACE, NEWLINE = 1, 2, 4, 8
# The patterns of GPT-2; of GPT-4, Llama 3 and Qwen 2 (which differ in how many digits go together); and a cut in front
# of every space, as SentencePiece has it.
GPT2, GPT4, MARKED_SPACES = 0, 1, 2

_APOSTROPHE, _BLANK = 0x27, 0x20


@helper
def next_pretoken(data, position, end, classes, family, digits):  # type: ignore[no-untyped-def]
    """End of the pre-token at `position < end`; `digits` go together at most where the family is GPT4."""
    if family == MARKED_SPACES:
        return _marked(data, position, end)
    first, after = decode(data, position, end)
    kind = classes[first]
    if kind & LETTER:
        return _run(data, after, end, classes, LETTER)
    if first == _APOSTROPHE:
        stop = _contraction(data, position, end, family == GPT4)
        if stop > position:
            return stop
    if family == GPT2:
        return _gpt2(data, position, after, end, classes, kind, first)
    return _gpt4(data, position, after, end, classes, kind, first, digits)


@helper
def _gpt2(data, position, after, end, classes, kind, first):  # type: ignore[no-untyped-def]
    if kind & SPACE == 0:
        return _run(data, after, end, classes, kind & NUMBER)
    if first == _BLANK and after < end:
        point, following = decode(data, after, end)
        if classes[point] & SPACE == 0:
            return _run(data, following, end, classes, classes[point] & (LETTER | NUMBER))
    return _spaces(data, position, after, end, classes)


@helper
def _gpt4(data, position, after, end, classes, kind, first, digits):  # type: ignore[no-untyped-def]
    if kind & NUMBER:
        return _digits(data, after, end, classes, digits - 1)
    if kind & NEWLINE == 0 and after < end:
        point, following = decode(data, after, end)
        if classes[point] & LETTER:
            return _run(data, following, end, classes, LETTER)
        if first == _BLANK and classes[point] & (SPACE | NUMBER) == 0:
            return _newlines(data, _run(data, following, end, classes, 0), end)
    if kind & SPACE == 0:
        return _newlines(data, _run(data, after, end, classes, 0), end)
    last = _last_newline(data, position, end, classes)
    return last if last > position else _spaces(data, position, after, end, classes)


@helper
def _run(data, position, end, classes, wanted):  # type: ignore[no-untyped-def]
    """End of the letters or numbers from `position` on, or, for 0, of the symbols."""
    mask = LETTER | NUMBER | SPACE
    while position < end:
        point, after = decode(data, position, end)
        if classes[point] & mask != wanted:
            return position
        position = after
    return position


@helper
def _digits(data, position, end, classes, most):  # type: ignore[no-untyped-def]
    while position < end and most > 0:
        point, after = decode(data, position, end)
        if classes[point] & NUMBER == 0:
            return position
        position, most = after, most - 1
    return position


@helper
def _newlines(data, position, end):  # type: ignore[no-untyped-def]
    while position < end and (data[position] == 0x0A or data[position] == 0x0D):
        position += 1
    return position


@helper
def _last_newline(data, position, end, classes):  # type: ignore[no-untyped-def]
    """Behind the last line end of the white space at `position`; 0 without one."""
    last = 0
    while position < end:
        point, after = decode(data, position, end)
        if classes[point] & SPACE == 0:
            break
        if classes[point] & NEWLINE:
            last = after
        position = after
    return last


@helper
def _spaces(data, position, after, end, classes):  # type: ignore[no-untyped-def]
    """White space without its last character where something follows: that one belongs to what follows."""
    before = position
    while after < end:
        point, following = decode(data, after, end)
        if classes[point] & SPACE == 0:
            return before if before > position else after
        before, after = after, following
    return after


@helper
def _contraction(data, position, end, any_case):  # type: ignore[no-untyped-def]
    """End of 's 't 're 've 'm 'll 'd at an apostrophe, or `position`. The long s (U+017F) is an s in any case."""
    if position + 1 >= end:
        return position
    first = data[position + 1]
    if any_case and first == 0xC5 and position + 2 < end and data[position + 2] == 0xBF:
        return position + 3
    if any_case and 0x41 <= first <= 0x5A:
        first += 0x20
    if first in (0x73, 0x74, 0x6D, 0x64):
        return position + 2
    if position + 2 >= end:
        return position
    second = data[position + 2]
    if any_case and 0x41 <= second <= 0x5A:
        second += 0x20
    both = (first == 0x6C and second == 0x6C) or (second == 0x65 and (first == 0x72 or first == 0x76))
    return position + 3 if both else position


@helper
def _marked(data, position, end):  # type: ignore[no-untyped-def]
    """A space or U+2581 and what follows it up to the next one."""
    position += 1
    while position < end:
        byte = data[position]
        if byte == _BLANK:
            return position
        if byte == 0xE2 and position + 2 < end and data[position + 1] == 0x96 and data[position + 2] == 0x81:
            return position
        position += 1
    return position

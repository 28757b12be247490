"""Text cut into lines, paragraphs or sentences, and put together again without some of them.

Spans of a text follow each other without gaps: what separates two (newlines, white space) belongs to the first. So
taking spans out leaves clean text, and the spans of a whole batch are one array of bounds.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from curation.kernels.blocks import find_byte
from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel

__all__ = ["Unit", "cut", "kept_text"]

Unit = Literal["line", "paragraph", "sentence"]

Bytes = npt.NDArray[np.uint8]
Indexes = npt.NDArray[np.int64]

_NEWLINE = np.uint8(10)
_DOT, _BANG, _QUESTION = 46, 33, 63


def cut(data: Bytes, offsets: Indexes, unit: Unit) -> tuple[Indexes, Indexes]:
    """Bounds (m + 1,) of the m spans of n texts, and for each text its first span (n + 1,).

    line       up to and including "\\n"
    paragraph  lines up to and including the blank ones that follow; blank means white space of ASCII only
    sentence   up to a newline, or to . ! ? with closing quotes and brackets before white space, or to an ideographic
               full stop or a full-width ! ?; the white space that follows belongs to it. Abbreviations end sentences,
               too: spans are for comparing and removing, not for grammar.
    """
    find = {"line": _lines, "paragraph": _paragraphs, "sentence": _sentences}[unit]
    first = np.zeros(len(offsets), np.int64)
    nothing = np.zeros(0, np.int64)
    count = find(frozen(data), frozen(offsets), nothing, first)
    bounds = np.empty(count + 1, np.int64)
    bounds[0] = offsets[0]
    find(frozen(data), frozen(offsets), bounds[1:], first)
    return bounds, first


def kept_text(data: Bytes, bounds: Indexes, first: Indexes, lost: npt.NDArray[np.bool_]) -> tuple[Bytes, Indexes]:
    """Bytes and n+1 offsets of texts without the spans marked in `lost` (m,).

    Where the last span of a text is lost, white space (ASCII) at the new end goes with it.
    """
    out, offsets = np.empty(int(bounds[-1] - bounds[0]), np.uint8), np.zeros(len(first), np.int64)
    size = _keep(frozen(data), frozen(bounds), frozen(first), frozen(lost), out, offsets)
    return out[:size], offsets


@helper
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or 9 <= byte <= 13


@helper
def _put(bounds, count, end):  # type: ignore[no-untyped-def]
    """Notes the end of a span; an empty `bounds` only counts."""
    if len(bounds):
        bounds[count] = end
    return count + 1


@kernel
def _lines(data, offsets, bounds, first):  # type: ignore[no-untyped-def]
    count = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        behind = find_byte(data, start, end, _NEWLINE) + 1
        while behind < end:
            count = _put(bounds, count, behind)
            behind = find_byte(data, behind, end, _NEWLINE) + 1
        if end > start:
            count = _put(bounds, count, end)
        first[row + 1] = count
    return count


@kernel
def _paragraphs(data, offsets, bounds, first):  # type: ignore[no-untyped-def]
    count = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        line, blank, gap, seen = start, True, False, False
        for i in range(start, end):
            if data[i] == _NEWLINE:
                gap = gap or (blank and seen)
                line, blank = i + 1, True
            elif blank and not _is_space(data[i]):
                if gap:
                    count = _put(bounds, count, line)
                blank, gap, seen = False, False, True
        if end > start:
            count = _put(bounds, count, end)
        first[row + 1] = count
    return count


@helper
def _three(data, i, end):  # type: ignore[no-untyped-def]
    """A three-byte character as one number, 0 at the end of the text."""
    if i + 3 > end:
        return 0
    return np.int64(data[i]) << 16 | np.int64(data[i + 1]) << 8 | np.int64(data[i + 2])


@helper
def _skip_closers(data, i, end):  # type: ignore[no-untyped-def]
    """Over . ! ? and what may close a sentence behind them: quotes, brackets."""
    while i < end:
        byte = data[i]
        if byte in (_DOT, _BANG, _QUESTION, 34, 39, 41, 93, 125):
            i += 1
        # U+2019 U+201D U+300D U+300F
        elif byte >= 0xE2 and _three(data, i, end) in (0xE28099, 0xE2809D, 0xE3808D, 0xE3808F):
            i += 3
        else:
            break
    return i


@helper
def _sentence_end(data, i, end):  # type: ignore[no-untyped-def]
    """Where the sentence that ends at data[i] really ends, white space included; -1 if none ends here."""
    byte = data[i]
    if byte == _NEWLINE:
        after = i + 1
    elif byte in (_DOT, _BANG, _QUESTION):
        after = _skip_closers(data, i + 1, end)
        if after < end and not _is_space(data[after]):
            return -1
    # U+3002 U+FF01 U+FF1F
    elif byte >= 0xE3 and _three(data, i, end) in (0xE38082, 0xEFBC81, 0xEFBC9F):
        after = _skip_closers(data, i + 3, end)
    else:
        return -1
    while after < end and _is_space(data[after]):
        after += 1
    return after


@kernel
def _sentences(data, offsets, bounds, first):  # type: ignore[no-untyped-def]
    count = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        i = start
        while i < end:
            after = _sentence_end(data, i, end)
            if after < 0:
                i += 1
                continue
            if after < end:
                count = _put(bounds, count, after)
            i = after
        if end > start:
            count = _put(bounds, count, end)
        first[row + 1] = count
    return count


@kernel
def _keep(data, bounds, first, lost, out, offsets):  # type: ignore[no-untyped-def]
    size = 0
    for row in range(len(first) - 1):
        begin = size
        for span in range(first[row], first[row + 1]):
            if lost[span]:
                continue
            for i in range(bounds[span], bounds[span + 1]):
                out[size] = data[i]
                size += 1
        if first[row] < first[row + 1] and lost[first[row + 1] - 1]:
            while size > begin and _is_space(out[size - 1]):
                size -= 1
        offsets[row + 1] = size
    return size

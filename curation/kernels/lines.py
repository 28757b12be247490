"""Lines of a text: where they end, without the white space around them, how they begin and end, how long they are."""

from __future__ import annotations

import numpy as np

from curation.kernels.blocks import BLOCK, equal_bits, find_byte, first_bit, range_bits
from curation.kernels.jit import helper, kernel
from curation.kernels.unicode_tables import LINE_BREAK, SENTENCE_END, SPACE
from curation.kernels.utf8 import count_characters, decode, previous

__all__ = [
    "DOTS",
    "ELLIPSIS",
    "EVERY_BREAK",
    "NEWLINES_ONLY",
    "SPACED_DOTS",
    "count_line_ends",
    "count_line_marks",
    "ends_with_ellipsis",
    "next_line",
    "strip",
]

# Where lines end, for `next_line`. Plain True and False would be types of their own, and compile it once more.
NEWLINES_ONLY, EVERY_BREAK = np.bool_(False), np.bool_(True)
# Marks that `ends_with_ellipsis` looks for, as bits.
DOTS, ELLIPSIS, SPACED_DOTS = 1, 2, 4
# Columns of count_line_marks.
LINES, FILLED_LINES, BULLET_LINES, ELLIPSIS_LINES = range(4)
# Columns of count_line_ends.
END_LINES, MARKED_LINES, SHORT_LINES, NEWLINES, LINE_CHARACTERS = range(5)

_NEWLINE, _RETURN, _DOT, _SPACE_BYTE = np.uint8(0x0A), 0x0D, 0x2E, 0x20
_FIRST_CONTROL, _CONTROLS, _C2, _E2 = np.uint8(0), np.uint8(0x20), np.uint8(0xC2), np.uint8(0xE2)


@helper
def next_line(data, position, end, classes, every_break):  # type: ignore[no-untyped-def]
    """End of the line that starts at `position`, and start of the next; equal when no line break follows.

    Lines end at "\\n" only, or (`every_break`) wherever `str.splitlines` ends them, "\\r\\n" being one break.
    """
    if not every_break:
        position = find_byte(data, position, end, _NEWLINE)
        return position, min(position + 1, end)
    while position < end:
        position = _skip_inside(data, position, end)
        if position == end:
            break
        point, after = decode(data, position, end)
        if classes[point] & LINE_BREAK:
            if point == _RETURN and after < end and data[after] == _NEWLINE:
                after += 1
            return position, after
        position = after
    return end, end


@helper
def _skip_inside(data, position, end):  # type: ignore[no-untyped-def]
    """First position where a line break may begin.

    Line breaks are control characters, U+0085 (C2 85) or U+2028 and U+2029 (E2 80 A8, E2 80 A9).
    """
    while position < end and position + BLOCK <= len(data):
        control = range_bits(data, position, _FIRST_CONTROL, _CONTROLS)
        bits = control | equal_bits(data, position, _C2) | equal_bits(data, position, _E2)
        if bits:
            return min(position + first_bit(bits), end)
        position += BLOCK
    while position < end and data[position] >= _CONTROLS and data[position] != _C2 and data[position] != _E2:
        position += 1
    return min(position, end)


@helper
def strip(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """`str.strip`: start and stop without the whitespace at both ends."""
    while start < stop:
        point, after = decode(data, start, stop)
        if not classes[point] & SPACE:
            break
        start = after
    while stop > start:
        before = previous(data, start, stop)
        point, _ = decode(data, before, stop)
        if not classes[point] & SPACE:
            break
        stop = before
    return start, stop


@helper
def ends_with_ellipsis(data, start, stop, marks):  # type: ignore[no-untyped-def]
    """Whether data[start:stop] ends with one of the marks: `...`, `…` or `. . .`."""
    size = stop - start
    if size < 3:
        return False
    last = data[stop - 1]
    if last == 0xA6:
        return marks & ELLIPSIS != 0 and data[stop - 2] == 0x80 and data[stop - 3] == 0xE2
    if last != _DOT:
        return False
    if marks & DOTS and data[stop - 2] == _DOT and data[stop - 3] == _DOT:
        return True
    if not marks & SPACED_DOTS or size < 5:
        return False
    spaces = data[stop - 2] == _SPACE_BYTE and data[stop - 4] == _SPACE_BYTE
    return spaces and data[stop - 3] == _DOT and data[stop - 5] == _DOT


@kernel
def count_line_marks(data, offsets, classes, every_break, stripped, bullets, marks):  # type: ignore[no-untyped-def]
    """Lines, lines that are not empty, that begin with one of `bullets` (code points), that end with one of `marks`.

    int64 of shape (n, 4). `stripped`: lines are looked at without the whitespace at both ends. A text without line
    breaks is one line; with `every_break`, as for `str.splitlines`, the empty text has none.
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 4), np.int64)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        lines, filled, with_bullet, with_ellipsis = 0, 0, 0, 0
        while position < end or not every_break:
            stop, after = next_line(data, position, end, classes, every_break)
            first, last = position, stop
            if stripped:
                first, last = strip(data, position, stop, classes)
            lines += 1
            if first < last:
                filled += 1
                point, _ = decode(data, first, last)
                for bullet in bullets:
                    with_bullet += point == bullet
                with_ellipsis += ends_with_ellipsis(data, first, last, marks)
            if after == stop:
                break
            position = after
        counts[document, LINES] = lines
        counts[document, FILLED_LINES] = filled
        counts[document, BULLET_LINES] = with_bullet
        counts[document, ELLIPSIS_LINES] = with_ellipsis
    return counts


@kernel
def count_line_ends(data, offsets, classes, marks, filled_only, short):  # type: ignore[no-untyped-def]
    """How the lines of a text end and how long they are; int64 of shape (n, 5).

    Lines between "\\n", all of them or (`filled_only`) those with anything but white space; those whose last character
    is one of `marks` (code points; without any: ends a sentence in Unicode); those of at most `short` characters;
    newlines; characters that are no newline.
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 5), np.int64)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        lines, marked, short_lines, newlines, characters = 0, 0, 0, 0, 0
        while True:
            stop, after = next_line(data, position, end, classes, NEWLINES_ONLY)
            size = count_characters(data, position, stop)
            characters += size
            newlines += after > stop
            if not filled_only or _is_filled(data, position, stop, classes):
                lines += 1
                short_lines += size <= short
                marked += size > 0 and _is_marked(data, position, stop, classes, marks)
            if after == stop:
                break
            position = after
        counts[document, END_LINES] = lines
        counts[document, MARKED_LINES] = marked
        counts[document, SHORT_LINES] = short_lines
        counts[document, NEWLINES] = newlines
        counts[document, LINE_CHARACTERS] = characters
    return counts


@helper
def _is_filled(data, position, stop, classes):  # type: ignore[no-untyped-def]
    while position < stop:
        point, position = decode(data, position, stop)
        if not classes[point] & SPACE:
            return True
    return False


@helper
def _is_marked(data, start, stop, classes, marks):  # type: ignore[no-untyped-def]
    """Whether the last character is one of `marks`, or without marks a sentence terminator."""
    point, _ = decode(data, previous(data, start, stop), stop)
    if len(marks) == 0:
        return (classes[point] & SENTENCE_END) != 0
    found = False
    for mark in marks:
        found |= point == mark
    return found

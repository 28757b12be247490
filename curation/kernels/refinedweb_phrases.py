"""Phrases that RefinedWeb's corrections take out of short lines: items in cart, Read more..., Sign-in."""

from __future__ import annotations

import numpy as np

from curation.kernels.jit import helper
from curation.kernels.lines import NEWLINES_ONLY, next_line
from curation.kernels.refinedweb_lines import skip
from curation.kernels.unicode_tables import SPACE
from curation.kernels.utf8 import decode
from curation.kernels.words import next_field

__all__ = ["may_hold_phrase", "take_out"]

PHRASES = 5  # column of counts
_NEWLINE = 0x0A

# Phrases taken out of short lines: anywhere, at the end, at the beginning.
_ANYWHERE, _AT_END, _AT_START = range(3)
_PHRASE_TEXTS = [b"items in cart", b"read more...", b"sign-in"]
_PHRASE = np.zeros((3, 16), np.uint8)
for _row, _text in enumerate(_PHRASE_TEXTS):
    _PHRASE[_row, : len(_text)] = list(_text)
_PHRASE_LENGTH = np.array([len(text) for text in _PHRASE_TEXTS])
_SHORT_LINE_WORDS = 10


@helper
def may_hold_phrase(view, position, stop):  # type: ignore[no-untyped-def]
    """Whether "-i", "..." or "car" occurs, one of which every phrase holds: the cheap test before `_take_out`."""
    while position + 2 < stop:
        byte = view[position]
        if byte == 0x2D and view[position + 1] | 0x20 == 0x69:
            return True
        if byte == 0x2E and view[position + 1] == 0x2E and view[position + 2] == 0x2E:
            return True
        if byte | 0x20 == 0x63 and view[position + 1] | 0x20 == 0x61 and view[position + 2] | 0x20 == 0x72:
            return True
        position += 1
    return False


@helper
def take_out(view, start, size, classes, phrase, row, text, sources):  # type: ignore[no-untyped-def]
    """Write the lines of view[start:size] without a phrase, to the front of `text`; bytes written.

    Lines of more than ten words are left alone; a line that held nothing else goes with its newline.
    """
    written, position = np.int64(0), start
    lines = 0
    while True:
        stop, after = next_line(view, position, size, classes, NEWLINES_ONLY)
        begin = written
        if lines:
            # The newline that ended the line before.
            text[written], sources[written] = _NEWLINE, sources[position - 1]
            written += 1
        content, number = written, 0
        few = _has_few_words(view, position, stop, classes)
        at = position
        while at < stop:
            cut = _matched(view, at, position, stop, classes, phrase) if few else at
            if cut > at:
                number += 1
                at = cut
                continue
            text[written], sources[written] = view[at], sources[at]
            written += 1
            at += 1
        row[PHRASES] += number
        if few and stop > position and skip(view, content, written, classes, SPACE, True) == written:
            written = begin
        else:
            lines += 1
        if after == stop:
            return written
        position = after


@helper
def _has_few_words(view, position, stop, classes):  # type: ignore[no-untyped-def]
    words = 0
    while position < stop and words <= _SHORT_LINE_WORDS:
        start, position, _, _, _ = next_field(view, position, stop, classes)
        words += position > start
    return words <= _SHORT_LINE_WORDS


@helper
def _matched(view, at, start, stop, classes, phrase):  # type: ignore[no-untyped-def]
    """End of the phrase (in any ASCII case) that begins at `at`, with one white space before or after it, or `at`.

    The white space goes before the phrase, except for the one that stands at the beginning of a line.
    """
    if phrase == _AT_START and at != start:
        return at
    begin = at
    if phrase != _AT_START:
        point, after = decode(view, at, stop)
        if classes[point] & SPACE:
            begin = after
    length = _PHRASE_LENGTH[phrase]
    if begin + length > stop or (phrase == _AT_END and begin + length != stop):
        return at
    for k in range(length):
        byte = view[begin + k]
        if (byte + 32 if 65 <= byte <= 90 else byte) != _PHRASE[phrase, k]:
            return at
    end = begin + length
    if phrase == _AT_START and end < stop:
        point, after = decode(view, end, stop)
        if classes[point] & SPACE:
            end = after
    return end

"""RefinedWeb's line corrections (Penedo et al. 2023, appendix), as DCLM reproduced them; lines end at "\\n" alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.lines import NEWLINES_ONLY, next_line, strip
from curation.kernels.unicode_tables import ALPHANUMERIC, BYTE_CLASSES, DECIMAL, DIGIT, SPACE, UPPER, WORD
from curation.kernels.utf8 import decode
from curation.kernels.words import next_field

__all__ = ["correct_lines", "count_lexical_fields"]

_Numbers = npt.NDArray[np.int64]

# Columns of correct_lines: lines, and those dropped for each reason, in the order in which rules are tried; phrases.
LINES, UPPER_CASE, NUMBERS, COUNTERS, FEW_WORDS, PHRASES = range(6)

_COUNTED = ["likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes"]
_COUNTED += ["downloads", "views", "followers"]
_COUNTER = np.zeros((len(_COUNTED), 10), np.uint8)
for _row, _word in enumerate(_COUNTED):
    _COUNTER[_row, : len(_word)] = list(_word.encode())
_COUNTER_LENGTH = np.array([len(word) for word in _COUNTED])
# Phrases taken out of short lines: anywhere, at the end, at the beginning.
_ANYWHERE, _AT_END, _AT_START = range(3)
_PHRASE_TEXTS = [b"items in cart", b"read more...", b"sign-in"]
_PHRASE = np.zeros((3, 16), np.uint8)
for _row, _text in enumerate(_PHRASE_TEXTS):
    _PHRASE[_row, : len(_text)] = list(_text)
_PHRASE_LENGTH = np.array([len(text) for text in _PHRASE_TEXTS])
_SHORT_LINE_WORDS = 10
_NEWLINE = 0x0A


def correct_lines(
    data: npt.NDArray[np.uint8],
    offsets: _Numbers,
    classes: npt.NDArray[np.uint16],
    lower: npt.NDArray[np.int32],
    max_upper: float,
    max_digits: float,
    min_words: int,
) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Stretches of text that stay, for `rewriting.assemble`, where those of each document begin, and counts (n, 6)."""
    size = int(np.diff(offsets).max(initial=0))
    # Written through one view and read through another, so that helpers are compiled for one type of array.
    text, sources = np.empty(size, np.uint8), np.empty(size, np.int64)
    answer: tuple[_Numbers, _Numbers, _Numbers] = _correct_lines(
        data, offsets, classes, lower, max_upper, max_digits, min_words, text, frozen(text), sources
    )
    return answer


@kernel
def _correct_lines(  # type: ignore[no-untyped-def]
    data, offsets, classes, lower, max_upper, max_digits, min_words, text, view, sources
):
    documents = len(offsets) - 1
    counts = np.zeros((documents, 6), np.int64)
    stretches, first = np.empty(3 * 1024, np.int64), np.zeros(documents + 1, np.int64)
    used = np.int64(0)
    for document in range(documents):
        row = counts[document]
        size = _copy_good_lines(
            data,
            offsets[document],
            offsets[document + 1],
            classes,
            lower,
            max_upper,
            max_digits,
            min_words,
            row,
            text,
            sources,
        )
        start, size = strip(view, np.int64(0), size, classes)
        for phrase in range(3 if _may_hold_phrase(view, start, size) else 0):
            size = _take_out(view, start, size, classes, phrase, row, text, sources)
            start, size = strip(view, np.int64(0), size, classes)
        position = start
        while position < size:
            run = position + 1
            while run < size and sources[run] == sources[run - 1] + 1:
                run += 1
            if used + 3 > len(stretches):
                stretches = _grown(stretches, 2 * len(stretches))
            stretches[used], stretches[used + 1], stretches[used + 2] = sources[position], sources[run - 1] + 1, 0
            used += 3
            position = run
        first[document + 1] = used
    return stretches, first, counts


@kernel
def _grown(stretches, size):  # type: ignore[no-untyped-def]
    larger = np.empty(size, np.int64)
    for k in range(len(stretches)):
        larger[k] = stretches[k]
    return larger


@helper
def _copy_good_lines(  # type: ignore[no-untyped-def]
    data, position, end, classes, lower, max_upper, max_digits, min_words, row, text, sources
):
    """Write the lines that no rule drops, newlines before them, and where each byte comes from; bytes written."""
    size, kept = np.int64(0), 0
    while True:
        stop, after = next_line(data, position, end, classes, NEWLINES_ONLY)
        row[LINES] += 1
        if _is_good(data, position, stop, classes, lower, max_upper, max_digits, min_words, row):
            begin = position - 1 if kept else position
            kept += 1
            for source in range(begin, stop):
                text[size] = data[source]
                sources[size] = source
                size += 1
        if after == stop:
            return size
        position = after


@helper
def _is_good(  # type: ignore[no-untyped-def]
    data, start, stop, classes, lower, max_upper, max_digits, min_words, row
):
    """Whether a line is empty or passes every rule, counted in `row` under the first it fails."""
    characters, upper, digits = 0, 0, 0
    words = np.int64(0)
    before = np.int64(SPACE)
    position = start
    while position < stop:
        flags = np.int64(BYTE_CLASSES[data[position]])
        after = position + 1
        if flags == 0:
            point, after = decode(data, position, stop)
            flags = np.int64(classes[point])
        position = after
        characters += 1
        upper += (flags & UPPER) != 0
        digits += (flags & DIGIT) != 0
        words += before & ~flags & SPACE
        before = flags
    if characters == 0:
        return True
    reason = -1
    if upper / characters > max_upper:
        reason = UPPER_CASE
    elif digits / characters > max_digits:
        reason = NUMBERS
    elif digits and _is_counter(data, start, stop, classes, lower):
        reason = COUNTERS
    elif words < min_words:
        reason = FEW_WORDS
    if reason >= 0:
        row[reason] += 1
    return reason < 0


@helper
def _is_counter(data, position, stop, classes, lower):  # type: ignore[no-untyped-def]
    """Whether a line is nothing but a number and what it counts: "3 likes", "1.2k views"."""
    position = _skip(data, position, stop, classes, WORD, False)
    number = position
    while position < stop:
        point, after = decode(data, position, stop)
        if not (classes[point] & DECIMAL or (position > number and point in (0x2C, 0x2E))):
            break
        position = after
    if position in (number, stop):
        return False
    point, after = decode(data, position, stop)
    if lower[point] in (0x6B, 0x6D, 0x62):
        position = after
    word = _skip(data, position, stop, classes, SPACE, True)
    if word == position:
        return False
    after = _after_counted(data, word, stop, lower)
    return after > word and _skip(data, after, stop, classes, WORD, False) == stop


@helper
def _skip(data, position, stop, classes, flag, having):  # type: ignore[no-untyped-def]
    """First position whose character has `flag`, or with `having` has it not."""
    while position < stop:
        point, after = decode(data, position, stop)
        if ((classes[point] & flag) != 0) != having:
            break
        position = after
    return position


@helper
def _after_counted(data, start, stop, lower):  # type: ignore[no-untyped-def]
    """End of one of the words that are counted, or `start`."""
    for row in range(len(_COUNTER_LENGTH)):
        position, matched = start, 0
        while position < stop and matched < _COUNTER_LENGTH[row]:
            point, after = decode(data, position, stop)
            if lower[point] != _COUNTER[row, matched]:
                break
            position = after
            matched += 1
        if matched == _COUNTER_LENGTH[row]:
            return position
    return start


@helper
def _may_hold_phrase(view, position, stop):  # type: ignore[no-untyped-def]
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
def _take_out(view, start, size, classes, phrase, row, text, sources):  # type: ignore[no-untyped-def]
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
        if few and stop > position and _skip(view, content, written, classes, SPACE, True) == written:
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


@kernel
def count_lexical_fields(data, offsets, classes):  # type: ignore[no-untyped-def]
    """Stretches without white space that begin with a letter or digit, int64 of shape (n,)."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        position, end = offsets[document], offsets[document + 1]
        fields, before = 0, np.int64(SPACE)
        while position < end:
            flags = np.int64(BYTE_CLASSES[data[position]])
            after = position + 1
            if flags == 0:
                point, after = decode(data, position, end)
                flags = np.int64(classes[point])
            fields += (before & SPACE) != 0 and (flags & ALPHANUMERIC) != 0
            before = flags
            position = after
        counts[document] = fields
    return counts

"""Which lines RefinedWeb's corrections drop: capitals, digits, counters ("3 likes"), single words."""

from __future__ import annotations

import numpy as np

from curation.kernels.jit import helper
from curation.kernels.unicode_tables import BYTE_CLASSES, DECIMAL, DIGIT, SPACE, UPPER, WORD
from curation.kernels.utf8 import decode

__all__ = ["is_good", "skip"]

# Columns of counts, for each reason in the order in which rules are tried; the first is lines.
UPPER_CASE, NUMBERS, COUNTERS, FEW_WORDS = range(1, 5)

_COUNTED = ["likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes"]
_COUNTED += ["downloads", "views", "followers"]
_COUNTER = np.zeros((len(_COUNTED), 10), np.uint8)
for _row, _word in enumerate(_COUNTED):
    _COUNTER[_row, : len(_word)] = list(_word.encode())
_COUNTER_LENGTH = np.array([len(word) for word in _COUNTED])


@helper
def is_good(  # type: ignore[no-untyped-def]
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
    position = skip(data, position, stop, classes, WORD, False)
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
    word = skip(data, position, stop, classes, SPACE, True)
    if word == position:
        return False
    after = _after_counted(data, word, stop, lower)
    return after > word and skip(data, after, stop, classes, WORD, False) == stop


@helper
def skip(data, position, stop, classes, flag, having):  # type: ignore[no-untyped-def]
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

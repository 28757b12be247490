"""Where sentences end, by rules that need no model.

A sentence ends with a run of characters of the Unicode property Sentence_Terminal (`.` `!` `?` `。` ...) and the
closing quotes and brackets after it, when white space or the end of the text follows; behind an ideographic terminator
nothing has to follow. A full stop is no end after a single letter (an initial; the letter of a contraction, "can't.",
is none), nor when a lower-case letter comes straight after the white space. What is left at the end, if there is a
letter or digit in it, is a sentence too.

NLTK's Punkt, which C4 counts with, has learnt abbreviations in addition: here "Mr. Smith" holds an end.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.blocks import BLOCK, digit_bits, equal_bits, first_bit, letter_bits, range_bits
from curation.kernels.jit import helper, kernel
from curation.kernels.lines import strip
from curation.kernels.unicode_tables import (
    ALPHABETIC,
    ALPHANUMERIC,
    BYTE_CLASSES,
    LOWER,
    SENTENCE_END,
    SPACE,
)
from curation.kernels.utf8 import decode, previous

__all__ = ["count_sentence_marks", "count_sentences", "next_sentence", "sentence_ends", "sentences_between"]

# Columns of count_sentence_marks.
SENTENCES, BULLET_SENTENCES, ELLIPSIS_SENTENCES = range(3)

_FULL_STOP = 0x2E
_APOSTROPHE, _CURLY_APOSTROPHE = 0x27, 0x2019
_STOP, _BANG, _QUERY = (np.uint8(ord(mark)) for mark in ".!?")
_D6, _E0, _EA, _EF = (np.uint8(byte) for byte in (0xD6, 0xE0, 0xEA, 0xEF))
_D6_TO_DF, _E0_TO_E3, _EF_TO_F0 = np.uint8(10), np.uint8(4), np.uint8(2)
# From here on scripts are ideographic or syllabic, and their terminators need no space.
_IDEOGRAPHIC = 0x3000


@kernel
def count_sentences(data, offsets, classes):  # type: ignore[no-untyped-def]
    """Sentences of each document, int64 of shape (n,)."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    for document in range(len(counts)):
        counts[document] = sentences_between(data, offsets[document], offsets[document + 1], classes)
    return counts


@kernel
def sentence_ends(data, classes):  # type: ignore[no-untyped-def]
    """Byte after each sentence of one text, white space behind it not included; what holds no letter is left out."""
    ends = np.empty(len(data), np.int64)
    count, position = 0, 0
    while position < len(data):
        position, found = next_sentence(data, position, len(data), classes)
        if found:
            ends[count] = position
            count += 1
    return ends[:count].copy()


@kernel
def count_sentence_marks(data, offsets, classes, bullets, endings, ending_offsets):  # type: ignore[no-untyped-def]
    """Sentences, those that begin with one of `bullets` (code points), and those that end with one of `endings`.

    int64 of shape (n, 3). Sentences are looked at without the white space around them; endings are bytes with offsets,
    in ASCII lower case, compared without regard to it.
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 3), np.int64)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        sentences, with_bullet, with_ending = 0, 0, 0
        while position < end:
            start = position
            position, found = next_sentence(data, position, end, classes)
            if not found:
                continue
            first, last = strip(data, start, position, classes)
            point, _ = decode(data, first, last)
            sentences += 1
            for bullet in bullets:
                with_bullet += point == bullet
            with_ending += _ends_with(data, first, last, endings, ending_offsets)
        counts[document, SENTENCES] = sentences
        counts[document, BULLET_SENTENCES] = with_bullet
        counts[document, ELLIPSIS_SENTENCES] = with_ending
    return counts


@helper
def _ends_with(data, start, stop, endings, ending_offsets):  # type: ignore[no-untyped-def]
    for k in range(len(ending_offsets) - 1):
        size = ending_offsets[k + 1] - ending_offsets[k]
        same = size <= stop - start
        for j in range(size if same else 0):
            byte = data[stop - size + j]
            same &= (byte + 32 if 65 <= byte <= 90 else byte) == endings[ending_offsets[k] + j]
        if same:
            return True
    return False


@helper
def sentences_between(data, position, end, classes):  # type: ignore[no-untyped-def]
    """Sentences in data[position:end]."""
    count = 0
    while position < end:
        position, found = next_sentence(data, position, end, classes)
        count += found
    return count


@helper
def next_sentence(data, position, end, classes):  # type: ignore[no-untyped-def]
    """End of the sentence that starts at `position`, and whether there is a letter or digit in it."""
    start, filled = position, False
    while position < end:
        if filled:
            position = _skip_inside(data, position, end)
            if position == end:
                break
        byte = data[position]
        if byte < 0x80:
            point, after = np.int64(byte), position + 1
        else:
            point, after = decode(data, position, end)
        flags = np.int64(classes[point])
        if not flags & SENTENCE_END:
            filled |= (flags & ALPHANUMERIC) != 0
            position = after
            continue
        initial = point == _FULL_STOP and _is_initial(data, start, position, classes)
        position, stop, ideographic = _end_of_marks(data, after, end, classes, point)
        if filled and not initial and (ideographic or _is_end(data, position, end, classes, stop)):
            return position, True
    return end, filled


@helper
def _skip_inside(data, position, end):  # type: ignore[no-untyped-def]
    """First position where a sentence may end: not at terminators of ASCII before a letter or digit of ASCII."""
    while position < end and position + BLOCK < len(data):
        bits = _terminator_bits(data, position) & ~(letter_bits(data, position + 1) | digit_bits(data, position + 1))
        bits |= _wide_terminator_bits(data, position)
        if bits:
            return min(position + first_bit(bits), end)
        position += BLOCK
    while position < end and data[position] < 0x80 and not BYTE_CLASSES[data[position]] & SENTENCE_END:
        position += 1
    return min(position, end)


@helper
def _terminator_bits(data, position):  # type: ignore[no-untyped-def]
    return equal_bits(data, position, _STOP) | equal_bits(data, position, _BANG) | equal_bits(data, position, _QUERY)


@helper
def _wide_terminator_bits(data, position):  # type: ignore[no-untyped-def]
    """Bytes with which the terminators beyond ASCII begin: no letters of Latin, Greek, Cyrillic, nor most of Han."""
    two = range_bits(data, position, _D6, _D6_TO_DF)
    three = range_bits(data, position, _E0, _E0_TO_E3) | equal_bits(data, position, _EA)
    return two | three | range_bits(data, position, _EF, _EF_TO_F0)


@helper
def _is_initial(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """Whether data[start:stop] ends with a single letter."""
    last = previous(data, start, stop)
    if last == stop:
        return False
    point, _ = decode(data, last, stop)
    if not classes[point] & ALPHABETIC:
        return False
    before = previous(data, start, last)
    point, _ = decode(data, before, stop)
    if point in (_APOSTROPHE, _CURLY_APOSTROPHE):
        ahead = previous(data, start, before)
        point, _ = decode(data, ahead, stop)
        return ahead == before or not classes[point] & ALPHANUMERIC
    return before == last or not classes[point] & ALPHANUMERIC


@helper
def _end_of_marks(data, position, end, classes, point):  # type: ignore[no-untyped-def]
    """End of the terminators and closing marks at `position`; were all full stops, was one ideographic."""
    stop, ideographic = point == _FULL_STOP, point >= _IDEOGRAPHIC
    while position < end:
        point, after = decode(data, position, end)
        flags = np.int64(classes[point])
        if flags & SENTENCE_END:
            stop &= point == _FULL_STOP
            ideographic |= point >= _IDEOGRAPHIC
        elif not _closes(point):
            break
        position = after
    return position, stop, ideographic


@helper
def _closes(point):  # type: ignore[no-untyped-def]
    """Closing quotes and brackets: " ' ) ] } » ’ ” › 」 』 】 ） ］."""
    if point < 0x80:
        return point in (0x22, 0x27, 0x29, 0x5D, 0x7D)
    return point in (0xBB, 0x2019, 0x201D, 0x203A, 0x300D, 0x300F, 0x3011, 0xFF09, 0xFF3D)


@helper
def _is_end(data, position, end, classes, stop):  # type: ignore[no-untyped-def]
    """Whether white space or nothing follows and, after full stops alone, no word in lower case."""
    if position >= end:
        return True
    point, after = decode(data, position, end)
    if not classes[point] & SPACE:
        return False
    # One white space is looked over, so that a long stretch of it is not read again for every terminator before it.
    if not stop or after >= end:
        return True
    point, _ = decode(data, after, end)
    return not classes[point] & LOWER

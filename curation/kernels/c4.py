"""C4's line rules (Raffel et al. 2020; `clean_page` of tensorflow_datasets/text/c4_utils.py), one pass over a batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.blocks import BLOCK, count_byte, space_bits
from curation.kernels.c4_citations import find_citations, write_without
from curation.kernels.c4_phrases import BRACKET, CURLY, JAVASCRIPT, LOREM, POLICY, scan
from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.lines import EVERY_BREAK, next_line, strip
from curation.kernels.sentences import sentences_between
from curation.kernels.utf8 import count_characters
from curation.kernels.words import next_field

__all__ = ["count_page", "keep_lines"]

# Columns of keep_lines: lines that were kept or dropped for each reason, in the order in which rules are tried; on
# lines that got so far, the phrase and the bracket that condemn the page; what the kept lines hold.
(
    LINES,
    KEPT,
    LONG_WORD,
    NO_END_MARK,
    FEW_WORDS,
    JAVASCRIPT_LINES,
    POLICY_LINES,
    LOREM_IPSUM,
    CURLY_BRACKET,
    SENTENCES,
    CITATIONS,
) = range(11)
# Columns of count_page.
PAGE_LINES, PAGE_LONG_LINES, PAGE_SENTENCES, PAGE_LOREM, PAGE_CURLY, PAGE_JAVASCRIPT, PAGE_POLICY, PAGE_WORD = range(8)

_BRACKET_BYTE = np.uint8(0x5B)


def keep_lines(
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    classes: npt.NDArray[np.uint16],
    longest_word: int,
    end_marks: npt.NDArray[np.uint8],
    words_first: bool,
    min_words: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Stretches of text that stay, for `rewriting.assemble`, and counts.

    `end_marks` are the bytes a line may end with, none to keep any line; `words_first`: words are counted before
    citations are taken out. Lines are those of `str.splitlines`, stripped. Returned: stretches (three numbers each),
    where those of each document begin (n+1), counts (n, 11).
    """
    # Lines without their citations are written to `scratch` and read through a read-only view of it, so that the rules
    # are compiled for one type of array.
    scratch = np.empty(int(np.diff(offsets).max(initial=0)), np.uint8)
    answer: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]] = _keep_lines(
        data, offsets, classes, scratch, frozen(scratch), longest_word, frozen(end_marks), words_first, min_words
    )
    return answer


@kernel
def _keep_lines(  # type: ignore[no-untyped-def]
    data, offsets, classes, scratch, joined, longest_word, end_marks, words_first, min_words
):
    documents = len(offsets) - 1
    counts = np.zeros((documents, 11), np.int64)
    stretches, first = np.empty(3 * 1024, np.int64), np.zeros(documents + 1, np.int64)
    cuts = np.empty(2 * 16, np.int64)
    used = np.int64(0)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        row = counts[document]
        while position < end:
            stop, after = next_line(data, position, end, classes, EVERY_BREAK)
            start, last = strip(data, position, stop, classes)
            row[LINES] += 1
            found, words = scan(data, start, last, classes)
            brackets = count_byte(data, start, last, _BRACKET_BYTE) if found & BRACKET else 0
            if 2 * brackets > len(cuts):
                cuts = np.empty(4 * brackets, np.int64)
            if used + 3 * (brackets + 1) > len(stretches):
                stretches = _grown(stretches, 2 * (used + 3 * (brackets + 1)))
            number = find_citations(data, start, last, classes, cuts) if brackets else 0
            text, begin, behind = data, start, last
            if number:
                text, begin, behind = joined, np.int64(0), write_without(data, start, last, cuts, number, scratch)
                found, left = scan(text, begin, behind, classes)
                words = words if words_first else left
            if _has_longer_word(data, start, last, classes, longest_word):
                row[LONG_WORD] += 1
            elif _passes(text, begin, behind, classes, row, found, words, end_marks, min_words):
                row[CITATIONS] += number
                used = _keep_between(start, last, cuts, number, row[KEPT] > 1, stretches, used)
            if after == stop:
                break
            position = after
        first[document + 1] = used
    return stretches, first, counts


@kernel
def _grown(stretches, size):  # type: ignore[no-untyped-def]
    larger = np.empty(size, np.int64)
    for k in range(len(stretches)):
        larger[k] = stretches[k]
    return larger


@helper
def _passes(data, start, stop, classes, row, found, words, end_marks, min_words):  # type: ignore[no-untyped-def]
    """Whether a line is kept, counted in `row` under the first rule that decides."""
    if len(end_marks) and not _ends_well(data, start, stop, end_marks):
        row[NO_END_MARK] += 1
        return False
    if words < min_words:
        row[FEW_WORDS] += 1
        return False
    row[LOREM_IPSUM] += (found & LOREM) != 0
    if found & JAVASCRIPT:
        row[JAVASCRIPT_LINES] += 1
        return False
    row[CURLY_BRACKET] += (found & CURLY) != 0
    if found & POLICY:
        row[POLICY_LINES] += 1
        return False
    row[KEPT] += 1
    row[SENTENCES] += sentences_between(data, start, stop, classes)
    return True


@helper
def _ends_well(data, start, stop, end_marks):  # type: ignore[no-untyped-def]
    """Whether the last byte is one of `end_marks`, and the line does not end with three full stops."""
    if stop == start or (stop - start >= 3 and data[stop - 1] == data[stop - 2] == data[stop - 3] == 0x2E):
        return False
    marked = False
    for mark in end_marks:
        marked |= data[stop - 1] == mark
    return marked


@helper
def _has_longer_word(data, start, stop, classes, limit):  # type: ignore[no-untyped-def]
    """Whether a word at whitespace has more characters; looked at closely where many blocks have no space of ASCII."""
    if stop - start <= limit:
        return False
    blocks, position = 0, start
    while position < stop and position + BLOCK <= len(data):
        blocks = 1 if space_bits(data, position) else blocks + 1
        if (blocks + 1) * BLOCK > limit:
            break
        position += BLOCK
    return position < stop and _longest_word(data, start, stop, classes) > limit


@helper
def _longest_word(data, position, stop, classes):  # type: ignore[no-untyped-def]
    """Characters of the longest word at whitespace."""
    longest = 0
    while position < stop:
        _, position, characters, _, _ = next_field(data, position, stop, classes)
        longest = max(longest, characters)
    return longest


@helper
def _add_stretch(stretches, used, start, stop, newline):  # type: ignore[no-untyped-def]
    stretches[used], stretches[used + 1] = start, stop
    stretches[used + 2] = newline
    return used + 3


@helper
def _keep_between(start, stop, cuts, number, newline, stretches, used):  # type: ignore[no-untyped-def]
    """Add the stretches of a line between its cuts; how many are used afterwards."""
    position = start
    for k in range(number + 1):
        last = cuts[2 * k] if k < number else stop
        if position < last or k == 0:
            used = _add_stretch(stretches, used, position, last, newline and k == 0)
        position = cuts[2 * k + 1] if k < number else stop
    return used


@kernel
def count_page(data, offsets, classes, long_line):  # type: ignore[no-untyped-def]
    """What C4's page rules look at, in a text as it stands; int64 of shape (n, 8): lines of `str.splitlines`, those of
    at least `long_line` characters, sentences, lines with each phrase or bracket, longest word in characters.
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 8), np.int64)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        row = counts[document]
        while position < end:
            stop, after = next_line(data, position, end, classes, EVERY_BREAK)
            found, _ = scan(data, position, stop, classes)
            row[PAGE_LINES] += 1
            row[PAGE_LONG_LINES] += count_characters(data, position, stop) >= long_line
            row[PAGE_SENTENCES] += sentences_between(data, position, stop, classes)
            row[PAGE_LOREM] += (found & LOREM) != 0
            row[PAGE_CURLY] += (found & CURLY) != 0
            row[PAGE_JAVASCRIPT] += (found & JAVASCRIPT) != 0
            row[PAGE_POLICY] += (found & POLICY) != 0
            row[PAGE_WORD] = max(row[PAGE_WORD], _longest_word(data, position, stop, classes))
            if after == stop:
                break
            position = after
    return counts

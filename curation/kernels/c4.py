"""C4's line rules (Raffel et al. 2020; `clean_page` of tensorflow_datasets/text/c4_utils.py), one pass over a batch.

Phrases are compared in lower case, as `str.lower` gives it: beside ASCII only the Kelvin sign (U+212A) matters, whose
lower case is "k".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.lines import next_line, strip
from curation.kernels.sentences import sentences_between
from curation.kernels.unicode_tables import DECIMAL, SPACE
from curation.kernels.utf8 import count_characters, decode
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
# What a line holds, as bits.
_LOREM, _JAVASCRIPT, _POLICY, _CURLY, _BRACKET = 1, 2, 4, 8, 16

_CITATIONS = [b"[edit]", b"[citation needed]"]
_PHRASES = [
    # A phrase is looked for where a rare letter of it stands: text, index of that letter, bit.
    (b"javascript", 0, _JAVASCRIPT),
    (b"lorem ipsum", 7, _LOREM),
    (b"privacy policy", 3, _POLICY),
    (b"terms of use", 3, _POLICY),
    (b"cookie policy", 3, _POLICY),
    (b"uses cookies", 8, _POLICY),
    (b"use of cookies", 10, _POLICY),
    (b"use cookies", 7, _POLICY),
]
_PHRASE = np.zeros((len(_PHRASES), 16), np.uint8)
for _row, (_text, _, _) in enumerate(_PHRASES):
    _PHRASE[_row, : len(_text)] = list(_text)
_LENGTH = np.array([len(text) for text, _, _ in _PHRASES])
_RARE = np.array([index for _, index, _ in _PHRASES])
_BIT = np.array([bit for _, _, bit in _PHRASES])
# First and last phrase to try at a byte, lower case or not; the Kelvin sign begins with E2.
_TRY = np.zeros((256, 2), np.int64)
for _letter, _span in {"j": (0, 1), "p": (1, 2), "v": (2, 3), "m": (3, 4), "k": (4, 8)}.items():
    _TRY[ord(_letter)] = _TRY[ord(_letter.upper())] = _span
_TRY[0xE2] = (4, 8)
# What a byte may be; the first is the flag SPACE, too.
_SPACE_BYTE, _RARE_BYTE = 1, 2
_KIND = np.zeros(256, np.uint8)
_KIND[list(b" \t\n\v\f\r\x1c\x1d\x1e\x1f")] = _SPACE_BYTE
_KIND[[0xE2, *b"{[jpvmkJPVMK"]] = _RARE_BYTE
_CITATION = np.zeros((2, 17), np.uint8)
for _row, _text in enumerate(_CITATIONS):
    _CITATION[_row, : len(_text)] = list(_text)


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
            stop, after = next_line(data, position, end, classes, True)
            start, last = strip(data, position, stop, classes)
            row[LINES] += 1
            found, words = _scan(data, start, last, classes)
            brackets = _count_brackets(data, start, last) if found & _BRACKET else 0
            if 2 * brackets > len(cuts):
                cuts = np.empty(4 * brackets, np.int64)
            if used + 3 * (brackets + 1) > len(stretches):
                stretches = _grown(stretches, 2 * (used + 3 * (brackets + 1)))
            number = _find_citations(data, start, last, classes, cuts) if brackets else 0
            text, begin, behind = data, start, last
            if number:
                text, begin, behind = joined, np.int64(0), _write_without(data, start, last, cuts, number, scratch)
                found, left = _scan(text, begin, behind, classes)
                words = words if words_first else left
            if last - start > longest_word and _longest_word(data, start, last, classes) > longest_word:
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
    row[LOREM_IPSUM] += (found & _LOREM) != 0
    if found & _JAVASCRIPT:
        row[JAVASCRIPT_LINES] += 1
        return False
    row[CURLY_BRACKET] += (found & _CURLY) != 0
    if found & _POLICY:
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
def _scan(data, start, stop, classes):  # type: ignore[no-untyped-def]
    """What a line holds (bits), and its number of words at whitespace."""
    found = 0
    words = np.int64(0)
    before = np.int64(_SPACE_BYTE)
    position = start
    while position < stop:
        byte = data[position]
        kind = np.int64(_KIND[byte])
        position += 1
        if kind & _RARE_BYTE:
            found |= _try_phrases(data, start, position - 1, stop)
        if byte >= 0x80:
            point, position = decode(data, position - 1, stop)
            kind = np.int64(classes[point]) & SPACE
        # A word begins where a character that is no space follows one that is.
        words += before & ~kind & _SPACE_BYTE
        before = kind
    return found, words


@helper
def _longest_word(data, position, stop, classes):  # type: ignore[no-untyped-def]
    """Characters of the longest word at whitespace."""
    longest = 0
    while position < stop:
        _, position, characters, _, _ = next_field(data, position, stop, classes)
        longest = max(longest, characters)
    return longest


@helper
def _try_phrases(data, start, position, stop):  # type: ignore[no-untyped-def]
    """Bits of the phrases whose rare letter stands at `position`."""
    byte = data[position]
    if byte == 0x7B:
        return _CURLY
    if byte == 0x5B:
        return _BRACKET
    width = 1
    if byte == 0xE2:
        if position + 3 > stop or data[position + 1] != 0x84 or data[position + 2] != 0xAA:
            return 0
        width = 3
    found = 0
    for phrase in range(_TRY[byte, 0], _TRY[byte, 1]):
        before, behind = _RARE[phrase], _LENGTH[phrase] - _RARE[phrase] - 1
        if position - before >= start and position + width + behind <= stop:
            same = True
            for k in range(before):
                same &= _lower(data[position - before + k]) == _PHRASE[phrase, k]
            for k in range(behind):
                same &= _lower(data[position + width + k]) == _PHRASE[phrase, before + 1 + k]
            found |= same * _BIT[phrase]
    return found


@helper
def _lower(byte):  # type: ignore[no-untyped-def]
    return byte + 32 if 65 <= byte <= 90 else byte


@helper
def _count_brackets(data, start, stop):  # type: ignore[no-untyped-def]
    count = 0
    for position in range(start, stop):
        count += data[position] == 0x5B
    return count


@helper
def _find_citations(data, start, stop, classes, cuts):  # type: ignore[no-untyped-def]
    """Fill `cuts` with the stretches that match \\[\\d*\\], [edit] or [citation needed]; how many."""
    number, position = 0, start
    while position < stop:
        if data[position] != 0x5B:
            position += 1
            continue
        behind = position + 1
        while behind < stop:
            point, after = decode(data, behind, stop)
            if not classes[point] & DECIMAL:
                break
            behind = after
        if behind < stop and data[behind] == 0x5D:
            behind += 1
        else:
            behind = position + _word_citation(data, position, stop)
        if behind > position:
            cuts[2 * number], cuts[2 * number + 1] = position, behind
            number += 1
        position = max(behind, position + 1)
    return number


@helper
def _word_citation(data, position, stop):  # type: ignore[no-untyped-def]
    """Length of [edit] or [citation needed] at `position`, or 0."""
    for row in range(2):
        length = 6 if row == 0 else 17
        if position + length <= stop:
            same = True
            for k in range(length):
                same &= data[position + k] == _CITATION[row, k]
            if same:
                return length
    return 0


@helper
def _write_without(data, start, stop, cuts, number, scratch):  # type: ignore[no-untyped-def]
    """Write a line without the cuts; how many bytes."""
    size, position = 0, start
    for k in range(number + 1):
        last = cuts[2 * k] if k < number else stop
        for at in range(position, last):
            scratch[size] = data[at]
            size += 1
        position = cuts[2 * k + 1] if k < number else stop
    return size


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
            stop, after = next_line(data, position, end, classes, True)
            found, _ = _scan(data, position, stop, classes)
            row[PAGE_LINES] += 1
            row[PAGE_LONG_LINES] += count_characters(data, position, stop) >= long_line
            row[PAGE_SENTENCES] += sentences_between(data, position, stop, classes)
            row[PAGE_LOREM] += (found & _LOREM) != 0
            row[PAGE_CURLY] += (found & _CURLY) != 0
            row[PAGE_JAVASCRIPT] += (found & _JAVASCRIPT) != 0
            row[PAGE_POLICY] += (found & _POLICY) != 0
            row[PAGE_WORD] = max(row[PAGE_WORD], _longest_word(data, position, stop, classes))
            if after == stop:
                break
            position = after
    return counts

"""RefinedWeb's line corrections (Penedo et al. 2023, appendix), as DCLM reproduced them; lines end at "\\n" alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.lines import NEWLINES_ONLY, next_line, strip
from curation.kernels.refinedweb_lines import COUNTERS, FEW_WORDS, NUMBERS, UPPER_CASE, is_good
from curation.kernels.refinedweb_phrases import PHRASES, may_hold_phrase, take_out
from curation.kernels.unicode_tables import ALPHANUMERIC, BYTE_CLASSES, SPACE
from curation.kernels.utf8 import decode

__all__ = [
    "COUNTERS",
    "FEW_WORDS",
    "LINES",
    "NUMBERS",
    "PHRASES",
    "UPPER_CASE",
    "correct_lines",
    "count_lexical_fields",
]

_Numbers = npt.NDArray[np.int64]

LINES = 0  # column of correct_lines, beside those of `refinedweb_lines` and `refinedweb_phrases`

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
        for phrase in range(3 if may_hold_phrase(view, start, size) else 0):
            size = take_out(view, start, size, classes, phrase, row, text, sources)
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
        if is_good(data, position, stop, classes, lower, max_upper, max_digits, min_words, row):
            begin = position - 1 if kept else position
            kept += 1
            for source in range(begin, stop):
                text[size] = data[source]
                sources[size] = source
                size += 1
        if after == stop:
            return size
        position = after


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

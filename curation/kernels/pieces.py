"""Repeated lines and paragraphs of one text: how many there are, and how much of the text they hold."""

from __future__ import annotations

import numpy as np

from curation.kernels.blocks import count_byte, find_byte
from curation.kernels.hash_tables import add, clear, find_slot, hash_long, table_size
from curation.kernels.jit import helper, kernel
from curation.kernels.lines import strip
from curation.kernels.utf8 import count_characters

__all__ = ["count_duplicates"]

# Columns of count_duplicates. EXTRA: every occurrence after the first. COPIES: every occurrence of what occurs again.
PIECES, CHARACTERS, EXTRA, EXTRA_CHARACTERS, COPIES, COPIES_CHARACTERS = range(6)
# Which pieces count: all as they are, those with anything but whitespace, or the same stripped.
AS_IS, FILLED, STRIPPED = range(3)

_NEWLINE = np.uint8(0x0A)
_FEW = 256  # pieces that a table has room for at first


@kernel
def count_duplicates(data, offsets, classes, newlines, longer_runs, stripped_text, form):  # type: ignore[no-untyped-def]
    """Pieces between runs of newlines, and the repeated ones; int64 of shape (n, 6).

    Pieces are cut at `newlines` consecutive "\\n", or at that many and any more that follow (`longer_runs`). With
    `stripped_text` whitespace at both ends of the text is left out first. `form` says which pieces count, and how they
    are compared and measured. Characters are code points.
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, 6), np.int64)
    keys, seen = np.zeros(64, np.uint64), np.zeros(64, np.int32)
    for document in range(documents):
        start, end = offsets[document], offsets[document + 1]
        if stripped_text:
            start, end = strip(data, start, end, classes)
        size = table_size(min(count_byte(data, start, end, _NEWLINE) + 1, _FEW))
        if size > len(keys):
            keys, seen = np.zeros(size, np.uint64), np.zeros(size, np.int32)
        row = counts[document]
        while True:
            start = _count_pieces(data, start, end, classes, newlines, longer_runs, form, keys, size, seen, row)
            if start < 0:
                break
            larger = 4 * size
            new_keys, new_seen = np.zeros(larger, np.uint64), np.zeros(larger, np.int32)
            _move(keys, size, seen, new_keys, larger, new_seen)
            keys, seen, size = new_keys, new_seen, larger
        clear(keys, size)
    return counts


@helper
def _count_pieces(  # type: ignore[no-untyped-def]
    data, start, end, classes, newlines, longer_runs, form, keys, size, seen, counts
):
    """Add to one row of `count_duplicates` with a hash table of `keys` and how often each was `seen`.

    Returns where to go on with a larger table, or -1 at the end. So a table grows with pieces that differ.
    """
    while True:
        if 2 * (counts[PIECES] - counts[EXTRA]) >= size:
            return start
        stop, after = next_piece(data, start, end, newlines, longer_runs)
        first, last = start, stop
        if form != AS_IS:
            first, last = strip(data, start, stop, classes)
        if first < last or form == AS_IS:
            if form == FILLED:
                first, last = start, stop
            characters = count_characters(data, first, last)
            times = add(keys, size, seen, hash_long(data, first, last))
            copies = (times > 1) + (times == 2)
            counts[PIECES] += 1
            counts[CHARACTERS] += characters
            counts[EXTRA] += times > 1
            counts[EXTRA_CHARACTERS] += (times > 1) * characters
            counts[COPIES] += copies
            counts[COPIES_CHARACTERS] += copies * characters
        if after == stop:
            return np.int64(-1)
        start = after


@helper
def _move(keys, size, seen, new_keys, new_size, new_seen):  # type: ignore[no-untyped-def]
    """Put what is in one table into another that is empty."""
    for slot in range(size):
        if keys[slot]:
            place = find_slot(new_keys, new_size, keys[slot])
            new_keys[place], new_seen[place] = keys[slot], seen[slot]


@helper
def next_piece(data, position, end, newlines, longer_runs):  # type: ignore[no-untyped-def]
    """End of the piece that starts at `position`, and start of the next; equal when no cut follows."""
    while True:
        position = find_byte(data, position, end, _NEWLINE)
        if position == end:
            return end, end
        run = 1
        while position + run < end and data[position + run] == _NEWLINE and (longer_runs or run < newlines):
            run += 1
        if run >= newlines:
            return position, position + run
        position += run

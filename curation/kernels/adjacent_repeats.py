"""Repeats that stand next to each other: the cheap test in front of `remove_repeated_lines`, and tokens with places.

A run at distance p is a stretch in which every element equals the one p before it. p elements of such a run are one
more copy of a block of p elements.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hash_tables import hash_bytes
from curation.kernels.jit import helper, kernel
from curation.kernels.utf8 import decode
from curation.kernels.words import next_word

__all__ = ["character_runs", "find_repetitive", "line_hashes", "token_places"]

_LF = 10


@helper
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or 9 <= byte <= 13


@helper
def _next_line(data, position, end):  # type: ignore[no-untyped-def]
    """The next line that is not blank, without ASCII white space around it, and where the search goes on."""
    while position < end:
        stop = position
        while stop < end and data[stop] != _LF:
            stop += 1
        first, last = position, stop
        while first < last and _is_space(data[first]):
            first += 1
        while last > first and _is_space(data[last - 1]):
            last -= 1
        if first < last:
            return first, last, stop + 1
        position = stop + 1
    return end, end, end


@helper
def _read_lines(data, start, end, hashes, sizes):  # type: ignore[no-untyped-def]
    count, position = 0, start
    while True:
        first, last, position = _next_line(data, position, end)
        if first == last:
            return count
        hashes[count], sizes[count] = hash_bytes(data, first, last), last - first
        count += 1


@helper
def _lines_repeat(hashes, sizes, count, max_period, min_bytes):  # type: ignore[no-untyped-def]
    for period in range(1, min(max_period, count - 1) + 1):
        run = taken = 0
        for i in range(period, count):
            if hashes[i] != hashes[i - period]:
                run = taken = 0
                continue
            run += 1
            taken += sizes[i]
            if run >= period and taken >= min_bytes:
                return True
    half = count // 2
    if half == 0 or count % 2:
        return False
    taken = 0
    for i in range(half):
        if hashes[i] != hashes[half + i]:
            return False
        taken += sizes[i]
    return taken >= min_bytes


@helper
def _words_loop(data, start, end, classes, tokens, runs, limits):  # type: ignore[no-untyped-def]
    """Whether a run at some distance p reaches limits[p - 1]. `tokens` is scratch; zeros come first."""
    longest = len(runs)
    runs[:] = 0
    tokens[:longest] = 0
    place, position = longest, start
    while True:
        first, position, _, _, _, _ = next_word(data, position, end, classes)
        if first >= position:
            return False
        hashed = hash_bytes(data, first, position)
        tokens[place] = hashed
        reached = 0
        # Without a branch, so that it becomes vector instructions.
        for k in range(longest):
            runs[k] = (runs[k] + 1) * (tokens[place - 1 - k] == hashed)
            reached += runs[k] >= limits[k]
        if reached:
            return True
        place += 1


@helper
def _has_character_run(data, start, end, limit):  # type: ignore[no-untyped-def]
    run, last, position = 0, np.int64(-1), start
    while position < end:
        point, position = decode(data, position, end)
        run = run + 1 if point == last else 1
        last = point
        if run > limit:
            return True
    return False


@helper
def _next_run(data, position, end):  # type: ignore[no-untyped-def]
    """Characters of the run of one character that begins at `position`, and where it ends."""
    point, after = decode(data, position, end)
    run, last = 1, point
    while after < end:
        position = after
        point, after = decode(data, position, end)
        if point != last:
            return run, position
        run += 1
    return run, end


@kernel
def character_runs(data, start, end, limit):  # type: ignore[no-untyped-def]
    """Start and end, in characters, of each run of more than `limit` times the same one; int64 of shape (n, 2)."""
    found, position = 0, start
    while position < end:
        run, position = _next_run(data, position, end)
        found += run > limit
    spans = np.empty((found, 2), np.int64)
    k, characters, position = 0, 0, start
    while position < end:
        run, position = _next_run(data, position, end)
        if run > limit:
            spans[k, 0], spans[k, 1] = characters, characters + run
            k += 1
        characters += run
    return spans


@kernel
def find_repetitive(data, offsets, classes, max_lines, min_bytes, max_words, copies, max_run):  # type: ignore[no-untyped-def]
    """bool[n]: documents that may have something for `remove_repeated_lines` to take out; 0 switches a part off."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    longest = 1
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    hashes, sizes = np.empty(longest // 2 + 1, np.uint64), np.empty(longest // 2 + 1, np.int64)
    tokens, runs = np.empty(longest + max_words, np.uint64), np.zeros(max_words, np.int64)
    limits = copies * np.arange(1, max_words + 1)
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        if max_lines > 0:
            count = _read_lines(data, start, end, hashes, sizes)
            found[row] = _lines_repeat(hashes, sizes, count, max_lines, min_bytes)
        if max_words > 0 and not found[row]:
            found[row] = _words_loop(data, start, end, classes, tokens, runs, limits)
        if max_run > 0 and not found[row]:
            found[row] = _has_character_run(data, start, end, max_run)
    return found


@kernel
def line_hashes(data, start, end):  # type: ignore[no-untyped-def]
    """(uint64 hashes, int64 starts, int64 stops) of the lines of data[start:end] that are not blank.

    White space (ASCII) around a line is left out.
    """
    count, position = 0, start
    while True:
        first, last, position = _next_line(data, position, end)
        if first == last:
            break
        count += 1
    hashes, starts, stops = np.empty(count, np.uint64), np.empty(count, np.int64), np.empty(count, np.int64)
    position = start
    for k in range(count):
        starts[k], stops[k], position = _next_line(data, position, end)
        hashes[k] = hash_bytes(data, starts[k], stops[k])
    return hashes, starts, stops


@kernel
def token_places(data, start, end, classes):  # type: ignore[no-untyped-def]
    """(uint64 hashes, int64 starts, int64 stops) of the tokens of `next_word` in data[start:end]."""
    count, position = 0, start
    while True:
        first, position, _, _, _, _ = next_word(data, position, end, classes)
        if first >= position:
            break
        count += 1
    hashes, starts, stops = np.empty(count, np.uint64), np.empty(count, np.int64), np.empty(count, np.int64)
    position = start
    for k in range(count):
        starts[k], position, _, _, _, _ = next_word(data, position, end, classes)
        stops[k] = position
        hashes[k] = hash_bytes(data, starts[k], position)
    return hashes, starts, stops

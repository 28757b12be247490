"""Where documents repeat parts of known texts ("needles"), with words changed, added or left out on the way.

Every n-gram of the needles is a seed in one hash table. A seed found in a document fixes an alignment of needle and
document, which is followed to both sides token by token; where they differ, up to `GAP` tokens may be exchanged, added
or missing before two equal ones in a row bring them together again, and after `MISSES` tokens without it the alignment
ends. What counts is how much of the needle was met.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.shingles import windows

__all__ = ["GAP", "MISSES", "RARE", "Needles", "Overlaps", "find_overlaps", "index_needles"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]

GAP = 3
MISSES = 11
RARE = 4


class Needles(NamedTuple):
    """Hash table of seeds (open addressing, key 0 is empty) and the tokens of all needles."""

    keys: Words  # (slots,) a power of two
    places: Indexes  # (slots,) seed -> row of `postings`
    postings: Indexes  # (seeds + 1,) offsets into the next two
    needle: Indexes
    token: Indexes  # place of the seed within all tokens
    tokens: Words
    offsets: Indexes  # (needles + 1,)
    ngram: int


class Overlaps(NamedTuple):
    """One row for each alignment that met enough of its needle."""

    row: Indexes
    needle: Indexes
    first: Indexes  # first and last token met, among the document's tokens
    last: Indexes
    matched: Indexes  # tokens of the needle that were met
    run: Indexes  # most tokens in a row


def index_needles(tokens: Words, offsets: Indexes, ngram: int, common_above: int) -> Needles:
    """Seeds of all needles, without those that stand in more than `common_above` places."""
    seeds = windows(tokens, ngram)
    place = np.arange(len(seeds))
    needle = np.searchsorted(offsets, place, side="right") - 1
    inside = place + ngram <= offsets[needle + 1]
    seeds, place, needle = seeds[inside], place[inside], needle[inside]
    order = np.lexsort((place, seeds))
    seeds, place, needle = seeds[order], place[order], needle[order]
    unique, counts = np.unique(seeds, return_counts=True)
    rare = np.repeat(counts <= common_above, counts)
    unique, counts = unique[counts <= common_above], counts[counts <= common_above]
    slots = 1 << max(4, int(2 * len(unique)).bit_length())
    keys, places = np.zeros(slots, np.uint64), np.zeros(slots, np.int64)
    _fill(frozen(unique), keys, places)
    postings = np.concatenate(([0], np.cumsum(counts)))
    return Needles(keys, places, postings, needle[rare], place[rare], tokens, offsets, ngram)


def find_overlaps(tokens: Words, offsets: Indexes, needles: Needles, enough: Indexes, long_run: int) -> Overlaps:
    """Alignments that meet at least enough[needle] tokens, or `long_run` in a row. Sorted by row and first token."""
    seeds = windows(tokens, needles.ngram)
    table = tuple(frozen(array) for array in needles[:5])
    fixed = (frozen(tokens), frozen(offsets), frozen(seeds), table, frozen(needles.tokens), frozen(needles.offsets))
    room = 1024
    while True:
        found = np.empty((room, 6), np.int64)
        size = _find(*fixed, frozen(enough), needles.ngram, long_run, found)
        if size <= room:
            found = found[:size]
            return Overlaps(*found[np.lexsort((found[:, 1], found[:, 2], found[:, 0]))].T)
        room = size


@helper
def _slot(keys, key):  # type: ignore[no-untyped-def]
    """Slot of a key, or the empty one where it would stand."""
    mask = np.uint64(len(keys) - 1)
    slot = key & mask
    while keys[slot] != key and keys[slot] != 0:
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def _fill(unique, keys, places):  # type: ignore[no-untyped-def]
    for k in range(len(unique)):
        slot = _slot(keys, unique[k])
        keys[slot] = unique[k]
        places[slot] = k


@helper
def _equal(needle, i, i_end, document, j, j_end, step):  # type: ignore[no-untyped-def]
    """Whether both have the same token there; ends are exclusive in the direction of `step`."""
    return (i_end - i) * step > 0 and (j_end - j) * step > 0 and needle[i] == document[j]


@helper
def _shift(needle, i, i_end, document, j, j_end, step):  # type: ignore[no-untyped-def]
    """How many tokens of needle and document to skip until two in a row are equal (one at the needle's end)."""
    for skip in range(1, GAP + 1):
        for k in range(3):
            di, dj = (skip if k != 1 else 0) * step, (skip if k != 2 else 0) * step
            if _equal(needle, i + di, i_end, document, j + dj, j_end, step):
                at_end = i + di + step == i_end
                if at_end or _equal(needle, i + di + step, i_end, document, j + dj + step, j_end, step):
                    return di, dj
    return step, step


@helper
def _follow(needle, i, i_end, document, j, j_end, step):  # type: ignore[no-untyped-def]
    """Follows an alignment from (i, j). Returns tokens met, last document token met (or -1), first and longest run."""
    met, reached, first_run, longest, run, misses = 0, -1, 0, 0, 0, 0
    whole = True
    while (i_end - i) * step > 0 and (j_end - j) * step > 0 and misses <= MISSES:
        if needle[i] == document[j]:
            met += 1
            run += 1
            longest = max(longest, run)
            first_run += whole
            reached = j
            misses = 0
            i += step
            j += step
            continue
        whole = False
        run = 0
        di, dj = _shift(needle, i, i_end, document, j, j_end, step)
        misses += max(abs(di), abs(dj))
        i += di
        j += dj
    return met, reached, first_run, longest


@helper
def _align(needle, start, i, stop, document, begin, j, end):  # type: ignore[no-untyped-def]
    """Both sides of the seed at (i, j): tokens met, first and last document token met, longest run."""
    right, last, right_run, longest = _follow(needle, i, stop, document, j, end, 1)
    left, first, left_run, longest_left = _follow(needle, i - 1, start - 1, document, j - 1, begin - 1, -1)
    if first < 0:
        first = j
    return left + right, first, last, max(left_run + right_run, longest, longest_left)


@kernel
def _find(tokens, offsets, seeds, table, needle_tokens, needle_offsets, enough, ngram, long_run, found):  # type: ignore[no-untyped-def]
    keys, places, postings, needle, token = table
    size = 0
    # For each needle: in which document it was last aligned, how far, and whether that counted. Where it counted, no
    # other alignment is tried; where it did not, only rare seeds may try, so repetitive texts stay cheap.
    seen, until, counted = np.full(len(enough), -1), np.zeros(len(enough), np.int64), np.zeros(len(enough), np.bool_)
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        for j in range(begin, end - ngram + 1):
            slot = _slot(keys, seeds[j])
            if keys[slot] == 0:
                continue
            first_posting, last_posting = postings[places[slot]], postings[places[slot] + 1]
            rare = last_posting - first_posting <= RARE
            for k in range(first_posting, last_posting):
                which = needle[k]
                covered = seen[which] == row and j < until[which]
                if covered and (counted[which] or not rare):
                    continue
                start, stop = needle_offsets[which], needle_offsets[which + 1]
                met, first, last, run = _align(needle_tokens, start, token[k], stop, tokens, begin, j, end)
                counted[which] = met >= enough[which] or run >= long_run
                until[which] = max(until[which], last + 1) if covered else last + 1
                seen[which] = row
                if counted[which]:
                    if size < len(found):
                        found[size, 0], found[size, 1] = row, which
                        found[size, 2], found[size, 3] = first - begin, last - begin
                        found[size, 4], found[size, 5] = met, run
                    size += 1
    return size

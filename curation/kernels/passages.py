"""Runs of tokens that occur more than once, found without comparing everything with everything.

Winnowing (Schleimer, Wilkerson, Aiken 2003): an anchor is an n-gram of half the length of a run; of all anchors within
a run, the one with the smallest hash is noted. Two equal runs hold equal anchors, so they note the same one: no repeat
is missed, although only about one anchor in a quarter of a run is noted. Around anchors that occur twice, all runs are
hashed in full, with 128 bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen, mix_all
from curation.kernels.jit import helper, kernel
from curation.kernels.runs import sorted_unique
from curation.kernels.shingles import windows

__all__ = ["anchors", "equal_runs", "run_keys", "runs_at"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]

_SECOND = np.uint64(0xB492B66FBE98F273)


def anchors(tokens: Words, offsets: Indexes, length: int) -> tuple[Words, Indexes]:
    """Keys of the noted anchors and where they stand among all tokens, ascending."""
    size = _anchor_tokens(length)
    hashes = windows(tokens, size)
    places = np.empty(len(hashes), np.int64)
    count = _winnow(frozen(hashes), frozen(offsets), size, length - size + 1, places)
    return hashes[places[:count]], places[:count]


def runs_at(places: Indexes, offsets: Indexes, length: int) -> Indexes:
    """Starts of all runs of `length` tokens that hold an anchor at one of `places`; ascending, each once."""
    text = np.searchsorted(offsets, places, side="right") - 1
    earliest = np.maximum(places + _anchor_tokens(length) - length, offsets[text])
    latest = np.minimum(places, offsets[text + 1] - length)
    counts = np.maximum(latest - earliest + 1, 0)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return sorted_unique(np.repeat(earliest, counts) + within)


def run_keys(tokens: Words, starts: Indexes, length: int) -> tuple[Words, Words]:
    """128-bit keys (high, low) of the runs of `length` tokens at `starts`."""
    if not len(starts):
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    return windows(mix_all(tokens ^ _SECOND), length)[starts], windows(tokens, length)[starts]


def equal_runs(
    data: npt.NDArray[np.uint8], starts: Indexes, ends: Indexes, left: Indexes, right: Indexes, length: int
) -> npt.NDArray[np.bool_]:
    """Whether the bytes of two runs of `length` tokens are equal; starts and ends of tokens as in `TokenTable`."""
    out = np.empty(len(left), np.bool_)
    bounds = starts[left], ends[left + length - 1], starts[right], ends[right + length - 1]
    _equal(frozen(data), *(frozen(array) for array in bounds), out)
    return out


def _anchor_tokens(length: int) -> int:
    """Tokens in an anchor: half a run, so that anchors are rare and still mean something."""
    return max(length // 2, 1)


@helper
def _smallest(hashes, start, end):  # type: ignore[no-untyped-def]
    """Place of the smallest of hashes[start:end], the last one of equals."""
    best = start
    for k in range(start + 1, end):
        if hashes[k] <= hashes[best]:
            best = k
    return best


@kernel
def _winnow(hashes, offsets, size, window, places):  # type: ignore[no-untyped-def]
    count = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1] - size + 1
        best = np.int64(-1)
        for first in range(start, end - window + 1):
            last = first + window - 1
            if best < first:
                best = _smallest(hashes, first, last + 1)
            elif hashes[last] <= hashes[best]:
                best = last
            else:
                continue
            places[count] = best
            count += 1
    return count


@kernel
def _equal(data, left, left_end, right, right_end, out):  # type: ignore[no-untyped-def]
    for k in range(len(left)):
        same = left_end[k] - left[k] == right_end[k] - right[k]
        i = 0
        while same and i < left_end[k] - left[k]:
            same = data[left[k] + i] == data[right[k] + i]
            i += 1
        out[k] = same

"""Counting of repeated hashes in lists that are dealt out into parts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest

from curation.kernels.jit import kernel
from curation.kernels.repeats import count_repeats, room_for

TOP = np.uint64(1 << 63)


@kernel
def counted(hashes, dealt, ends, sieve, keys, seen, histogram):  # type: ignore[no-untyped-def]
    return count_repeats(hashes, len(hashes), dealt, ends, sieve, keys, seen, histogram)


def alike(number: int) -> npt.NDArray[np.uint64]:
    """Hashes that all fall into one part, however many parts there are."""
    return np.arange(number, dtype=np.uint64) | TOP


def mixed(number: int) -> npt.NDArray[np.uint64]:
    return np.random.default_rng(1).integers(0, 1 << 63, number, np.uint64) | TOP


@pytest.mark.parametrize("distinct", [alike(0), alike(5), alike(40_000), mixed(100), mixed(50_000), mixed(400_000)])
def test_counts_are_those_of_a_counter(distinct: npt.NDArray[np.uint64]) -> None:
    hashes = np.random.default_rng(2).permutation(np.concatenate([distinct, distinct[::3], np.repeat(distinct[:2], 9)]))
    times = Counter(count for count in Counter(hashes.tolist()).values() if count > 1)
    # Nothing is written behind the end of what `room_for` asks for.
    longer = [np.full(len(array) + 99, 7, array.dtype) for array in room_for(np.array([0, len(hashes)]))]
    room = [array[:-99] for array in longer]
    repeated, occurrences, most = counted(hashes, *room[1:])
    assert all((array[-99:] == 7).all() for array in longer)
    assert (repeated, occurrences) == (times.total(), sum(count * number for count, number in times.items()))
    assert {n: int(room[-1][n]) for n in range(2, most + 1) if room[-1][n]} == times

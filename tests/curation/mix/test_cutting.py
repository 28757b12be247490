from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.mix.cutting import find_cuts, times_taken


@st.composite
def censuses(draw):
    """A group's hashes and amounts, in batches, and amounts of its endless order to cut at."""
    size = draw(st.integers(1, 60))
    seed = draw(st.integers(0, 1000))
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 1 << 64, size, np.uint64)
    if draw(st.booleans()):
        hashes >>= np.uint64(50)  # all in one bin
        hashes = np.unique(hashes)
    amounts = random.integers(1, draw(st.sampled_from([2, 100])), len(hashes))
    total = int(amounts.sum())
    ends = sorted(draw(st.lists(st.integers(0, 3 * total), min_size=1, max_size=4)))
    return hashes, amounts, [0, *ends]


@given(censuses())
def test_phases_take_the_endless_order_piece_by_piece(census) -> None:
    hashes, amounts, ends = census
    batches = [[("web", hashes[k::3], amounts[k::3])] for k in range(3)]
    cuts = find_cuts(batches, batches, {"web": ends})["web"]
    order = np.argsort(hashes)
    for start, end, first, last in zip(ends, ends[1:], cuts, cuts[1:], strict=False):
        assert times_taken(hashes, first, last)[order].tolist() == slowly(amounts[order], start, end)
        taken = int((times_taken(hashes, first, last) * amounts).sum())
        assert taken == last.amount - first.amount
        assert abs(taken - (end - start)) < amounts.max()


def slowly(amounts, start, end):
    """Documents of the endless order that begin in [start, end), counted one by one."""
    times, position = [0] * len(amounts), 0
    while position < end:
        for row, amount in enumerate(amounts.tolist()):
            times[row] += start <= position < end
            position += amount
    return times


def test_documents_are_counted_exactly() -> None:
    hashes = np.random.default_rng(0).integers(0, 1 << 64, 1000, np.uint64)
    census = [[("web", hashes, np.ones(1000, np.int64))]]
    cuts = find_cuts(census, census, {"web": [0, 333, 2500]})["web"]
    first, second = times_taken(hashes, cuts[0], cuts[1]), times_taken(hashes, cuts[1], cuts[2])
    assert (first.sum(), second.sum()) == (333, 2167)
    assert set((first + second).tolist()) == {2, 3}

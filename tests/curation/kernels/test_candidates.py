"""Candidates: all pairs of small buckets, linearly many of large ones, the same from any order of entries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.candidates import HUBS, WHOLE, WINDOW, candidate_pairs
from tests.reference.linking import all_pairs

entries = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 9), st.integers(0, 2)), max_size=WHOLE
)


def pairs(keys: object, orders: object, documents: object, ranks: object) -> set[tuple[int, int]]:
    words = [np.array(values, np.uint64) for values in (keys, orders, ranks)]
    left, right = candidate_pairs(words[0], words[1], np.array(documents, np.int64), words[2])
    found = list(zip(left.tolist(), right.tolist(), strict=True))
    assert found == sorted(set(found))
    return set(found)


@given(entries)
def test_small_buckets_give_every_pair(rows: list[tuple[int, int, int, int]]) -> None:
    keys, orders, documents, ranks = zip(*rows, strict=True) if rows else ((), (), (), ())
    assert pairs(keys, orders, documents, ranks) == all_pairs(list(keys), list(documents))


@given(st.randoms(), st.integers(1, 400))
def test_large_buckets_do_not_depend_on_order(random: object, spread: int) -> None:
    rows = [(7, k * 31 % spread, k, k % 5) for k in range(300)]
    straight = pairs(*zip(*rows, strict=True))
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert pairs(*zip(*rows, strict=True)) == straight


@pytest.mark.parametrize("spread", [1, 50, 20_000])
def test_large_buckets_stay_linear(spread: int) -> None:
    count = 20_000
    orders = np.random.default_rng(1).integers(0, spread, count)
    found = pairs(np.zeros(count), orders, np.arange(count), np.arange(count) % 7)
    assert len(found) <= count * (HUBS + 2 + WINDOW) <= 30 * count


def test_large_buckets_join_everyone_to_the_best_ranked() -> None:
    found = pairs(np.zeros(1000), np.arange(1000), np.arange(1000), [int(k == 500) for k in range(1000)])
    assert {(min(k, 500), max(k, 500)) for k in range(1000) if k != 500} <= found


def test_large_buckets_chain_copies() -> None:
    orders = [k // 100 for k in range(1000)]
    found = pairs(np.zeros(1000), orders, np.arange(1000), np.zeros(1000))
    assert {(k, k + 1) for k in range(999) if k % 100 != 99} <= found


def test_keys_are_never_mixed() -> None:
    assert pairs([1, 2, 1, 3], [0, 0, 0, 0], [10, 11, 12, 13], [0, 0, 0, 0]) == {(10, 12)}

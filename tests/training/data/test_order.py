from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation import order
from training.data.order import key_of, permuted


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_the_array_is_a_permutation(size: int, key: int) -> None:
    assert sorted(permuted(np.arange(size), size, key).tolist()) == list(range(size))


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_the_network_is_a_permutation(size: int, key: int) -> None:
    assert sorted(order.permuted(np.arange(size), size, key).tolist()) == list(range(size))


@pytest.mark.parametrize("permute", [permuted, lambda at, size, key: order.permuted(at, size, key)])
def test_neighbours_are_torn_apart(permute) -> None:
    places = permute(np.arange(10_000), 10_000, key_of("test"))
    assert abs(np.corrcoef(np.arange(10_000), places)[0, 1]) < 0.05
    assert np.mean(np.abs(np.diff(places))) == pytest.approx(10_000 / 3, rel=0.05)


def test_keys_give_different_orders() -> None:
    first, second = (permuted(np.arange(100), 100, key_of("seed", seed)) for seed in (0, 1))
    assert (first != second).any()


def test_the_order_never_changes_with_versions() -> None:
    assert permuted(np.arange(6), 6, 7).tolist() == [3, 4, 0, 5, 1, 2]
    assert order.permuted(np.arange(6), 6, 7).tolist() == [1, 3, 2, 0, 4, 5]


def test_a_large_range_needs_no_array() -> None:
    places = permuted(np.arange(1000), 10**12, 3)
    assert len(set(places.tolist())) == 1000
    assert places.max() < 10**12

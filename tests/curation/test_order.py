from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.order import permuted, shuffled, unpermuted


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_there_and_back_is_where_one_was(size: int, key: int) -> None:
    places = np.arange(size)
    assert unpermuted(permuted(places, size, key), size, key).tolist() == places.tolist()
    assert sorted(permuted(places, size, key).tolist()) == places.tolist()


def test_a_range_of_any_size_needs_no_memory() -> None:
    places = np.arange(10**15 - 100, 10**15)
    assert unpermuted(permuted(places, 10**15, 7), 10**15, 7).tolist() == places.tolist()


@given(st.integers(0, 3000), st.integers(0, 2**64 - 1))
def test_an_order_has_every_position_once_and_is_the_key_s(size: int, key: int) -> None:
    order = shuffled(size, key).tolist()
    assert sorted(order) == list(range(size))
    assert order == shuffled(size, key).tolist()
    assert size < 20 or order != shuffled(size, key ^ 1).tolist()

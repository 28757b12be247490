"""Runs of equal values."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.runs import occurs_again, run_starts, sorted_unique

numbers = st.lists(st.integers(0, 5))


@given(numbers)
def test_again_means_more_than_once(values: list[int]) -> None:
    assert occurs_again(np.array(values, np.uint64)).tolist() == [values.count(value) > 1 for value in values]


@given(numbers)
def test_unique_is_the_sorted_set(values: list[int]) -> None:
    assert sorted_unique(np.array(values, np.int64)).tolist() == sorted(set(values))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2))))
def test_runs_start_where_any_column_changes(rows: list[tuple[int, int]]) -> None:
    columns = np.array(rows, np.int64).reshape(-1, 2).T
    starts = [k for k in range(len(rows)) if k == 0 or rows[k] != rows[k - 1]]
    assert run_starts(*columns).tolist() == starts

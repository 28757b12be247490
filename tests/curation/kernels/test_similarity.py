"""Similarities of sets are exact."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.similarity import containment, jaccard
from tests.reference import linking as slow

hash_sets = st.lists(st.sets(st.integers(0, 2**64 - 1) | st.integers(0, 9), max_size=15), min_size=1, max_size=5)


@given(hash_sets)
def test_all_pairs_equal_the_twin(sets: list[set[int]]) -> None:
    values = np.array([h for elements in sets for h in sorted(elements)], np.uint64)
    offsets = np.cumsum([0, *map(len, sets)])
    left, right = np.array(list(itertools.product(range(len(sets)), repeat=2))).T.copy()
    pairs = [(sets[a], sets[b]) for a, b in zip(left, right, strict=True)]
    assert jaccard(values, offsets, left, right).tolist() == [slow.jaccard(a, b) for a, b in pairs]
    assert containment(values, offsets, left, right).tolist() == [slow.containment(a, b) for a, b in pairs]


def test_no_pairs_have_no_similarity() -> None:
    none = np.zeros(0, np.int64)
    assert len(jaccard(np.zeros(0, np.uint64), np.zeros(1, np.int64), none, none)) == 0

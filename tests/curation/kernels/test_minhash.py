"""Signatures equal their twin and estimate Jaccard as theory says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels import minhash
from tests.reference import minhash as slow

hash_sets = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=12, unique=True), max_size=4)


def csr(sets: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, sets)])
    return np.array([h for elements in sets for h in sorted(elements)], np.uint64), offsets


@given(hash_sets, st.integers(1, 20))
def test_signatures_equal_the_twin(sets: list[list[int]], hashes: int) -> None:
    found = minhash.signatures(*csr(sets), hashes)
    assert found.tolist() == [slow.signature(elements, hashes) for elements in sets]


@given(hash_sets, st.integers(1, 4), st.integers(1, 5))
def test_bands_equal_the_twin(sets: list[list[int]], bands: int, rows: int) -> None:
    signature = minhash.signatures(*csr(sets), bands * rows)
    keys = [[slow.band_key(row, band, rows) for band in range(bands)] for row in signature.tolist()]
    orders = [[slow.band_order(row, band, rows) for band in range(bands)] for row in signature.tolist()]
    assert minhash.band_keys(signature, bands, rows).tolist() == keys
    assert minhash.band_orders(signature, bands, rows).tolist() == orders


@pytest.mark.parametrize(("size", "jaccard"), [(20, 0.5), (200, 0.8), (2000, 0.3)])
def test_agreement_estimates_jaccard(size: int, jaccard: float) -> None:
    random = np.random.default_rng(1)
    shared = round(2 * size * jaccard / (1 + jaccard))
    true = shared / (2 * size - shared)
    errors = []
    for _ in range(60):
        pool = random.integers(0, 2**64 - 1, 2 * size - shared, np.uint64)
        left, right = pool[:size].tolist(), pool[size - shared :].tolist()
        a, b = minhash.signatures(*csr([left, right]), 112)
        errors.append((a == b).mean() - true)
    expected = np.sqrt(true * (1 - true) / 112)
    assert np.sqrt(np.mean(np.square(errors))) < 1.4 * expected
    assert abs(np.mean(errors)) < 4 * expected / np.sqrt(60)

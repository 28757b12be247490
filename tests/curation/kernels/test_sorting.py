"""Hashes are sorted whatever their spread."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from curation.kernels.sorting import MAX_BITS, sort_hashes


@njit
def sort(values, size, counts, out):  # type: ignore[no-untyped-def]
    sort_hashes(values, size, counts, out)


@pytest.mark.parametrize("spread", [1, 2, 1000, 2**64 - 1])
@pytest.mark.parametrize("size", [0, 1, 2, 17, 5000])
def test_sorts_any_hashes(size: int, spread: int) -> None:
    values = np.random.default_rng(size).integers(0, spread, size, np.uint64)
    out = np.empty(size, np.uint64)
    sort(values, size, np.empty(1 << MAX_BITS, np.int64), out)
    assert (out == np.sort(values)).all()

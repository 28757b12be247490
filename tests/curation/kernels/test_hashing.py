"""Hashes of byte ranges equal the published XXH64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels import hashing
from tests.reference import hashing as slow


def whole(data: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.frombuffer(data, np.uint8), np.array([0]), np.array([len(data)])


@pytest.mark.parametrize("length", [*range(40), 63, 64, 65, 1000])
def test_every_length_hashes_as_xxh64(length: int) -> None:
    data = bytes(i * 7 % 256 for i in range(length))
    assert hashing.hash_ranges(*whole(data))[0] == slow.hash64(data)


@given(st.binary(max_size=200), st.integers(0, 2**64 - 1))
def test_every_seed_hashes_as_xxh64(data: bytes, seed: int) -> None:
    assert hashing.hash_ranges(*whole(data), seed)[0] == slow.hash64(data, seed)


def test_ranges_may_lie_anywhere() -> None:
    data = np.frombuffer(b"0123456789abcdef", np.uint8)
    hashes = hashing.hash_ranges(data, np.array([3, 0, 16]), np.array([11, 16, 16]))
    assert hashes.tolist() == [slow.hash64(b"3456789a"), slow.hash64(b"0123456789abcdef"), slow.hash64(b"")]


@given(st.binary(max_size=100))
def test_128_bits_are_two_seeds(data: bytes) -> None:
    high, low = hashing.hash_ranges128(*whole(data))
    assert (high[0], low[0]) == slow.hash128(data)


@given(st.integers(0, 2**64 - 1))
def test_mix_is_the_finalizer(x: int) -> None:
    assert int(hashing.mix_all(np.array([x], np.uint64))[0]) == slow.mix(x)


def test_known_values_never_change() -> None:
    high, low = hashing.hash_ranges128(*whole(b"gristmill"))
    assert (int(high[0]), int(low[0])) == (7211093956031015720, 16251256043179839092)

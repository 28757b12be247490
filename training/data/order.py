"""Permutations that are functions: which window stands at position i, for a key, without any state to save.

Up to 2^24 positions the permutation is an array, the order of hashed positions, made once per epoch. Above that it is
a Feistel network walked until it falls inside the range: no memory, some time per batch. Both are defined by integer
arithmetic alone, so neither numpy's version nor the machine changes an order.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import xxhash

__all__ = ["ARRAY_LIMIT", "key_of", "permuted"]

ARRAY_LIMIT = 1 << 24
_ROUNDS = 8

Positions = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


def key_of(*parts: object) -> int:
    """64-bit key of a tuple of numbers and words."""
    return xxhash.xxh3_64_intdigest("\0".join(map(str, parts)).encode())


def permuted(positions: Positions, size: int, key: int) -> Positions:
    """Where each position in [0, size) goes under the permutation that `key` names."""
    return _array(size, key)[positions] if size <= ARRAY_LIMIT else _feistel(positions, size, key)


@lru_cache(maxsize=16)
def _array(size: int, key: int) -> Positions:
    hashed = _mixed(np.arange(size, dtype=np.uint64) + np.uint64(key))
    return np.argsort(hashed, kind="stable").astype(np.int64)


def _feistel(positions: Positions, size: int, key: int) -> Positions:
    """A balanced Feistel network on 2*half bits, applied again to whatever falls outside [0, size)."""
    half = np.uint64((int(size - 1).bit_length() + 1) // 2)
    keys = _mixed(np.arange(_ROUNDS, dtype=np.uint64) + np.uint64(key))
    values = _network(positions.astype(np.uint64), half, keys)
    while (outside := np.flatnonzero(values >= np.uint64(size))).size:
        values[outside] = _network(values[outside], half, keys)
    return values.astype(np.int64)


def _network(values: Words, half: np.uint64, keys: Words) -> Words:
    mask = (np.uint64(1) << half) - np.uint64(1)
    left, right = values >> half, values & mask
    for key in keys:
        left, right = right, left ^ (_mixed(right + key) & mask)
    return (left << half) | right


def _mixed(values: Words) -> Words:
    """The finalizer of splitmix64 (Steele, Lea, Flood 2014), a bijection of 64-bit words."""
    values = (values + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))

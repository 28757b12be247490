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

from curation import order

__all__ = ["ARRAY_LIMIT", "key_of", "permuted"]

ARRAY_LIMIT = 1 << 24

Positions = npt.NDArray[np.int64]


def key_of(*parts: object) -> int:
    """64-bit key of a tuple of numbers and words."""
    return xxhash.xxh3_64_intdigest("\0".join(map(str, parts)).encode())


def permuted(positions: Positions, size: int, key: int) -> Positions:
    """Where each position in [0, size) goes under the permutation that `key` names."""
    return _array(size, key)[positions] if size <= ARRAY_LIMIT else order.permuted(positions, size, key)


@lru_cache(maxsize=16)
def _array(size: int, key: int) -> Positions:
    hashed = order.mixed(np.arange(size, dtype=np.uint64) + np.uint64(key))
    return np.argsort(hashed, kind="stable").astype(np.int64)

"""Permutations that are functions, both ways: who stands at a place, and where somebody went, with nothing kept.

A Feistel network on an even number of bits, walked until it falls inside the range (Black and Rogaway 2002). Defined by
integer arithmetic alone, so neither numpy's version nor the machine changes an order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["mixed", "permuted", "shuffled", "unpermuted"]

_ROUNDS = 8

Positions = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


def permuted(positions: Positions, size: int, key: int) -> Positions:
    """Where each position in [0, size) goes under the permutation that a 64-bit `key` names."""
    return _walked(positions, size, _keys(key), forward=True)


def unpermuted(positions: Positions, size: int, key: int) -> Positions:
    """Where each position came from: the inverse of `permuted`."""
    return _walked(positions, size, _keys(key), forward=False)


def shuffled(size: int, key: int) -> Positions:
    """All positions in [0, size) in a random order that a 64-bit `key` names; for when all are wanted at once."""
    words = np.arange(size, dtype=np.uint64)
    words += mixed(np.array([key], np.uint64))
    return np.argsort(mixed(words), kind="stable")


def mixed(values: Words) -> Words:
    """The finalizer of splitmix64 (Steele, Lea, Flood 2014), a bijection of 64-bit words."""
    values = (values + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _keys(key: int) -> Words:
    return mixed(np.arange(_ROUNDS, dtype=np.uint64) + np.uint64(key))


def _walked(positions: Positions, size: int, keys: Words, *, forward: bool) -> Positions:
    half = np.uint64((int(size - 1).bit_length() + 1) // 2)
    values = _network(positions.astype(np.uint64), half, keys, forward)
    while (outside := np.flatnonzero(values >= np.uint64(size))).size:
        values[outside] = _network(values[outside], half, keys, forward)
    return values.astype(np.int64)


def _network(values: Words, half: np.uint64, keys: Words, forward: bool) -> Words:
    mask = (np.uint64(1) << half) - np.uint64(1)
    left, right = values >> half, values & mask
    for key in keys if forward else keys[::-1]:
        if forward:
            left, right = right, left ^ (mixed(right + key) & mask)
        else:
            left, right = right ^ (mixed(left + key) & mask), left
    return (left << half) | right

"""Stable hashes of byte ranges: XXH64, the 64-bit xxHash as its author's specification publishes it.

XXH64 was chosen because it is fast on short and long ranges with plain 64-bit arithmetic, passes the usual quality
suites, and has a published definition that will not change, so a key written today can be compared in ten years.
128 bits are two XXH64 with different seeds: enough against chance, not against someone who forges collisions.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from curation.kernels.eight import load_eight
from curation.kernels.jit import helper, kernel

__all__ = ["frozen", "hash64", "hash_ranges", "hash_ranges128", "mix", "mix_all"]

_P1 = np.uint64(0x9E3779B185EBCA87)
_P2 = np.uint64(0xC2B2AE3D27D4EB4F)
_P3 = np.uint64(0x165667B19E3779F9)
_P4 = np.uint64(0x85EBCA77C2B2AE63)
_P5 = np.uint64(0x27D4EB2F165667C5)

# Seeds of the low and the high word of a 128-bit hash.
_LOW = np.uint64(0)
_HIGH = np.uint64(0x9D39247E33776D41)

_U = np.uint64

Scalar = TypeVar("Scalar", bound=np.generic)


def frozen(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """A read-only view. Buffers from Arrow are read-only, and numba compiles once more for writable arrays."""
    view = array.view()
    view.flags.writeable = False
    return view


@helper
def mix(x):  # type: ignore[no-untyped-def]
    """The finalizer of XXH64: a bijection of uint64 in which every input bit flips every output bit."""
    x ^= x >> _U(33)
    x *= _P2
    x ^= x >> _U(29)
    x *= _P3
    return x ^ (x >> _U(32))


@helper
def _rotate(x, bits):  # type: ignore[no-untyped-def]
    return (x << _U(bits)) | (x >> _U(64 - bits))


@helper
def _read4(data, i):  # type: ignore[no-untyped-def]
    word = _U(data[i])
    for k in range(1, 4):
        word |= _U(data[i + _U(k)]) << _U(8 * k)
    return word


@helper
def _round(accumulator, lane):  # type: ignore[no-untyped-def]
    return _rotate(accumulator + lane * _P2, 31) * _P1


@helper
def _merge(accumulator, lane):  # type: ignore[no-untyped-def]
    return (accumulator ^ _round(_U(0), lane)) * _P1 + _P4


@helper
def _stripes(data, i, end, seed):  # type: ignore[no-untyped-def]
    v1, v2, v3, v4 = seed + _P1 + _P2, seed + _P2, seed, seed - _P1
    while i + _U(32) <= end:
        v1 = _round(v1, load_eight(data, i))
        v2 = _round(v2, load_eight(data, i + _U(8)))
        v3 = _round(v3, load_eight(data, i + _U(16)))
        v4 = _round(v4, load_eight(data, i + _U(24)))
        i += _U(32)
    h = _rotate(v1, 1) + _rotate(v2, 7) + _rotate(v3, 12) + _rotate(v4, 18)
    return _merge(_merge(_merge(_merge(h, v1), v2), v3), v4)


@helper
def hash64(data, start, end, seed):  # type: ignore[no-untyped-def]
    """XXH64 of data[start:end] (uint8) with a uint64 seed."""
    # Positions are unsigned: a signed one might count from the end of the array, which every access would have to ask.
    i, stop = _U(start), _U(end)
    size = stop - i
    if size >= _U(32):
        h = _stripes(data, i, stop, seed)
        i += size // _U(32) * _U(32)
    else:
        h = seed + _P5
    h += size
    while i + _U(8) <= stop:
        h = _rotate(h ^ _round(_U(0), load_eight(data, i)), 27) * _P1 + _P4
        i += _U(8)
    if i + _U(4) <= stop:
        h = _rotate(h ^ (_read4(data, i) * _P1), 23) * _P2 + _P3
        i += _U(4)
    while i < stop:
        h = _rotate(h ^ (_U(data[i]) * _P5), 11) * _P1
        i += _U(1)
    return mix(h)


@kernel
def _hash_all(data, starts, ends, seed, out):  # type: ignore[no-untyped-def]
    for k in range(len(starts)):
        out[k] = hash64(data, starts[k], ends[k], seed)


def hash_ranges(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], seed: int = 0
) -> npt.NDArray[np.uint64]:
    """XXH64 of every data[starts[k]:ends[k]], shape (n,). For whole texts pass offsets[:-1] and offsets[1:]."""
    out = np.empty(len(starts), np.uint64)
    _hash_all(frozen(data), frozen(starts), frozen(ends), np.uint64(seed), out)
    return out


def hash_ranges128(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """High and low words of a 128-bit hash of every range: XXH64 under two fixed seeds."""
    return hash_ranges(data, starts, ends, int(_HIGH)), hash_ranges(data, starts, ends, int(_LOW))


def mix_all(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """`mix` of every element."""
    words = words ^ (words >> _U(33))
    words = words * _P2
    words = words ^ (words >> _U(29))
    words = words * _P3
    return words ^ (words >> _U(32))

"""Slow twins of curation.kernels.hashing."""

from __future__ import annotations

import xxhash

HIGH_SEED = 0x9D39247E33776D41


def hash64(data: bytes, seed: int = 0) -> int:
    return xxhash.xxh64_intdigest(data, seed)


def hash128(data: bytes) -> tuple[int, int]:
    return hash64(data, HIGH_SEED), hash64(data)


def mix(x: int) -> int:
    x ^= x >> 33
    x = x * 0xC2B2AE3D27D4EB4F % 2**64
    x ^= x >> 29
    x = x * 0x165667B19E3779F9 % 2**64
    return x ^ (x >> 32)

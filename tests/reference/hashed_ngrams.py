"""Slow twin of curation.kernels.hashed_ngrams: scores and one epoch of training, in plain Python floats."""

from __future__ import annotations

import math
from collections.abc import Sequence

MASK = (1 << 64) - 1


def mix(x: int) -> int:
    x ^= x >> 33
    x = x * 0xC2B2AE3D27D4EB4F & MASK
    x ^= x >> 29
    x = x * 0x165667B19E3779F9 & MASK
    return x ^ x >> 32


def hash_token(token: str) -> int:
    hashed = 14695981039346656037
    for character in token:
        lower = character.lower()
        folded = "0" if character in "0123456789" else lower if len(lower) == 1 else character
        hashed = (hashed ^ ord(folded)) * 1099511628211 & MASK
    return mix(hashed)


def buckets(tokens: Sequence[str], max_n: int, size: int) -> list[int]:
    hashes = [hash_token(token) for token in tokens]
    found = []
    for i in range(len(hashes)):
        folded = hashes[i]
        found.append(folded % size)
        for k in range(i + 1, min(i + max_n, len(hashes))):
            folded = mix((folded * 0x9E3779B97F4A7C15 + hashes[k]) & MASK)
            found.append(folded % size)
    return found


def logit(tokens: Sequence[str], weights: Sequence[float], bias: float, max_n: int) -> float:
    found = buckets(tokens, max_n, len(weights))
    return bias + sum(float(weights[b]) for b in found) / len(found) if found else math.nan

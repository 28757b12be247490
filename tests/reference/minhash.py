"""Slow twin of curation.kernels.minhash."""

from __future__ import annotations

from tests.reference.hashing import mix

WORD, HALF = 2**64, 2**32
GOLDEN = 0x9E3779B97F4A7C15


def multiplier(j: int) -> int:
    z = (j + 1) * GOLDEN % WORD
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return (z ^ (z >> 31)) >> 32 | 1


def signature(elements: list[int], hashes: int) -> list[int]:
    return [min(((h >> 32) * multiplier(j) % HALF for h in elements), default=HALF - 1) for j in range(hashes)]


def band_key(signature: list[int], band: int, rows: int) -> int:
    key = (band + 1) * GOLDEN % WORD
    for value in signature[band * rows : (band + 1) * rows]:
        key = mix(key ^ value) * GOLDEN % WORD
    return mix(key)


def band_order(signature: list[int], band: int, rows: int) -> int:
    places = [((band + 1) * rows + step) % len(signature) for step in range(8)]
    return int.from_bytes(bytes(mix(signature[place]) & 0xFF for place in places), "big")

"""Byte-pair encoding as its paper tells it: look for the best pair, merge it, begin again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def encode_word(word: bytes, byte_ids: Sequence[int], merges: dict[tuple[int, int], tuple[int, int]]) -> list[int]:
    """`merges` gives (rank, id of both together) of a pair of ids."""
    ids = [byte_ids[byte] for byte in word]
    while True:
        found = [(merges[pair][0], at) for at, pair in enumerate(pairwise(ids)) if pair in merges]
        if not found:
            return ids
        _, at = min(found)
        ids[at : at + 2] = [merges[ids[at], ids[at + 1]][1]]

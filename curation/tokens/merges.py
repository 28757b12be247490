"""Byte-pair models as the kernel takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from curation.kernels.hash_tables import slots_for
from curation.kernels.pair_merges import encode_words, fill_merges
from curation.tokens.characters import byte_letters

__all__ = ["Merges", "vocabulary_of"]

Numbers = npt.NDArray[np.int64]


class Merges:
    """The merges of a model and the ids of the 256 bytes."""

    def __init__(self, vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> None:
        self._byte_ids = np.array([vocabulary[letter] for _, letter in sorted(byte_letters().items())], np.int64)
        left, right, result = (
            np.array([vocabulary[token] for token in tokens], np.int64)
            for tokens in (
                [first for first, _ in merges],
                [second for _, second in merges],
                [first + second for first, second in merges],
            )
        )
        self._pairs = np.zeros(slots_for(2 * len(merges)), np.uint64)
        self._merged = np.zeros(len(self._pairs), np.int64)
        fill_merges(left, right, result, self._pairs, self._merged)

    @classmethod
    def of(cls, description: dict[str, Any]) -> Merges | None:
        """None for models of another kind, or that lack a byte."""
        model = description["model"]
        vocabulary = vocabulary_of(description)
        plain = not (model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"))
        if model.get("type") != "BPE" or not plain or any(each not in vocabulary for each in byte_letters().values()):
            return None
        pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
        return cls(vocabulary, [(first, second) for first, second in pairs])

    def encode(self, table: tuple[Any, ...], first: int, last: int, pool: Numbers, stops: Numbers) -> int:
        _, _, starts, sizes, arena, _ = table
        reached = encode_words(
            arena, starts, sizes, first, last, self._byte_ids, self._pairs, self._merged, pool, stops
        )
        return int(reached)


def vocabulary_of(description: dict[str, Any]) -> dict[str, int]:
    """Token to id of the model alone, without added tokens."""
    vocabulary = description["model"].get("vocab", {})
    if isinstance(vocabulary, dict):
        return dict(vocabulary)
    return {token: number for number, (token, _) in enumerate(vocabulary)}

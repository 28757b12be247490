"""A linear classifier over hashed word n-grams: its numbers, its file, its scores. See `linear_training`.

score = 1 / (1 + exp(-(bias + mean weight of the n-grams of 1 to max_n tokens)))

The mean is fastText's own (Joulin et al. 2016) with a layer of width one, so long texts are not surer than short ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.kernels.hashed_ngrams import score_documents
from curation.kernels.hashing import frozen
from curation.kernels.unicode_tables import character_classes, lower_case
from curation.measure.tensor_file import read_tensors, write_tensors
from curation.schema import text_buffers

__all__ = ["FORMAT", "LinearModel"]

FORMAT = "gristmill-linear-1"


@dataclass(frozen=True)
class LinearModel:
    """`weights`: float32 with a power of two as length, read-only. `about`: how it was trained, for people."""

    weights: npt.NDArray[np.float32]
    bias: float
    max_n: int
    about: Mapping[str, str] = field(default_factory=dict)

    def logits(self, column: pa.Array) -> npt.NDArray[np.float64]:
        """One a document; NaN where there is no token."""
        data, offsets = text_buffers(column)
        tables = character_classes(), lower_case()
        return np.asarray(score_documents(frozen(data), frozen(offsets), *tables, self.weights, self.bias, self.max_n))

    def scores(self, column: pa.Array) -> npt.NDArray[np.float64]:
        """Probability of the positive class, 0 to 1."""
        return 1.0 / (1.0 + np.exp(-self.logits(column)))

    def save(self, path: str) -> None:
        about = {f"about.{name}": text for name, text in self.about.items()}
        words = {"format": FORMAT, "bias": self.bias.hex(), "max_n": str(self.max_n)}
        write_tensors(path, {"weights": self.weights}, words | about)

    @classmethod
    def load(cls, path: str) -> LinearModel:
        tensors, words = read_tensors(path, FORMAT)
        about = {name.removeprefix("about."): text for name, text in words.items() if name.startswith("about.")}
        return cls(tensors["weights"], float.fromhex(words["bias"]), int(words["max_n"]), about)

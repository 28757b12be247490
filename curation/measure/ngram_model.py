"""A small n-gram language model: its arrays, its file and perplexities by it. See `ngram_training` for how it is made.

perplexity = exp(-(sum of ln p(token | two tokens before)) / events), events being all tokens and one end for every line
that holds a token. Words are those of `curation.kernels.words`, in lower case, digits read as 0. A word
that the model does not know has the probability of the unknown word times 1/32 for each of its first twelve
characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.kernels.hashing import frozen
from curation.kernels.ngram_model import build_slots, score_lines
from curation.kernels.unicode_tables import character_classes, lower_case
from curation.measure.tensor_file import read_tensors, write_tensors
from curation.schema import text_buffers

__all__ = ["FORMAT", "NgramModel", "cutoffs"]

FORMAT = "gristmill-ngram-1"
Keys = npt.NDArray[np.uint64]
Logs = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NgramModel:
    """Natural logs of probabilities and backoffs. `vocabulary`: token hashes of the words from number 3 on.

    `log1`, `backoff1`: by word number (0 unknown, 1 line start, 2 line end). `keys2`, `keys3`: packed word numbers,
    rising. All arrays are read-only.
    """

    vocabulary: Keys
    log1: Logs
    backoff1: Logs
    keys2: Keys
    log2: Logs
    backoff2: Logs
    keys3: Keys
    log3: Logs
    about: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _slots(self) -> tuple[npt.NDArray[np.int32], ...]:
        return tuple(frozen(build_slots(keys)) for keys in (self.vocabulary, self.keys2, self.keys3))

    def log_probabilities(self, column: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Sum of log probabilities and number of events of each document."""
        data, offsets = text_buffers(column)
        words, slots2, slots3 = self._slots
        unigrams, trigrams = (self.log1, self.backoff1), (self.keys3, slots3, self.log3)
        bigrams = (self.keys2, slots2, self.log2, self.backoff2)
        tables: Any = (character_classes(), lower_case(), self.vocabulary, words, unigrams, bigrams, trigrams)
        sums, events = score_lines(frozen(data), frozen(offsets), *tables)
        return sums, events

    def perplexities(self, column: pa.Array) -> npt.NDArray[np.float64]:
        """One a document; NaN where there is no token."""
        sums, events = self.log_probabilities(column)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.exp(-sums / events)

    def save(self, path: str) -> None:
        write_tensors(path, self._tensors(), {"format": FORMAT} | {f"about.{k}": v for k, v in self.about.items()})

    def _tensors(self) -> dict[str, npt.NDArray[Any]]:
        return {name: getattr(self, name) for name in _TENSORS}

    @classmethod
    def load(cls, path: str) -> NgramModel:
        tensors, words = read_tensors(path, FORMAT)
        about = {name.removeprefix("about."): text for name, text in words.items() if name.startswith("about.")}
        return cls(**tensors, about=about)


_TENSORS = ("vocabulary", "log1", "backoff1", "keys2", "log2", "backoff2", "keys3", "log3")


def cutoffs(model: NgramModel, column: pa.Array) -> tuple[float, float]:
    """CCNet's two limits from sample documents of a language: the 30th and the 60th percentile of their perplexity."""
    perplexities = model.perplexities(column)
    head, middle = np.percentile(perplexities[~np.isnan(perplexities)], [30, 60])
    return float(head), float(middle)

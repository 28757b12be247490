"""Perplexity by a small n-gram language model, and CCNet's head, middle and tail.

A model of good text finds text of its kind predictable: the lower, the more alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from curation.measure.ngram_model import NgramModel
from curation.operator import Contract, Operator, Resources

__all__ = ["NgramPerplexity"]


class NgramPerplexity(Operator):
    """Adds `ngram_perplexity.perplexity`, null for a document without any token.

    With `head_max` and `middle_max` also `ngram_perplexity.part`: head up to the first, middle up to the second, tail
    above. CCNet (Wenzek et al. 2020) takes the 30th and 60th percentile of each language: `ngram_model.cutoffs`.
    """

    contract: ClassVar[Contract] = Contract(
        "ngram_perplexity",
        1,
        "annotate",
        adds={"ngram_perplexity.perplexity": pa.float64(), "ngram_perplexity.part": pa.string()},
    )

    model: str
    head_max: float | None = Field(default=None, gt=0)
    middle_max: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _has_both_limits_or_none(self) -> NgramPerplexity:
        if (self.head_max is None) != (self.middle_max is None):
            raise ValueError("head_max and middle_max go together")
        if self.head_max is not None and self.middle_max is not None and self.head_max > self.middle_max:
            raise ValueError("head_max is at most middle_max")
        return self

    def adds(self) -> Mapping[str, pa.DataType]:
        columns = dict(self.contract.adds)
        if self.head_max is None:
            del columns["ngram_perplexity.part"]
        return columns

    def resources(self) -> Resources:
        return Resources.of(self.model)

    def open(self) -> None:
        _load(self.model)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        perplexities = _load(self.model).perplexities(batch.column("text"))
        columns = {"ngram_perplexity.perplexity": pa.array(perplexities, from_pandas=True)}
        if self.head_max is not None and self.middle_max is not None:
            limits = [self.head_max, self.middle_max]
            part = np.array(["head", "middle", "tail"])[np.searchsorted(limits, perplexities)]
            columns["ngram_perplexity.part"] = pa.array(part, pa.string(), mask=np.isnan(perplexities))
        return pa.RecordBatch.from_pydict(columns)


@lru_cache(maxsize=8)
def _load(path: str) -> NgramModel:
    return NgramModel.load(path)

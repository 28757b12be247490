"""The score of a linear classifier that `gristmill classifier train` made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from curation.measure.linear_model import LinearModel
from curation.operator import Contract, Operator, Resources

__all__ = ["LinearClassifier"]


class LinearClassifier(Operator):
    """Adds `linear_classifier.<label>`: probability of the positive class, null for a document without any token.

    `model` is the file; `label` tells several classifiers of one recipe apart.
    """

    contract: ClassVar[Contract] = Contract(
        "linear_classifier", 1, "annotate", adds={"linear_classifier.score": pa.float64()}
    )

    model: str
    label: str = Field(default="score", pattern=r"^[a-z][a-z0-9_]*$")

    def adds(self) -> Mapping[str, pa.DataType]:
        return {f"linear_classifier.{self.label}": pa.float64()}

    def resources(self) -> Resources:
        return Resources.of(self.model)

    def open(self) -> None:
        _load(self.model)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        scores = _load(self.model).scores(batch.column("text"))
        column = pa.array(scores, from_pandas=True)
        return pa.RecordBatch.from_pydict({f"linear_classifier.{self.label}": column})


@lru_cache(maxsize=8)
def _load(path: str) -> LinearModel:
    return LinearModel.load(path)

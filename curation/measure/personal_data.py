"""How many personal data and secrets a document holds, by kind. Counts only: no value leaves the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.operator import Contract, Operator
from curation.personal_data.detector import KINDS, Kind, candidates, find
from curation.schema import TEXT

__all__ = ["PersonalData"]


class PersonalData(Operator):
    """Counts of each of `kinds` as `personal_data.<kind>`, and of all together as `personal_data.total`.

    `redact_personal_data` counts the same while it rewrites; this one serves recipes that drop by count.
    """

    contract: ClassVar[Contract] = Contract(
        "personal_data", 2, "annotate", adds={f"personal_data.{kind}": pa.int64() for kind in (*KINDS, "total")}
    )

    kinds: tuple[Kind, ...] = Field(default=KINDS, strict=False)

    def adds(self) -> Mapping[str, pa.DataType]:
        return {f"personal_data.{kind}": pa.int64() for kind in (*self.kinds, "total")}

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text").cast(TEXT)
        counts = {kind: np.zeros(batch.num_rows, np.int64) for kind in (*self.kinds, "total")}
        for row, kinds in candidates(column, self.kinds).items():
            for found in find(column[row].as_py(), kinds):
                counts[found.kind][row] += 1
                counts["total"][row] += 1
        return pa.RecordBatch.from_pydict({f"personal_data.{kind}": pa.array(count) for kind, count in counts.items()})

"""Cut evaluation items out of documents, whole sentences at a time."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from curation.dedup.decontaminate import Search
from curation.dedup.ranges import removed_characters, without_ranges
from curation.operator import Contract

__all__ = ["CutItems"]


class CutItems(Search):
    """Removes every sentence that a find of `decontaminate` touches; parameters are the same."""

    contract: ClassVar[Contract] = Contract(
        name="cut_items",
        version=1,
        kind="rewrite",
        adds={"cut_items.hits": pa.int32(), "cut_items.removed_characters": pa.int64()},
    )

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        before = batch.column("text")
        hits = self.hits(before)
        ranges = [(row, hit["start"], hit["end"]) for row, found in enumerate(hits) for hit in found]
        row, start, end = np.array(ranges, np.int64).reshape(-1, 3).T
        after, _ = without_ranges(before, row, start, end, "sentence", "touched")
        counts = pa.array([len(found) for found in hits], pa.int32())
        columns = [after, counts, removed_characters(before, after)]
        return pa.RecordBatch.from_arrays(columns, ["text", *self.contract.adds])

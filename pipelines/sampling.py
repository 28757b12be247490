"""The collected documents of a run, all or evenly spread, for commands that look again at the text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from curation.manifest import MANIFEST, Manifest
from curation.shards import read_shard

__all__ = ["collected_documents"]

_BATCH = 1000


def collected_documents(root: Path, sample: int | None = None) -> Iterator[pa.RecordBatch]:
    """Documents of a run as they were collected; `sample` of them if given, evenly spread over all in their order."""
    taken: list[pa.RecordBatch] = []
    for batch in _chosen(root, sample):
        # A sparse sample is gathered, so that operators are not called row by row.
        taken.append(batch)
        if sum(each.num_rows for each in taken) >= _BATCH:
            yield pa.concat_batches(taken)
            taken = []
    if taken:
        yield pa.concat_batches(taken)


def _chosen(root: Path, sample: int | None) -> Iterator[pa.RecordBatch]:
    shards = Manifest.read(root / "collect" / MANIFEST).shards("shard-")
    total = sum(shard.rows for shard in shards)
    rows = np.arange(total)
    if sample is not None and sample < total:
        rows = (2 * np.arange(sample, dtype=np.int64) + 1) * total // (2 * sample)
    end = 0
    for shard in shards:
        start, end = end, end + shard.rows
        own = rows[np.searchsorted(rows, start) : np.searchsorted(rows, end)] - start
        if not len(own):
            continue
        seen = 0
        for batch in read_shard(root, shard):
            here = own[(own >= seen) & (own < seen + batch.num_rows)] - seen
            seen += batch.num_rows
            if len(here):
                yield batch if len(here) == batch.num_rows else batch.take(pa.array(here))

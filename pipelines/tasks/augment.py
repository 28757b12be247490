"""Augment: kept documents of the training split through the operators that make new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.manifest import Receipt, Unit
from curation.operator import run_safely
from curation.schema import DOCUMENT
from curation.shards import FileRecord, ShardWriter, aligned, read_shard
from pipelines.tasks.components import parts_of
from pipelines.tasks.split import OUTCOME

__all__ = ["augment_unit"]


def augment_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    parts = parts_of(unit.payload["parts"])
    shard = ShardWriter(root, f"augment/shard-{unit.index:05d}.arrow", DOCUMENT)
    ledger = ShardWriter(root, f"augment/ledger-{unit.index:05d}.arrow", OUTCOME)
    counts = {"documents": 0, "failed": 0, "bytes": 0}
    with shard, ledger:
        for documents, outcome in aligned(*(_open(root, unit.payload[name]) for name in ("shard", "outcome"))):
            chosen = pc.equal(outcome.column("split"), unit.payload["split"]).fill_null(False)
            parents, fates = documents.filter(chosen), outcome.filter(chosen)
            for step in parts:
                for start in range(0, parents.num_rows, settings["batch_size"]):
                    new, failures = run_safely(step.operator, parents.slice(start, settings["batch_size"]))
                    shard.write(new)
                    ledger.write(_fates(new, fates))
                    counts["failed"] += len(failures)
                    counts["documents"] += new.num_rows
                    counts["bytes"] += pc.sum(pc.binary_length(new.column("text"))).as_py() or 0
    files = (shard.record, ledger.record)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _open(root: Path, record: dict[str, Any]) -> Any:
    return read_shard(root, FileRecord.model_validate(record))


def _fates(new: pa.RecordBatch, parents: pa.RecordBatch) -> pa.RecordBatch:
    """New documents are kept, in the cluster and the split of their parents."""
    place = pc.index_in(new.column("parent_id"), value_set=parents.column("id"))
    rows = new.num_rows
    columns = {
        "id": new.column("id"),
        "state": pa.array(["kept"] * rows, pa.string()),
        "cluster": parents.column("cluster").take(place),
        "split": parents.column("split").take(place),
        "bytes": pc.binary_length(new.column("text")).cast(pa.int64()),
        "similarity": pa.array(np.full(rows, np.nan), from_pandas=True),
    }
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in OUTCOME]
    return pa.RecordBatch.from_arrays(arrays, schema=OUTCOME)

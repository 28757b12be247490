"""Shard: one file of the dataset, put together from stretches of cleaned and augmented shards.

Where a mixture has phases, a sidecar says how often each takes the documents: `mixture/<split>-00000-of-00002.arrow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import IntegrityError
from curation.manifest import Receipt, Unit
from curation.schema import DOCUMENT
from curation.shards import FileRecord, ShardWriter, aligned, read_shard
from pipelines.tasks.mix import phase_columns
from pipelines.tasks.shuffled import ids_in, shuffled_documents

__all__ = ["shard_unit"]


def shard_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    payload = unit.payload
    schema = pa.schema([pa.field("id", pa.string()), *phase_columns(payload["phases"])])
    writers = [ShardWriter(root, payload["path"], DOCUMENT)]
    if payload["phases"]:
        writers.append(ShardWriter(root, _sidecar(payload["path"]), schema))
    with ExitStack() as stack:
        for writer in writers:
            stack.enter_context(writer)
        for documents, outcome, parents in _documents(root, payload):
            _stays_with_parents(documents, parents, payload["split"])
            for writer, batch in zip(writers, (documents, outcome.select(schema.names)), strict=False):
                writer.write(batch)
    counts = {"documents": writers[0].rows}
    files = tuple(writer.record for writer in writers)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _documents(root: Path, payload: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch, pa.Array | None]]:
    """Documents, their outcomes, and the ids in their split of what new ones were made from."""
    if "order" in payload:
        yield from shuffled_documents(root, payload["order"], payload["split"])
        return
    for segment in payload["segments"]:
        parents = _parents_in(root, segment, payload["split"])
        for documents, outcome in _chosen(root, segment, payload["split"]):
            yield documents, outcome, parents


def _sidecar(path: str) -> str:
    folder, split, name = path.rsplit("/", 2)
    return f"{folder}/mixture/{name.replace('data-', f'{split}-')}"


def _chosen(root: Path, segment: dict[str, Any], split: str) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Documents of a split and their outcomes, from number `start` up to `end` of those in the shard."""
    start, end = segment["start"], segment["end"]
    seen = 0
    for documents, outcome in aligned(_open(root, segment["shard"]), _open(root, segment["outcome"])):
        mask = pc.equal(outcome.column("split"), split).fill_null(False)
        count = mask.true_count
        if count and seen < end and seen + count > start:
            first, last = max(start - seen, 0), min(end - seen, count)
            whole = count == documents.num_rows
            chosen, fates = (documents, outcome) if whole else (documents.filter(mask), outcome.filter(mask))
            yield chosen.slice(first, last - first), fates.slice(first, last - first)
        seen += count


def _parents_in(root: Path, segment: dict[str, Any], split: str) -> pa.Array | None:
    """Ids, in the split, of the documents that those of a segment were made from; None where they were read."""
    if segment["parents"] is None:
        return None
    return ids_in(root, FileRecord.model_validate(segment["parents"]), split)


def _stays_with_parents(batch: pa.RecordBatch, parents: pa.Array | None, split: str) -> None:
    made = batch.column("parent_id").drop_null()
    if not len(made) or parents is None:
        return
    strays = pc.invert(pc.is_in(made, value_set=parents))
    if pc.any(strays).as_py():
        found = f"{strays.true_count:,} new documents in split {split} whose parents are not there"
        raise IntegrityError("stage shard", found, "every new document in its parent's split", "run the recipe again")


def _open(root: Path, record: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    return read_shard(root, FileRecord.model_validate(record))

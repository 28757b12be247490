"""Forgotten documents out of Arrow files: in stages a row without content stays in their place, in the dataset none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.collect.source import QUARANTINE
from curation.decisions import DROPPED
from curation.errors import IntegrityError
from curation.files import checksum, whole_file
from curation.forgotten import FORGOTTEN, blanked, forgotten_in, sum_of
from curation.schema import with_columns
from curation.shards import FileRecord, ShardWriter, shard_batches
from curation.tokens.shard import token_batch
from pipelines.forget.journal import Journal

__all__ = ["Rows"]

Flags = npt.NDArray[np.bool_]
Change = Callable[[pa.RecordBatch, Flags], pa.RecordBatch]
# What a forgotten document has in sidecars beside its id: nothing but this.
_LEFT: dict[str, Any] = {"state": DROPPED, "reason": FORGOTTEN, "failure": FORGOTTEN, "dropped": False}
_ZERO = {"removed_spans", "removed_characters", "bytes"}


class Rows:
    """Changes files of a run or dataset. Doing it again to a file that is done changes nothing."""

    def __init__(self, root: Path, journal: Journal) -> None:
        self._root, self._ids = root, pa.array(list(journal.documents), pa.string())
        self._heads = set(journal.kept_out.heads)
        self._keys = {(source, key): head for source, key, head in journal.keys}

    def of_stage(self, record: FileRecord) -> FileRecord | None:
        """A file of a stage; None where nothing is left of it."""
        name = record.path.rpartition("/")[2]
        if record.path.startswith("quarantine/"):
            return self._quarantine(record, record.path.startswith("quarantine/collect-"))
        if name.startswith("census-"):
            return self.taken_out(record)
        change = blanked if name.startswith("shard-") else _emptied
        return self._changed(record, self._mine, change)

    def taken_out(self, record: FileRecord) -> FileRecord:
        """A file of the dataset, or a sidecar, without their rows."""
        kept = self._changed(record, self._mine, _filtered)
        assert kept is not None
        return kept

    def tokens(self, record: FileRecord, tokenizer: str) -> FileRecord:
        """A token shard without their tokens."""
        batch = next(shard_batches(self._root / record.path))
        gone = self._mine(batch)
        if not gone.any():
            return record
        self._trust(record)
        kept = batch.filter(pa.array(~gone))
        lists = kept.column("tokens")
        offsets = np.concatenate([[0], np.cumsum(pc.list_value_length(lists).to_numpy())]).astype(np.int64)
        columns = (kept.column(name) for name in ("id", "source", "bytes"))
        made = token_batch(*columns, lists.flatten().to_numpy(), offsets, tokenizer)
        with whole_file(self._root / record.path) as file, pa.ipc.new_stream(file, made.schema) as writer:
            writer.write_batch(made)
        path = self._root / record.path
        return FileRecord(
            path=record.path, bytes=path.stat().st_size, sha256=checksum(path), rows=made.num_rows, batches=1
        )

    def _mine(self, batch: pa.RecordBatch) -> Flags:
        return forgotten_in(batch, self._ids)

    def _quarantine(self, record: FileRecord, unread: bool) -> FileRecord | None:
        """Records that could not be read lose their first bytes; of documents that an operator failed on, the row."""
        kept = self._changed(record, self._unread if unread else self._failed, _headless if unread else _filtered)
        if kept is not None and not kept.rows:
            (self._root / kept.path).unlink()
            return None
        return kept

    def _unread(self, batch: pa.RecordBatch) -> Flags:
        return np.array([sum_of(head) in self._heads for head in batch.column("head").to_pylist()], np.bool_)

    def _failed(self, batch: pa.RecordBatch) -> Flags:
        found = np.zeros(batch.num_rows, np.bool_)
        for row, each in enumerate(batch.select(["source", "file", "head"]).to_pylist()):
            place = (each["source"], each["file"])
            if place in self._keys:
                head = self._keys[place]
                found[row] = head is None or head == sum_of(each["head"])
        return found

    def _changed(
        self, record: FileRecord, find: Callable[[pa.RecordBatch], Flags], change: Change
    ) -> FileRecord | None:
        path = self._root / record.path
        if not path.is_file():
            return None
        if not any(find(batch).any() for batch in shard_batches(path)):
            return _as_it_lies(self._root, record)
        self._trust(record)
        writer = ShardWriter(self._root, record.path, _schema(path))
        with writer:
            for batch in self._rewritten(path, find, change):
                writer.write(batch)
        return writer.record

    def _rewritten(
        self, path: Path, find: Callable[[pa.RecordBatch], Flags], change: Change
    ) -> Iterator[pa.RecordBatch]:
        for batch in shard_batches(path):
            gone = find(batch)
            yield change(batch, gone) if gone.any() else batch

    def _trust(self, record: FileRecord) -> None:
        """A file is not given a new receipt unless it is what its old one says, or was changed here before."""
        path = self._root / record.path
        if path.stat().st_size == record.bytes and checksum(path) != record.sha256:
            do = "bring the file back, or run the recipe again, and then forget"
            raise IntegrityError(record.path, "other bytes than its receipt says", f"{record.sha256[:12]}…", do)


def _as_it_lies(root: Path, record: FileRecord) -> FileRecord:
    """The record of a file that holds nothing forgotten; of one that was changed before a kill, its new one."""
    path = root / record.path
    if path.stat().st_size == record.bytes:
        return record
    rows = [batch.num_rows for batch in shard_batches(path)]
    return FileRecord(
        path=record.path, bytes=path.stat().st_size, sha256=checksum(path), rows=sum(rows), batches=len(rows)
    )


def _schema(path: Path) -> pa.Schema:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_stream(source).schema


def _filtered(batch: pa.RecordBatch, gone: Flags) -> pa.RecordBatch:
    return batch.filter(pa.array(~gone))


def _headless(batch: pa.RecordBatch, gone: Flags) -> pa.RecordBatch:
    head = pc.if_else(pa.array(gone), pa.scalar(b"", pa.binary()), batch.column("head"))
    return with_columns(batch, {"head": head}).cast(QUARANTINE)


def _emptied(batch: pa.RecordBatch, gone: Flags) -> pa.RecordBatch:
    """Rows of a sidecar as the stage writes them for a document without content."""
    mask, columns = pa.array(gone), {}
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if field.name == "id":
            continue
        value: Any = _LEFT.get(field.name, 0 if field.name in _ZERO else None)
        if field.name == "failed_rules":
            value = bytes(field.type.byte_width)
        empty = batch.column("id") if _own_cluster(field.name, batch) else pa.scalar(value, field.type)
        columns[field.name] = pc.if_else(mask, empty, column)
    return with_columns(batch, columns).cast(batch.schema)


def _own_cluster(name: str, batch: pa.RecordBatch) -> bool:
    """Outcomes give every document a cluster, groupings only those that have one."""
    return name == "cluster" and "state" in batch.schema.names

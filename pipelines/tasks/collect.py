"""Collect: pieces of input files become documents, or rows of quarantine."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.collect.source import Piece, Sink
from curation.manifest import Receipt, Unit
from curation.schema import DOCUMENT
from curation.shards import FileRecord, ShardWriter
from pipelines.tasks.components import source_of
from pipelines.tasks.quarantine import QuarantineWriter

__all__ = ["PART_BYTES", "collect_unit"]

# A unit leaves another shard after this much text, so that no later unit grows with one huge packed file.
PART_BYTES = 128 << 20


def collect_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    source = source_of(unit.payload["source"])
    shards, rejected = _Parts(root, unit.index), QuarantineWriter(root, unit.stage, unit.index)
    with shards, rejected:
        sink = source.sink(shards.write, rejected.write)
        for piece in unit.payload["pieces"]:
            source.read(Piece.model_validate(piece), sink)
        sink.flush()
    counts = _counts(source.name, sink, shards.text_bytes)
    files = (*shards.records, *rejected.records)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _counts(source: str, sink: Sink, text_bytes: int) -> dict[str, int]:
    """Every record once: `records` are documents, rows of quarantine, and what was skipped, by reason."""
    skipped = sum(sink.skipped.values())
    return {
        "records": sink.documents + sink.quarantined + skipped,
        "documents": sink.documents,
        "quarantined": sink.quarantined,
        "skipped": skipped,
        "text_bytes": text_bytes,
        f"source.{source}": sink.documents,
        **{f"skipped.{reason}": count for reason, count in sorted(sink.skipped.items())},
    }


class _Parts:
    """Shards of one unit, each begun when the one before is full."""

    def __init__(self, root: Path, index: int) -> None:
        self._root, self._index, self._stack = root, index, ExitStack()
        self._writers: list[ShardWriter] = []
        self.text_bytes = self._filled = 0

    def __enter__(self) -> None:
        self._begin()

    def write(self, batch: pa.RecordBatch) -> None:
        if self._filled >= PART_BYTES:
            self._stack.close()
            self._begin()
        self._writers[-1].write(batch)
        size = pc.sum(pc.binary_length(batch.column("text"))).as_py() or 0
        self._filled += size
        self.text_bytes += size

    def __exit__(self, *reason: Any) -> None:
        self._stack.__exit__(*reason)

    @property
    def records(self) -> list[FileRecord]:
        return [writer.record for writer in self._writers]

    def _begin(self) -> None:
        path = f"collect/shard-{self._index:05d}-{len(self._writers):03d}.arrow"
        self._writers.append(self._stack.enter_context(ShardWriter(self._root, path, DOCUMENT)))
        self._filled = 0

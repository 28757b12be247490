"""Collect: pieces of input files become documents, or rows of quarantine."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.collect.source import Piece, Sink
from curation.forgotten import ForgottenList, blanked, forgotten_of
from curation.manifest import Receipt, Unit
from curation.schema import DOCUMENT, with_columns
from curation.shards import FileRecord, ShardWriter
from pipelines.tasks.components import source_of
from pipelines.tasks.quarantine import QuarantineWriter

__all__ = ["PART_BYTES", "collect_unit"]

# A unit leaves another shard after this much text, so that no later unit grows with one huge packed file.
PART_BYTES = 128 << 20


def collect_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    source = source_of(unit.payload["source"])
    known = forgotten_of([root, *map(Path, unit.payload.get("forgotten", ()))])
    shards, rejected = _Parts(root, unit.index, known), QuarantineWriter(root, unit.stage, unit.index)
    with shards, rejected:
        sink = source.sink(shards.write, lambda batch: rejected.write(_without_heads(batch, known)))
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


def _text_bytes(batch: pa.RecordBatch) -> int:
    return pc.sum(pc.binary_length(batch.column("text"))).as_py() or 0


def _without_heads(rejected: pa.RecordBatch, known: ForgottenList) -> pa.RecordBatch:
    """Rows of quarantine; the first bytes of those that were forgotten are not kept."""
    if not known.heads:
        return rejected
    heads = pc.if_else(pa.array(known.covers_heads(rejected.column("head"))), b"", rejected.column("head"))
    return with_columns(rejected, {"head": heads}).cast(rejected.schema)


class _Parts:
    """Shards of one unit, each begun when the one before is full; of what is forgotten only the mark is written."""

    def __init__(self, root: Path, index: int, forgotten: ForgottenList) -> None:
        self._root, self._index, self._stack, self._forgotten = root, index, ExitStack(), forgotten
        self._writers: list[ShardWriter] = []
        self.text_bytes = self._filled = 0

    def __enter__(self) -> None:
        self._begin()

    def write(self, batch: pa.RecordBatch) -> None:
        if self._filled >= PART_BYTES:
            self._stack.close()
            self._begin()
        self._filled += _text_bytes(batch)
        if self._forgotten:
            batch = blanked(batch, self._forgotten.covers(batch))
        self._writers[-1].write(batch)
        self.text_bytes += _text_bytes(batch)

    def __exit__(self, *reason: Any) -> None:
        self._stack.__exit__(*reason)

    @property
    def records(self) -> list[FileRecord]:
        return [writer.record for writer in self._writers]

    def _begin(self) -> None:
        path = f"collect/shard-{self._index:05d}-{len(self._writers):03d}.arrow"
        self._writers.append(self._stack.enter_context(ShardWriter(self._root, path, DOCUMENT)))
        self._filled = 0

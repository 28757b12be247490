"""Clean: one collected shard through the operators, in batches. Leaves the documents and, beside them, their scores.

Rows keep their order and number. A document that a gate stopped or an operator could not handle has no text in the
shard any more, and nulls in the attributes that come after; `gate` and `failure` say why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.collect.source import HEAD_BYTES, QUARANTINE
from curation.files import same_file
from curation.forgotten import FORGOTTEN, is_forgotten
from curation.manifest import Receipt, Unit
from curation.operator import Failure, run_safely
from curation.recipe import MEASURED, Gate, Step
from curation.rules import failed_matrix
from curation.schema import DOCUMENT, with_columns
from curation.shards import FileRecord, ShardWriter, read_shard
from pipelines.tasks.components import parts_of
from pipelines.tasks.quarantine import QuarantineWriter

__all__ = ["clean_batch", "clean_unit", "quarantined", "scores_schema", "slices_of"]

# `gate` is the number of the gate that stopped the document, `failure` the operator and reason that failed on it.
STOPPED = {"gate": pa.int8(), "failure": pa.string()}


def scores_schema(parts: Sequence[Step | Gate]) -> pa.Schema:
    added = {name: kind for part in parts if isinstance(part, Step) for name, kind in part.adds().items()}
    columns = {**STOPPED, **MEASURED, **added}
    return pa.schema([pa.field("id", pa.string(), nullable=False), *(pa.field(n, k) for n, k in columns.items())])


def clean_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    parts = parts_of(unit.payload["parts"])
    schema = scores_schema(parts)
    collected, path = FileRecord.model_validate(unit.payload["shard"]), f"{unit.stage}/shard-{unit.index:05d}.arrow"
    shard = ShardWriter(root, path, DOCUMENT) if parts else _AsCollected(root, path, collected)
    scores = ShardWriter(root, f"{unit.stage}/scores-{unit.index:05d}.arrow", schema)
    counts = {"documents": 0, "quarantined": 0}
    with shard, scores, QuarantineWriter(root, unit.stage, unit.index) as quarantine:
        for batch in _batches(root, collected, settings):
            whole, failures = clean_batch(batch, parts, schema)
            shard.write(whole.select(DOCUMENT.names).cast(DOCUMENT))
            scores.write(whole.select(schema.names).cast(schema))
            if failures:
                quarantine.write(quarantined(unit.stage, batch, failures))
            counts["documents"] += batch.num_rows
            counts["quarantined"] += len(failures)
    files = (shard.record, scores.record, *quarantine.records)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


class _AsCollected:
    """Stands in for a writer where nothing is done to documents: the collected shard, under a second name."""

    def __init__(self, root: Path, path: str, collected: FileRecord) -> None:
        self._root, self._collected, self._path = root, collected, path
        self.record = collected.model_copy(update={"path": path})

    def __enter__(self) -> _AsCollected:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Its documents are in the shard already."""

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            same_file(self._root / self._path, self._root / self._collected.path)


def _batches(root: Path, shard: FileRecord, settings: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    for batch in read_shard(root, shard):
        yield from slices_of(batch, settings)


def slices_of(batch: pa.RecordBatch, settings: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    """A batch in slices of at most so many rows and, unless a single one is larger, so many bytes of text."""
    rows, most = settings["batch_size"], settings["batch_bytes"]
    ends = np.cumsum(pc.binary_length(batch.column("text")).fill_null(0).to_numpy(zero_copy_only=False))
    start = 0
    while start < batch.num_rows:
        before = int(ends[start - 1]) if start else 0
        fits = int(np.searchsorted(ends, before + most, side="right"))
        end = min(batch.num_rows, start + rows, max(fits, start + 1))
        yield batch.slice(start, end - start)
        start = end


def clean_batch(
    batch: pa.RecordBatch, parts: Sequence[Step | Gate], schema: pa.Schema
) -> tuple[pa.RecordBatch, list[Failure]]:
    """Documents and scores of a batch side by side, and the rows that operators failed on."""
    collected = pc.binary_length(batch.column("text"))
    live = with_columns(batch, {"row": pa.array(np.arange(batch.num_rows)), "text.bytes_collected": collected})
    live, left = _remembered(live)
    failures: list[Failure] = []
    gates = 0
    for part in parts:
        if live.num_rows == 0:
            break
        if isinstance(part, Gate):
            live, stopped = _through_gate(live, part, gates)
            gates += 1
        else:
            live, stopped, failed = _through_step(live, part)
            failures += failed
        if stopped.num_rows:
            left.append(stopped)
    return _together([*left, live], batch, schema), failures


def _remembered(live: pa.RecordBatch) -> tuple[pa.RecordBatch, list[pa.RecordBatch]]:
    """Documents to work on, and apart from them those that were forgotten."""
    gone = is_forgotten(live)
    if not gone.any():
        return live, []
    marked = live.filter(pa.array(gone))
    why = pa.array([FORGOTTEN] * marked.num_rows, pa.string())
    return live.filter(pa.array(~gone)), [with_columns(marked, {"failure": why})]


def _through_gate(live: pa.RecordBatch, gate: Gate, number: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    failed = failed_matrix(live, gate.rules).any(axis=0)
    stopped = live.filter(pa.array(failed))
    kept = live if not failed.any() else live.filter(pa.array(~failed))
    return kept, with_columns(stopped, {"gate": pa.array([number] * stopped.num_rows, pa.int8())})


def _through_step(live: pa.RecordBatch, step: Step) -> tuple[pa.RecordBatch, pa.RecordBatch, list[Failure]]:
    after, failures = run_safely(step.operator, live)
    if step.label != step.operator.contract.name:
        after = _relabelled(live, after, step)
    if not failures:
        return after, after.slice(0, 0), []
    failed = np.zeros(live.num_rows, np.bool_)
    failed[[failure.row for failure in failures]] = True
    stopped = after.filter(pa.array(failed))
    why = pa.array([f"{step.label}: {failure.reason}" for failure in failures], pa.string())
    rows = live.column("row").to_numpy()
    moved = [Failure(int(rows[f.row]), step.label, f.reason, f.detail) for f in failures]
    return after.filter(pa.array(~failed)), with_columns(stopped, {"failure": why}), moved


def _relabelled(live: pa.RecordBatch, after: pa.RecordBatch, step: Step) -> pa.RecordBatch:
    """The step's columns under its label; columns of an earlier step with the operator's own name stay."""
    columns = {"text": after.column("text")}
    for own, label in zip(step.operator.adds(), step.adds(), strict=True):
        columns[label] = after.column(own)
    return with_columns(live, columns)


def _together(pieces: list[pa.RecordBatch], batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """All rows in their first order, with every column of documents and scores."""
    pieces = [piece for piece in pieces if piece.num_rows]
    fields = {field.name: field.type for field in (*DOCUMENT, *schema)}
    full = [_with_nulls(piece, fields) for piece in pieces]
    if len(full) == 1:
        whole = full[0]
    else:
        joined = pa.concat_batches(full)
        order = np.argsort(np.concatenate([piece.column("row").to_numpy() for piece in pieces]), kind="stable")
        whole = joined.take(pa.array(order))
    return _measured(whole)


def _with_nulls(piece: pa.RecordBatch, fields: dict[str, pa.DataType]) -> pa.RecordBatch:
    known = set(piece.schema.names)
    columns = [piece.column(n) if n in known else pa.nulls(piece.num_rows, k) for n, k in fields.items()]
    return pa.RecordBatch.from_arrays(columns, names=list(fields))


def _measured(whole: pa.RecordBatch) -> pa.RecordBatch:
    """`text.*` filled in; text taken away from documents that do not go on."""
    text = whole.column("text")
    stopped = pc.or_(whole.column("gate").is_valid(), whole.column("failure").is_valid())
    kept_text = pc.if_else(stopped, pa.scalar(None, text.type), text) if pc.any(stopped).as_py() else text
    sizes = {"text.characters": pc.utf8_length(text), "text.bytes": pc.binary_length(text)}
    return with_columns(whole, {"text": kept_text, **sizes})


def quarantined(stage: str, batch: pa.RecordBatch, failures: list[Failure]) -> pa.RecordBatch:
    """Rows of quarantine for documents that an operator failed on."""
    rows: npt.NDArray[np.int64] = np.array([failure.row for failure in failures])
    taken = batch.take(pa.array(rows))
    heads = [
        (text or "").encode()[:HEAD_BYTES]
        for text in pc.utf8_slice_codeunits(taken.column("text"), 0, HEAD_BYTES).to_pylist()
    ]
    columns = {
        "stage": [stage] * len(rows),
        "source": taken.column("source").to_pylist(),
        "file": taken.column("key").to_pylist(),
        "offset": [0] * len(rows),
        "length": pc.binary_length(taken.column("text")).fill_null(0).to_pylist(),
        "reason": [f"{failure.operator}: {failure.reason}" for failure in failures],
        "detail": [failure.detail for failure in failures],
        "head": heads,
    }
    return pa.RecordBatch.from_pydict(columns, schema=QUARANTINE)

"""Lines, paragraphs, sentences and passages that the corpus repeats: one copy stays, texts lose the others.

    anchors   shard -> ANCHOR rows: sampled n-grams of passages
    repeated  anchors of a key range -> those that occur more than once, as PLACE rows
    runs      repeated anchors of one shard -> UNIT rows of the passages around them
    units     shard -> UNIT rows of its lines, paragraphs or sentences
    lost      units of a key range -> PLACE rows of all but one of each key
    text      lost places of one shard -> its documents without them, and a sidecar that counts

A node is shard << 32 | row.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.dedup.lines import lost
from curation.kernels.runs import occurs_again
from curation.manifest import Receipt, Unit
from curation.schema import DOCUMENT, with_columns
from curation.shards import FileRecord, ShardWriter, read_shard
from pipelines.tasks.components import group_of
from pipelines.tasks.dedup import alive
from pipelines.tasks.packed import Table, joined, write_table

__all__ = [
    "REWRITTEN",
    "anchors_unit",
    "lost_range",
    "repeated_range",
    "runs_unit",
    "text_unit",
    "units_unit",
]

ANCHOR = np.dtype([("key", "<u8"), ("node", "<u8"), ("first", "<i4"), ("last", "<i4")])
UNIT = np.dtype([("key", "<u8"), ("low", "<u8"), ("owner", "<u8"), ("node", "<u8"), ("first", "<i4"), ("last", "<i4")])
PLACE = np.dtype([("node", "<u8"), ("first", "<i4"), ("last", "<i4")])

# The sidecar of a grouping that takes text out of documents; `bytes` is what each has left.
REWRITTEN = pa.schema(
    [
        ("id", pa.string()),
        ("cluster", pa.string()),
        ("survivor", pa.string()),
        ("similarity", pa.float64()),
        ("dropped", pa.bool_()),
        ("removed_spans", pa.int32()),
        ("removed_characters", pa.int64()),
        ("bytes", pa.int64()),
    ]
)
_ROW = np.uint64(0xFFFFFFFF)


def _receipt(unit: Unit, *files: FileRecord, **counts: int) -> Receipt:
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def units_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    grouping = group_of(unit.payload["group"]).grouping
    tables = [np.zeros(0, UNIT)]
    for batch, rows in alive(root, unit.payload):
        tables.append(_units(grouping.keys(batch), rows, "first", "last"))
    return _sorted_keys(root, unit, np.concatenate(tables))


def _units(keys: pa.RecordBatch, rows: npt.NDArray[np.uint32], first: str, last: str) -> Table:
    table = np.zeros(keys.num_rows, UNIT)
    table["key"], table["low"] = keys.column("key_hi").to_numpy(), keys.column("key_lo").to_numpy()
    table["owner"] = keys.column("owner").to_numpy()
    table["node"] = rows[keys.column("row").to_numpy()]
    table["first"], table["last"] = keys.column(first).to_numpy(), keys.column(last).to_numpy()
    return table


def _sorted_keys(root: Path, unit: Unit, table: Table) -> Receipt:
    table = table[np.lexsort((table["first"], table["node"], table["key"]))]
    return _receipt(unit, write_table(root, f"{unit.stage}/keys-{unit.index:05d}.npy", table), entries=len(table))


def anchors_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    grouping = group_of(unit.payload["group"]).grouping
    tables = [np.zeros(0, ANCHOR)]
    for batch, rows in alive(root, unit.payload):
        anchors = grouping.anchors(batch)
        table = np.zeros(anchors.num_rows, ANCHOR)
        table["key"], table["first"] = anchors.column("key").to_numpy(), anchors.column("place").to_numpy()
        table["node"] = rows[anchors.column("row").to_numpy()]
        tables.append(table)
    return _sorted_keys(root, unit, np.concatenate(tables))


def repeated_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    anchors = joined(root, values, ANCHOR)
    return _places(root, unit, anchors[occurs_again(np.ascontiguousarray(anchors["key"]))])


def lost_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    units = joined(root, values, UNIT)
    columns = [np.ascontiguousarray(units[name]) for name in ("key", "low", "owner", "node", "first")]
    return _places(root, unit, units[lost(*columns)])


def _places(root: Path, unit: Unit, rows: Table) -> Receipt:
    table = np.zeros(len(rows), PLACE)
    for name in PLACE.names or ():
        table[name] = rows[name]
    table = np.unique(table)
    return _receipt(unit, write_table(root, f"{unit.stage}/places-{unit.index:05d}.npy", table), places=len(table))


def runs_unit(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    grouping = group_of(unit.payload["group"]).grouping
    places = np.unique(joined(root, values, PLACE))
    tables = [np.zeros(0, UNIT)]
    for batch, row, chosen in _with_places(root, unit.payload["shard"], places):
        if len(chosen):
            runs = grouping.runs(batch, row, chosen["first"].astype(np.int64))
            rows = np.arange(batch.num_rows, dtype=np.uint32) + np.uint32(_start_of(chosen, row))
            tables.append(_units(runs, rows, "start", "start"))
    return _sorted_keys(root, unit, np.unique(np.concatenate(tables)))


def _start_of(chosen: Table, row: npt.NDArray[np.int64]) -> int:
    """Number of the batch's first row within its shard."""
    return int(chosen["node"][0] & _ROW) - int(row[0])


def _with_places(
    root: Path, shard: dict[str, Any], places: Table
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.int64], Table]]:
    """Batches of a shard with the places that lie in them: row within the batch, and the places themselves."""
    rows = (places["node"] & _ROW).astype(np.int64)
    start = 0
    for batch in read_shard(root, FileRecord.model_validate(shard)):
        first, last = np.searchsorted(rows, (start, start + batch.num_rows))
        yield batch, rows[first:last] - start, places[first:last]
        start += batch.num_rows


def text_unit(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    grouping = group_of(unit.payload["group"]).grouping
    places = np.unique(joined(root, values, PLACE))
    shard = ShardWriter(root, f"{unit.stage}/shard-{unit.index:05d}.arrow", DOCUMENT)
    ledger = ShardWriter(root, f"{unit.stage}/ledger-{unit.index:05d}.arrow", REWRITTEN)
    counts = {"documents": 0, "rewritten": 0, "dropped": 0, "removed_characters": 0}
    with shard, ledger:
        for batch, row, chosen in _with_places(root, unit.payload["shard"], places):
            documents, sidecar = _rewritten(grouping, batch, row, chosen)
            shard.write(documents)
            ledger.write(sidecar)
            counts["documents"] += batch.num_rows
            counts["rewritten"] += int(pc.sum(pc.greater(sidecar.column("removed_spans"), 0)).as_py() or 0)
            counts["dropped"] += int(pc.sum(sidecar.column("dropped")).as_py() or 0)
            counts["removed_characters"] += int(pc.sum(sidecar.column("removed_characters")).as_py() or 0)
    return _receipt(unit, shard.record, ledger.record, **counts)


def _rewritten(
    grouping: Any, batch: pa.RecordBatch, row: npt.NDArray[np.int64], chosen: Table
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Documents without their lost places, and the sidecar; documents without any keep their text as it is."""
    rows = batch.num_rows
    text, spans, characters = batch.column("text"), np.zeros(rows, np.int32), np.zeros(rows, np.int64)
    if len(chosen):
        first, last = chosen["first"].astype(np.int64), chosen["last"].astype(np.int64)
        bounds = (row, first, last) if grouping.method == "units" else (row, first)
        changed = grouping.rewrite(batch, *bounds)
        text = pc.if_else(batch.column("text").is_valid(), changed.column("text"), text)
        spans, characters = changed.column("removed_spans").to_numpy(), changed.column("removed_characters").to_numpy()
    nothing = pa.nulls(rows, pa.string())
    sidecar = [batch.column("id"), nothing, nothing, pa.nulls(rows, pa.float64())]
    sidecar += [pa.array((spans > 0) & grouping.too_short(text)), pa.array(spans, pa.int32())]
    sidecar += [pa.array(characters, pa.int64()), pc.binary_length(text).fill_null(0).cast(pa.int64())]
    return with_columns(batch, {"text": text}).cast(DOCUMENT), pa.RecordBatch.from_arrays(sidecar, schema=REWRITTEN)

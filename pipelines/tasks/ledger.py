"""Ledger: one row for every document ever read, put together from what each stage said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.manifest import Receipt, Unit
from curation.order import unpermuted
from curation.shards import FileRecord, ShardWriter, aligned, read_shard

__all__ = ["REMOVED", "ledger_schema", "ledger_unit"]

# What a grouping that takes text out adds to the ledger, under its label.
REMOVED = {"removed_spans": pa.int32(), "removed_characters": pa.int64()}
ORIGIN = ("id", "source", "key", "url", "parent_id")
FATE = {
    "state": pa.string(),
    "reason": pa.string(),
    "cluster": pa.string(),
    "survivor": pa.string(),
    "similarity": pa.float64(),
    "copies": pa.int32(),
    "split": pa.string(),
}

Numbers = npt.NDArray[np.int64]


def ledger_schema(attributes: pa.Schema, failed_rules: pa.DataType) -> pa.Schema:
    """Origin, fate, place in the dataset, failed rules, and every attribute. `shard` and `row` count from 0."""
    fields = [pa.field(name, pa.string()) for name in ORIGIN]
    fields += [pa.field(name, kind) for name, kind in FATE.items()]
    fields += [pa.field("shard", pa.int32()), pa.field("row", pa.int64()), pa.field("failed_rules", failed_rules)]
    return pa.schema(fields + [field for field in attributes if field.name != "id"])


def ledger_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    attributes = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(unit.payload["attributes"])))
    schema = ledger_schema(attributes, pa.binary(unit.payload["rule_bytes"]))
    writer = ShardWriter(root, f"ledger/ledger-{unit.index:05d}.arrow", schema)
    places = _Places(unit.payload["places"])
    with writer:
        for sidecars in aligned(*_open(root, unit.payload)):
            writer.write(_rows(sidecars, list(unit.payload.get("rewritten", ())), places, schema))
    counts = {"rows": writer.rows}
    files = (writer.record,)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _open(root: Path, payload: dict[str, Any]) -> list[Iterator[pa.RecordBatch]]:
    """Documents first; for those that were read, scores and decisions; the outcome; and what was rewritten."""
    records = [payload[name] for name in ("shard", "scores", "decisions", "outcome") if name in payload]
    records += payload.get("rewritten", {}).values()
    return [read_shard(root, FileRecord.model_validate(record)) for record in records]


def _rows(
    sidecars: tuple[pa.RecordBatch, ...], labels: list[str], places: _Places, schema: pa.Schema
) -> pa.RecordBatch:
    columns: dict[str, pa.Array] = {}
    plain = sidecars[: len(sidecars) - len(labels)]
    for batch in plain:  # the outcome comes last and has the last word
        columns.update(zip(batch.schema.names, batch.columns, strict=True))
    for label, batch in zip(labels, sidecars[len(plain) :], strict=True):
        columns.update({f"{label}.{name}": batch.column(name) for name in REMOVED})
    columns["shard"], columns["row"] = places.of(np.array(columns["split"].to_pylist(), object))
    rows = sidecars[0].num_rows
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class _Places:
    """Where the n-th document of a split in this shard went, by split: by stretches [start, end, shard, first row], or
    by the order of a shuffled split.
    """

    def __init__(self, places: dict[str, Any]) -> None:
        self._places, self._seen = places, dict.fromkeys(places, 0)

    def of(self, splits: npt.NDArray[np.object_]) -> tuple[pa.Array, pa.Array]:
        shard, row = np.full(len(splits), -1, np.int64), np.full(len(splits), -1, np.int64)
        for split, places in self._places.items():
            chosen = np.flatnonzero(splits == split)
            number = np.arange(len(chosen)) + self._seen[split]
            self._seen[split] += len(chosen)
            shard[chosen], row[chosen] = (_ordered if isinstance(places, dict) else _stretched)(places, number)
        absent = shard < 0
        return pa.array(shard, pa.int32(), mask=absent), pa.array(row, pa.int64(), mask=absent)


def _stretched(places: list[list[int]], number: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    stretches = np.array(places, np.int64).reshape(-1, 4)
    which = np.searchsorted(stretches[:, 0], number, side="right") - 1
    return stretches[which, 2], stretches[which, 3] + number - stretches[which, 0]


def _ordered(places: dict[str, Any], number: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    bounds, gaps = np.array(places["bounds"], np.int64), np.array(places.get("gaps", ()), np.int64)
    own = gaps[gaps >= places["start"]] - places["start"]
    # The n-th document that is there still has as many gaps before it as lie among the n before it.
    number = number + np.searchsorted(own - np.arange(len(own)), number, side="right") + places["start"]
    at = unpermuted(number, int(bounds[-1]), places["key"])
    empty = np.sort(unpermuted(gaps, int(bounds[-1]), places["key"]))
    shard = np.searchsorted(bounds, at, side="right") - 1
    missing = np.searchsorted(empty, at) - np.searchsorted(empty, bounds[shard])
    return shard, at - bounds[shard] - missing

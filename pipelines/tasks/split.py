"""Split: the last word on every document of a shard. Kept or not, why not, and in which split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.decisions import DROPPED, KEPT
from curation.manifest import Receipt, Unit
from curation.mix.split import split_of
from curation.rules import unpack
from curation.shards import FileRecord, ShardWriter, aligned, read_shard
from pipelines.tasks.dedup import copies_of, removed

__all__ = ["OUTCOME", "count_outcomes", "outcomes", "split_unit"]

# `reason` is the first failed rule, `duplicate` or `emptied` with the grouping, or the failure of an operator. `copies`
# is how many documents a kept one stands for, itself included; null for the others.
OUTCOME = pa.schema(
    [
        ("id", pa.string()),
        ("state", pa.string()),
        ("reason", pa.string()),
        ("cluster", pa.string()),
        ("survivor", pa.string()),
        ("similarity", pa.float64()),
        ("copies", pa.int32()),
        ("split", pa.string()),
        ("bytes", pa.int64()),
    ]
)


def split_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    writer = ShardWriter(root, f"split/ledger-{unit.index:05d}.arrow", OUTCOME)
    counts: dict[str, int] = {}
    with writer:
        for scores, decided, *ledgers in aligned(*_sidecars(root, unit.payload)):
            batch = outcomes(scores, decided, ledgers, unit.payload)
            count_outcomes(batch, counts)
            writer.write(batch)
    files = (writer.record,)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _sidecars(root: Path, payload: dict[str, Any]) -> list[Any]:
    records = [payload["scores"], payload["decisions"], *payload["ledgers"]]
    return [read_shard(root, FileRecord.model_validate(record)) for record in records]


def outcomes(
    scores: pa.RecordBatch, decided: pa.RecordBatch, ledgers: list[pa.RecordBatch], payload: dict[str, Any]
) -> pa.RecordBatch:
    """Rows of OUTCOME, from what rules and groupings said."""
    ids = np.array(decided.column("id").to_pylist(), object)
    state = np.array(decided.column("state").to_pylist(), object)
    reason = _rule_reasons(scores, decided, payload["reasons"])
    cluster, survivor = ids.copy(), np.full(len(ids), None, object)
    similarity, sizes = np.full(len(ids), np.nan), scores.column("text.bytes").fill_null(0)
    for label, ledger in zip(payload["labels"], ledgers, strict=True):
        _take_over(cluster, _objects(ledger.column("cluster")))
        survivors = _objects(ledger.column("survivor"))
        hit = removed(ledger) & (state == KEPT)
        survivor[hit], state[hit] = survivors[hit], DROPPED
        reason[hit] = f"duplicate.{label}" if "dropped" not in ledger.schema.names else f"emptied.{label}"
        similarity[hit] = ledger.column("similarity").to_numpy(zero_copy_only=False)[hit]
        sizes = ledger.column("bytes") if "bytes" in ledger.schema.names else sizes
    kept = state == KEPT
    split = np.full(len(ids), None, object)
    split[kept] = split_of(list(cluster[kept]), payload["splits"], payload["seed"])
    columns = [ids, state, reason, cluster, survivor]
    arrays = [pa.array(column, pa.string()) for column in columns]
    copies = pa.array(copies_of(ledgers, len(ids)), mask=~kept)
    arrays += [pa.array(similarity, mask=np.isnan(similarity)), copies, pa.array(split, pa.string()), sizes]
    return pa.RecordBatch.from_arrays(arrays, schema=OUTCOME)


def _rule_reasons(scores: pa.RecordBatch, decided: pa.RecordBatch, reasons: list[str]) -> npt.NDArray[np.object_]:
    failed = unpack(decided.column("failed_rules"), len(reasons))
    reason = _objects(scores.column("failure"))
    if len(reasons):
        first = np.array(reasons, object)[failed.argmax(axis=0)]
        reason = np.where(failed.any(axis=0), first, reason)
    return reason


def _take_over(cluster: npt.NDArray[np.object_], new: npt.NDArray[np.object_]) -> None:
    found = new != None  # noqa: E711  element-wise
    cluster[found] = new[found]


def _objects(column: pa.Array) -> npt.NDArray[np.object_]:
    return np.array(column.to_pylist(), object)


def count_outcomes(batch: pa.RecordBatch, counts: dict[str, int]) -> None:
    """Documents and bytes by state and by split, documents by reason of those that were dropped."""
    dropped = batch.filter(pc.equal(batch.column("state"), DROPPED))
    _add(counts, "", batch.column("state"), batch.column("bytes"))
    _add(counts, "split.", batch.column("split"), batch.column("bytes"))
    _add(counts, "reason.", dropped.column("reason"), dropped.column("bytes"))
    counts["documents"] = counts.get("documents", 0) + batch.num_rows


def _add(counts: dict[str, int], prefix: str, names: pa.Array, sizes: pa.Array) -> None:
    table = pa.table({"name": names, "size": sizes}).group_by("name").aggregate([("size", "count"), ("size", "sum")])
    for row in table.to_pylist():
        if row["name"] is not None:
            for key, amount in ((f"{prefix}{row['name']}", "size_count"), (f"bytes.{prefix}{row['name']}", "size_sum")):
                counts[key] = counts.get(key, 0) + row[amount]

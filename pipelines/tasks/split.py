"""Split: the last word on every document of a shard. Kept or not, why not, and in which split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
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
    cluster, state, reason = decided.column("id"), decided.column("state"), _rule_reasons(scores, decided, payload)
    survivor, similarity = pa.nulls(len(state), pa.string()), pa.nulls(len(state), pa.float64())
    sizes = scores.column("text.bytes").fill_null(0)
    for label, ledger in zip(payload["labels"], ledgers, strict=True):
        cluster = pc.coalesce(ledger.column("cluster"), cluster)
        hit = pc.and_(pa.array(removed(ledger)), pc.equal(state, KEPT))
        why = "duplicate" if "dropped" not in ledger.schema.names else "emptied"
        survivor = pc.if_else(hit, ledger.column("survivor"), survivor)
        state, reason = pc.if_else(hit, DROPPED, state), pc.if_else(hit, f"{why}.{label}", reason)
        similarity = pc.if_else(hit, ledger.column("similarity"), similarity)
        sizes = ledger.column("bytes") if "bytes" in ledger.schema.names else sizes
    kept = pc.equal(state, KEPT)
    copies = pc.if_else(kept, pa.array(copies_of(ledgers, len(state))), None)
    split = _splits(cluster, kept, payload)
    columns = [decided.column("id"), state, reason, cluster, survivor, similarity, copies, split, sizes]
    return pa.RecordBatch.from_arrays(columns, schema=OUTCOME)


def _rule_reasons(scores: pa.RecordBatch, decided: pa.RecordBatch, payload: dict[str, Any]) -> pa.Array:
    reasons, failure = payload["reasons"], scores.column("failure")
    if not reasons:
        return failure
    failed = unpack(decided.column("failed_rules"), len(reasons))
    first = pa.array(reasons, pa.string()).take(pa.array(failed.argmax(axis=0)))
    return pc.if_else(pa.array(failed.any(axis=0)), first, failure)


def _splits(cluster: pa.Array, kept: pa.Array, payload: dict[str, Any]) -> pa.Array:
    chosen = np.full(len(kept), None, object)
    of_kept = split_of(cluster.filter(kept).to_pylist(), payload["splits"], payload["seed"])
    chosen[kept.to_numpy(zero_copy_only=False)] = of_kept
    return pa.array(chosen, pa.string())


def count_outcomes(batch: pa.RecordBatch, counts: dict[str, int]) -> None:
    """Documents and bytes by state and by split, documents by reason of those that were dropped."""
    dropped = batch.filter(pc.equal(batch.column("state"), DROPPED))
    _add(counts, "", batch.column("state"), batch.column("bytes"))
    _add(counts, "split.", batch.column("split"), batch.column("bytes"))
    _add(counts, "reason.", dropped.column("reason"), dropped.column("bytes"))
    counts["documents"] = counts.get("documents", 0) + batch.num_rows


def _add(counts: dict[str, int], prefix: str, names: pa.Array, sizes: pa.Array) -> None:
    found = names.dictionary_encode()
    which = found.indices.fill_null(len(found.dictionary)).to_numpy()  # nulls come last, and are not counted
    numbers = np.bincount(which, minlength=len(found.dictionary))
    sums = np.zeros(len(numbers), np.int64)
    np.add.at(sums, which, sizes.to_numpy())
    for name, number, total in zip(found.dictionary.to_pylist(), numbers.tolist(), sums.tolist(), strict=False):
        for key, amount in ((f"{prefix}{name}", number), (f"bytes.{prefix}{name}", total)):
            counts[key] = counts.get(key, 0) + amount

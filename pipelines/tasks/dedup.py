"""Exact groups across the corpus: keys of a shard, groups of a key range, and the sidecar of a shard again.

    keys     shard -> one row of KEY for every document still in the run, sorted by key
    groups   rows of a key range, from all shards -> one row of MEMBER for every document that is not alone
    ledger   rows of MEMBER for one shard -> a sidecar with cluster, survivor and similarity for each of its documents

Rows are packed structs in plain `.npy` files, so that a range of keys is a slice of a mapped file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.decisions import KEPT
from curation.dedup.grouping import elect_equal
from curation.kernels.runs import sorted_unique
from curation.manifest import Receipt, Unit
from curation.schema import id_words, with_columns
from curation.shards import FileRecord, ShardWriter, aligned, read_shard
from pipelines.tasks.components import group_of
from pipelines.tasks.election import MEMBER, elected
from pipelines.tasks.packed import joined, write_table

__all__ = [
    "COPIES",
    "KEY",
    "alive",
    "copies_of",
    "group_range",
    "keys_unit",
    "ledger_unit",
    "removed",
]

KEY = np.dtype(
    [
        ("hi", "<u8"),
        ("lo", "<u8"),
        ("rank", "<u8"),
        ("id_hi", "<u8"),
        ("id_lo", "<u8"),
        ("copies", "<u4"),
        ("shard", "<u4"),
        ("row", "<u4"),
    ]
)
LEDGER = pa.schema(
    [
        ("id", pa.string()),
        ("cluster", pa.string()),
        ("survivor", pa.string()),
        ("similarity", pa.float64()),
        ("copies", pa.int32()),
    ]
)
# Attribute under which a grouping sees what earlier ones found.
COPIES = "duplicates.copies"


def keys_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    grouping = group_of(unit.payload["group"]).grouping
    rows = [_keys(grouping, batch, places) for batch, places in alive(root, unit.payload)]
    table = np.concatenate(rows) if rows else np.zeros(0, KEY)
    table = table[np.lexsort((table["id_lo"], table["id_hi"], table["lo"], table["hi"]))]
    record = write_table(root, f"{unit.stage}/keys-{unit.index:05d}.npy", table)
    counts = {"documents": len(table)}
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=(record,), counts=counts)


def alive(root: Path, payload: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.uint32]]]:
    """Documents with their scores that rules kept and earlier groupings did not remove, and their rows in the shard."""
    shard, scores, decisions, *earlier = (_open(root, record) for record in _sidecars(payload))
    row = 0
    for documents, measured, decided, *ledgers in aligned(shard, scores, decisions, *earlier):
        still = _equals(decided.column("state"), KEPT)
        for ledger in ledgers:
            still &= ~removed(ledger)
        places = np.flatnonzero(still)
        attributes = {name: measured.column(name) for name in measured.schema.names if name != "id"}
        attributes[COPIES] = pa.array(copies_of(ledgers, documents.num_rows))
        whole = with_columns(documents, attributes)
        yield whole if still.all() else whole.take(pa.array(places)), (places + row).astype(np.uint32)
        row += documents.num_rows


def removed(ledger: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Documents that a grouping took out: they have a survivor, or too little text left."""
    gone: npt.NDArray[np.bool_] = ledger.column("survivor").is_valid().to_numpy(zero_copy_only=False)
    if "dropped" in ledger.schema.names:
        gone = gone | np.asarray(ledger.column("dropped").to_numpy(zero_copy_only=False), np.bool_)
    return gone


def copies_of(ledgers: Sequence[pa.RecordBatch], rows: int) -> npt.NDArray[np.int32]:
    """How many documents each stands for after some groupings: what the last of them that knew it said."""
    copies = np.ones(rows, np.int32)
    for ledger in ledgers:
        if "copies" in ledger.schema.names:
            known = ledger.column("copies")
            copies = np.where(known.is_valid(), known.fill_null(0), copies).astype(np.int32)
    return copies


def _sidecars(payload: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [payload["shard"], payload["scores"], payload["decisions"], *payload["earlier"]]


def _open(root: Path, record: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    return read_shard(root, FileRecord.model_validate(record))


def _equals(column: pa.Array, word: str) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.equal(column, word).fill_null(False).to_numpy(zero_copy_only=False), np.bool_)


def _keys(grouping: Any, batch: pa.RecordBatch, rows: npt.NDArray[np.uint32]) -> npt.NDArray[Any]:
    table = np.zeros(batch.num_rows, KEY)
    keys = grouping.keys(batch)
    table["hi"], table["lo"] = keys.column("key_hi").to_numpy(), keys.column("key_lo").to_numpy()
    table["rank"] = grouping.rank(batch)
    ids = id_words(batch.column("id"))
    table["id_hi"], table["id_lo"] = ids[:, 0], ids[:, 1]
    table["copies"], table["row"] = batch.column(COPIES).to_numpy(), rows
    return table


def group_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    """Groups of equal keys in one range. Sorted by content, so the order in which values arrive means nothing."""
    table = joined(root, values, KEY)
    table = table[np.lexsort((table["id_lo"], table["id_hi"], table["lo"], table["hi"]))]
    table = table[_repeated(table)]
    ids = np.stack([table["id_hi"], table["id_lo"]], axis=1)
    election = elect_equal(table["hi"], table["lo"], ids, table["rank"])
    members = elected(root, unit, election, ids, table["copies"], table["shard"], table["row"])
    record = write_table(root, f"{unit.stage}/groups-{unit.index:05d}.npy", members)
    counts = {"members": len(members), "clusters": len(sorted_unique(election.cluster))}
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=(record,), counts=counts)


def _repeated(table: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """True for rows of a sorted table that share their key with a neighbour."""
    same = (table["hi"][1:] == table["hi"][:-1]) & (table["lo"][1:] == table["lo"][:-1])
    return np.concatenate((same, [False])) | np.concatenate(([False], same)) if len(table) else np.zeros(0, np.bool_)


def ledger_unit(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    """The sidecar of one shard: null for documents that are alone; survivors have a cluster but no survivor."""
    members = joined(root, values, MEMBER)
    members = members[np.argsort(members["row"])]
    writer = ShardWriter(root, f"{unit.stage}/ledger-{unit.index:05d}.arrow", LEDGER)
    removed = start = 0
    with writer:
        for batch in _open(root, unit.payload["decisions"]):
            first, last = np.searchsorted(members["row"], (start, start + batch.num_rows))
            columns = _columns(batch.column("id"), members[first:last], start)
            removed += batch.num_rows - columns[2].null_count
            writer.write(pa.RecordBatch.from_arrays(columns, schema=LEDGER))
            start += batch.num_rows
    counts = {"documents": start, "removed": removed}
    return Receipt(
        stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=(writer.record,), counts=counts
    )


def _columns(ids: pa.Array, members: npt.NDArray[Any], start: int) -> list[pa.Array]:
    cluster, survivor = np.full(len(ids), None, object), np.full(len(ids), None, object)
    similarity = np.full(len(ids), np.nan)
    places = members["row"].astype(np.int64) - start
    cluster[places] = _hex(members["cluster"])
    gone = members["copies"] == 0
    survivor[places[gone]] = _hex(members["survivor"][gone])
    similarity[places[gone]] = members["similarity"][gone]
    copies, known = np.zeros(len(ids), np.int32), np.zeros(len(ids), np.bool_)
    copies[places], known[places] = members["copies"], True
    return [
        ids,
        pa.array(cluster, pa.string()),
        pa.array(survivor, pa.string()),
        pa.array(similarity, mask=np.isnan(similarity)),
        pa.array(copies, mask=~known),
    ]


def _hex(words: npt.NDArray[np.uint64]) -> list[str]:
    return [f"{high:016x}{low:016x}" for high, low in words.tolist()]

"""Near duplicates across the corpus: candidates. No text crosses a shuffle, only keys, pairs and edges of nodes.

    bands    shard -> BAND rows sorted by key, and a DOCUMENT row for every document still in the run
    pairs    band entries of a key range, from all shards -> candidate pairs
    (edges, components and elections: pipelines.tasks.linked and stars)

A node is shard << 32 | row. Everything is sorted by content before it is decided, so order of arrival means nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.minhash import MinHash
from curation.kernels.candidates import candidate_pairs
from curation.kernels.runs import occurs_again, run_starts, sorted_unique
from curation.manifest import Receipt, Unit
from curation.schema import id_words
from curation.shards import FileRecord
from pipelines.tasks.components import group_of
from pipelines.tasks.dedup import COPIES, alive
from pipelines.tasks.packed import Table, joined, mapped_table, write_table

__all__ = [
    "BAND",
    "PAIR",
    "ROW",
    "SHIFT",
    "bands_unit",
    "by_shard",
    "ids_of",
    "minhash_of",
    "pairs_range",
    "receipt_of",
    "sorted_pairs",
    "who",
]

Nodes = npt.NDArray[np.uint64]

DOCUMENT = np.dtype([("row", "<u4"), ("copies", "<u4"), ("rank", "<u8"), ("id_hi", "<u8"), ("id_lo", "<u8")])
BAND = np.dtype([("key", "<u8"), ("order", "<u8"), ("node", "<u8")])
PAIR = np.dtype([("a", "<u8"), ("b", "<u8")])

SHIFT, ROW = np.uint64(32), np.uint64(0xFFFFFFFF)


def receipt_of(unit: Unit, files: tuple[FileRecord, ...], **counts: int) -> Receipt:
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def minhash_of(unit: Unit) -> MinHash:
    grouping = group_of(unit.payload["group"]).grouping
    assert isinstance(grouping, MinHash)
    return grouping


def bands_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    grouping = minhash_of(unit)
    bands, documents = [np.zeros(0, BAND)], [np.zeros(0, DOCUMENT)]
    for batch, rows in alive(root, unit.payload):
        documents.append(_documents(grouping, batch, rows))
        bands.append(_bands(grouping, batch, rows))
    table = np.concatenate(bands)
    table = table[np.argsort(table["key"], kind="stable")]
    files = (
        write_table(root, f"{unit.stage}/bands-{unit.index:05d}.npy", table),
        write_table(root, f"{unit.stage}/documents-{unit.index:05d}.npy", np.concatenate(documents)),
    )
    return receipt_of(unit, files, documents=files[1].rows, entries=len(table))


def _documents(grouping: MinHash, batch: pa.RecordBatch, rows: npt.NDArray[np.uint32]) -> Table:
    table = np.zeros(batch.num_rows, DOCUMENT)
    ids = id_words(batch.column("id"))
    table["row"], table["rank"] = rows, grouping.rank(batch)
    table["copies"] = batch.column(COPIES).to_numpy()
    table["id_hi"], table["id_lo"] = ids[:, 0], ids[:, 1]
    return table


def _bands(grouping: MinHash, batch: pa.RecordBatch, rows: npt.NDArray[np.uint32]) -> Table:
    keys = grouping.keys(batch)
    table = np.zeros(keys.num_rows, BAND)
    table["key"], table["order"] = keys.column("key").to_numpy(), keys.column("order").to_numpy()
    table["node"] = rows[keys.column("row").to_numpy()]
    return table


def pairs_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    entries = joined(root, values, BAND)
    entries = entries[occurs_again(entries["key"])]
    nodes = sorted_unique(np.ascontiguousarray(entries["node"]))
    number = np.searchsorted(nodes, entries["node"])
    documents = who(root, unit, nodes)
    by_id = np.lexsort((documents["id_lo"], documents["id_hi"]))
    place = np.empty(len(by_id), np.int64)
    place[by_id] = np.arange(len(by_id))
    keys, orders = np.ascontiguousarray(entries["key"]), np.ascontiguousarray(entries["order"])
    left, right = candidate_pairs(keys, orders, place[number], documents["rank"][number])
    table = sorted_pairs(nodes[by_id[left]], nodes[by_id[right]])
    table = table[table["a"] >> SHIFT < unit.payload["shards"]]  # two released documents are nobody's business here
    file = write_table(root, f"{unit.stage}/pairs-{unit.index:05d}.npy", table)
    return receipt_of(unit, (file,), pairs=len(table))


def who(root: Path, unit: Unit, nodes: Nodes) -> Table:
    """Rows of DOCUMENT of sorted nodes, from the tables of the run's shards and then of the released ones."""
    found, own = np.empty(len(nodes), DOCUMENT), unit.payload["shards"]
    for shard, start, end in by_shard(nodes):
        step, number = ("bands", shard) if shard < own else ("released", shard - own)
        table = mapped_table(root, f"{unit.payload[step]}/documents-{number:05d}.npy")
        found[start:end] = table[np.searchsorted(table["row"], (nodes[start:end] & ROW).astype(np.uint32))]
    return found


def ids_of(documents: Table) -> Nodes:
    return np.stack((documents["id_hi"], documents["id_lo"]), axis=1)


def by_shard(nodes: Nodes) -> list[tuple[int, int, int]]:
    """(shard, start, end) of the stretches of sorted nodes."""
    shards = (nodes >> SHIFT).astype(np.int64)
    starts = run_starts(shards)
    return list(zip(shards[starts].tolist(), starts.tolist(), [*starts[1:].tolist(), len(nodes)], strict=False))


def sorted_pairs(one: Nodes, other: Nodes) -> Table:
    """Unique pairs, the smaller node first, sorted."""
    a, b = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((b, a))
    order = order[run_starts(a[order], b[order])]
    table = np.empty(len(order), PAIR)
    table["a"], table["b"] = a[order], b[order]
    return table

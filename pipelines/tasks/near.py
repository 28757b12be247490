"""Near duplicates across the corpus. No text crosses a shuffle: what travels are keys, pairs and edges of nodes.

    bands    shard -> BAND rows sorted by key, and a DOCUMENT row for every document still in the run
    pairs    band entries of a key range, from all shards -> candidate pairs
    edges    pairs of one shard's documents -> the same with their exact similarity, from the text
    labels   edges at or above the threshold -> the component of every node
    unseen   edges of whole components -> pairs of survivors that were never compared
    groups   edges of whole components, those of the second round included -> MEMBER rows

A node is shard << 32 | row. Everything is sorted by content before it is decided, so order of arrival means nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.grouping import unseen_pairs
from curation.dedup.minhash import MinHash
from curation.kernels.candidates import candidate_pairs
from curation.kernels.components import components
from curation.kernels.runs import occurs_again
from curation.manifest import MANIFEST, Manifest, Receipt, Unit
from curation.schema import id_words
from curation.shards import FileRecord, read_shard
from pipelines.tasks.components import group_of
from pipelines.tasks.dedup import COPIES, alive, members_of
from pipelines.tasks.packed import Table, joined, mapped_table, range_of, slices, write_table

__all__ = [
    "BAND",
    "bands_unit",
    "edges_unit",
    "emit_bands",
    "emit_edges",
    "emit_pairs",
    "groups_range",
    "labels_unit",
    "pairs_range",
    "unseen_range",
]

Nodes = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]

DOCUMENT = np.dtype([("row", "<u4"), ("copies", "<u4"), ("rank", "<u8"), ("id_hi", "<u8"), ("id_lo", "<u8")])
BAND = np.dtype([("key", "<u8"), ("order", "<u8"), ("node", "<u8")])
PAIR = np.dtype([("a", "<u8"), ("b", "<u8")])
EDGE = np.dtype([("a", "<u8"), ("b", "<u8"), ("similarity", "<f8")])
LABEL = np.dtype([("node", "<u8"), ("label", "<u8")])
LINK = np.dtype([("label", "<u8"), ("a", "<u8"), ("b", "<u8"), ("similarity", "<f8")])

_SHIFT, _ROW = np.uint64(32), np.uint64(0xFFFFFFFF)


def _receipt(unit: Unit, files: tuple[FileRecord, ...], **counts: int) -> Receipt:
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _minhash(unit: Unit) -> MinHash:
    grouping = group_of(unit.payload["group"]).grouping
    assert isinstance(grouping, MinHash)
    return grouping


def bands_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    grouping = _minhash(unit)
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
    return _receipt(unit, files, documents=files[1].rows, entries=len(table))


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


def emit_bands(root: Path, unit: Unit, first: int, last: int) -> list[tuple[int, bytes]]:
    table = mapped_table(root, unit.payload["file"])
    return slices(table, range_of(table["key"], unit.payload["ranges"]), first, last, unit.payload["shard"])


def pairs_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    entries = joined(values, BAND)
    entries = entries[occurs_again(entries["key"])]
    nodes, number = np.unique(entries["node"], return_inverse=True)
    who = _who(root, unit, nodes)
    ids, ranks = _ids(who), who["rank"]
    by_id = np.lexsort((ids[:, 1], ids[:, 0]))
    place = np.empty(len(by_id), np.int64)
    place[by_id] = np.arange(len(by_id))
    keys, orders = np.ascontiguousarray(entries["key"]), np.ascontiguousarray(entries["order"])
    left, right = candidate_pairs(keys, orders, place[number], ranks[number])
    table = _ordered(nodes[by_id[left]], nodes[by_id[right]])
    file = write_table(root, f"{unit.stage}/pairs-{unit.index:05d}.npy", table)
    return _receipt(unit, (file,), pairs=len(table))


def _who(root: Path, unit: Unit, nodes: Nodes) -> Table:
    """Rows of DOCUMENT of sorted nodes, from the shards' own tables."""
    found = np.empty(len(nodes), DOCUMENT)
    for shard, start, end in _by_shard(nodes):
        table = mapped_table(root, f"{unit.payload['bands']}/documents-{shard:05d}.npy")
        found[start:end] = table[np.searchsorted(table["row"], (nodes[start:end] & _ROW).astype(np.uint32))]
    return found


def _ids(who: Table) -> Nodes:
    return np.stack((who["id_hi"], who["id_lo"]), axis=1)


def _by_shard(nodes: Nodes) -> list[tuple[int, int, int]]:
    """(shard, start, end) of the stretches of sorted nodes."""
    shards = (nodes >> _SHIFT).astype(np.int64)
    found, starts = np.unique(shards, return_index=True)
    ends = [*starts[1:].tolist(), len(nodes)] if len(nodes) else []
    return list(zip(found.tolist(), starts.tolist(), ends, strict=True))


def _ordered(one: Nodes, other: Nodes) -> Table:
    """Unique pairs, the smaller node first, sorted."""
    table = np.zeros(len(one), PAIR)
    table["a"], table["b"] = np.minimum(one, other), np.maximum(one, other)
    unique: Table = np.unique(table)
    return unique


def emit_pairs(root: Path, unit: Unit, first: int, last: int) -> list[tuple[int, bytes]]:
    """Pairs of a range, by the shard of their first node."""
    table = mapped_table(root, unit.payload["file"])
    return slices(table, (table["a"] >> _SHIFT).astype(np.int64), first, last)


def edges_unit(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    """Exact similarity of every pair that begins in this shard; the other side is read shard by shard."""
    grouping = _minhash(unit)
    pairs = np.unique(joined(values, PAIR))
    shards = Manifest.read(root / unit.payload["documents"] / MANIFEST).shards("shard-")
    edges = [np.zeros(0, EDGE)]
    if len(pairs):
        own = np.unique(pairs["a"])
        own_sets = _sets(root, grouping, shards[unit.index], own)
        by_other = pairs[np.argsort(pairs["b"], kind="stable")]
        for shard, start, end in _by_shard(by_other["b"]):
            edges.append(_compared(root, grouping, shards[shard], by_other[start:end], own, own_sets))
    table = np.concatenate(edges)
    table = table[np.lexsort((table["b"], table["a"]))]
    file = write_table(root, f"{unit.stage}/edges-{unit.index:05d}.npy", table)
    linked = int((table["similarity"] >= grouping.threshold).sum())
    return _receipt(unit, (file,), pairs=len(table), linked=linked)


def _compared(
    root: Path, grouping: MinHash, shard: FileRecord, pairs: Table, own: Nodes, own_sets: tuple[Nodes, Indexes]
) -> Table:
    other = np.unique(pairs["b"])
    values, offsets = _sets(root, grouping, shard, other)
    both = np.concatenate((own_sets[0], values)), np.concatenate((own_sets[1], offsets[1:] + own_sets[1][-1]))
    left = np.searchsorted(own, pairs["a"])
    right = np.searchsorted(other, pairs["b"]) + len(own)
    table = np.zeros(len(pairs), EDGE)
    table["a"], table["b"] = pairs["a"], pairs["b"]
    table["similarity"] = grouping.verify(*both, left, right)
    return table


def _sets(root: Path, grouping: MinHash, shard: FileRecord, nodes: Nodes) -> tuple[Nodes, Indexes]:
    """Shingle sets of sorted nodes of one shard."""
    rows = (nodes & _ROW).astype(np.int64)
    values, lengths, start = [np.zeros(0, np.uint64)], [np.zeros(1, np.int64)], 0
    for batch in read_shard(root, shard):
        first, last = np.searchsorted(rows, (start, start + batch.num_rows))
        if last > first:
            sets, offsets = grouping.sets(batch.select(["text"]).take(pa.array(rows[first:last] - start)))
            values.append(sets)
            lengths.append(np.diff(offsets))
        start += batch.num_rows
    return np.concatenate(values), np.cumsum(np.concatenate(lengths))


def labels_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    """Components of all linked pairs: each node with the smallest node it is connected to."""
    threshold = _minhash(unit).threshold
    linked = [np.zeros(0, PAIR)]
    for path in unit.payload["edges"]:
        table = mapped_table(root, path)
        linked.append(table[table["similarity"] >= threshold][["a", "b"]].astype(PAIR))
    edges = np.concatenate(linked)
    nodes, number = np.unique(np.concatenate((edges["a"], edges["b"])), return_inverse=True)
    left, right = np.split(number.astype(np.int64), 2)
    labels = np.zeros(len(nodes), LABEL)
    labels["node"], labels["label"] = nodes, nodes[components(len(nodes), left, right)]
    file = write_table(root, f"{unit.stage}/labels-{unit.index:05d}.npy", labels)
    return _receipt(unit, (file,), nodes=len(nodes), components=len(np.unique(labels["label"])))


def emit_edges(root: Path, unit: Unit, first: int, last: int) -> list[tuple[int, bytes]]:
    """Linked pairs, by the range of their component."""
    edges = mapped_table(root, unit.payload["file"])
    edges = edges[edges["similarity"] >= unit.payload["threshold"]]
    labels = mapped_table(root, unit.payload["labels"])
    links = np.zeros(len(edges), LINK)
    for name in ("a", "b", "similarity"):
        links[name] = edges[name]
    links["label"] = labels["label"][np.searchsorted(labels["node"], edges["a"])]
    ranges = range_of(_mixed(links["label"]), unit.payload["ranges"])
    order = np.argsort(ranges, kind="stable")
    return slices(links[order], ranges[order], first, last)


def _mixed(labels: Nodes) -> Nodes:
    """Labels spread over all of uint64 (the finalizer of splitmix64, Steele et al. 2014)."""
    mixed = (labels ^ labels >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return mixed ^ mixed >> np.uint64(31)


class _Component:
    """All links of some components, with documents numbered from 0, and their election."""

    def __init__(self, root: Path, unit: Unit, values: list[bytes]) -> None:
        links = np.unique(joined(values, LINK))
        self.nodes, number = np.unique(np.concatenate((links["a"], links["b"])), return_inverse=True)
        self.left, self.right = np.split(number.astype(np.int64), 2)
        who = _who(root, unit, self.nodes)
        self.ids, self.ranks, self.copies = _ids(who), np.ascontiguousarray(who["rank"]), who["copies"]
        similarity = np.ascontiguousarray(links["similarity"])
        self.election = _minhash(unit).elect(self.ids, self.ranks, self.left, self.right, similarity)


def unseen_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    found = _Component(root, unit, values)
    left, right = unseen_pairs(found.election, found.ids, found.ranks, found.left, found.right)
    table = _ordered(found.nodes[left], found.nodes[right])
    file = write_table(root, f"{unit.stage}/pairs-{unit.index:05d}.npy", table)
    return _receipt(unit, (file,), pairs=len(table))


def groups_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    found = _Component(root, unit, values)
    members = members_of(found.election, found.ids, found.copies)
    members["shard"], members["row"] = found.nodes >> _SHIFT, found.nodes & _ROW
    file = write_table(root, f"{unit.stage}/groups-{unit.index:05d}.npy", members)
    clusters = len(np.unique(found.election.cluster))
    return _receipt(unit, (file,), members=len(members), clusters=clusters)

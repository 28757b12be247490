"""Near duplicates across the corpus: pairs verified on the texts, and who survives in each component of links.

edges    pairs of one shard's documents -> the same with their exact similarity, from the text
unseen   edges of whole components -> pairs of survivors that were never compared
groups   edges of whole components, those of the second round included -> MEMBER rows
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.grouping import unseen_pairs
from curation.dedup.minhash import MinHash
from curation.kernels.hashing import mix_all
from curation.kernels.runs import run_starts, sorted_unique
from curation.manifest import MANIFEST, Manifest, Receipt, Unit
from curation.shards import FileRecord, read_shard
from pipelines.tasks.election import elected
from pipelines.tasks.families import unrelated
from pipelines.tasks.near import PAIR, ROW, SHIFT, by_shard, ids_of, minhash_of, receipt_of, sorted_pairs, who
from pipelines.tasks.packed import Table, Values, joined, mapped_table, range_of, slices, write_table
from pipelines.tasks.stars import smallest

__all__ = ["edges_unit", "emit_edges", "groups_range", "unseen_range"]

Nodes = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]

EDGE = np.dtype([("a", "<u8"), ("b", "<u8"), ("similarity", "<f8")])
LINK = np.dtype([("label", "<u8"), ("a", "<u8"), ("b", "<u8"), ("similarity", "<f8")])


def edges_unit(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    """Exact similarity of every pair that begins in this shard; the other side is read shard by shard."""
    grouping, pairs = minhash_of(unit), joined(root, values, PAIR)
    pairs = sorted_pairs(pairs["a"], pairs["b"])
    if unit.payload["unlike_parent"]:
        pairs = unrelated(pairs, unit.payload["unlike_parent"], lambda shard: _texts(root, unit, shard))
    edges = [np.zeros(0, EDGE)]
    if len(pairs):
        own = pairs["a"][run_starts(pairs["a"])]
        own_sets = _sets(root, unit, grouping, own)
        by_other = pairs[np.argsort(pairs["b"], kind="stable")]
        for _, start, end in by_shard(by_other["b"]):
            edges.append(_compared(root, unit, grouping, by_other[start:end], own, own_sets))
    table = np.concatenate(edges)
    table = table[np.lexsort((table["b"], table["a"]))]
    file = write_table(root, f"{unit.stage}/edges-{unit.index:05d}.npy", table)
    linked = int((table["similarity"] >= grouping.threshold).sum())
    return receipt_of(unit, (file,), pairs=len(table), linked=linked)


def _compared(
    root: Path, unit: Unit, grouping: MinHash, pairs: Table, own: Nodes, own_sets: tuple[Nodes, Indexes]
) -> Table:
    """Pairs whose second nodes lie in one shard."""
    other = sorted_unique(np.ascontiguousarray(pairs["b"]))
    values, offsets = _sets(root, unit, grouping, other)
    both = np.concatenate((own_sets[0], values)), np.concatenate((own_sets[1], offsets[1:] + own_sets[1][-1]))
    left = np.searchsorted(own, pairs["a"])
    right = np.searchsorted(other, pairs["b"]) + len(own)
    table = np.empty(len(pairs), EDGE)
    table["a"], table["b"] = pairs["a"], pairs["b"]
    table["similarity"] = grouping.verify(*both, left, right)
    return table


def _sets(root: Path, unit: Unit, grouping: MinHash, nodes: Nodes) -> tuple[Nodes, Indexes]:
    """Shingle sets of sorted nodes of one shard."""
    rows = (nodes & ROW).astype(np.int64)
    values, lengths, start = [np.zeros(0, np.uint64)], [np.zeros(1, np.int64)], 0
    for batch in read_shard(*_texts(root, unit, int(nodes[0] >> SHIFT))):
        first, last = np.searchsorted(rows, (start, start + batch.num_rows))
        if last > first:
            sets, offsets = grouping.sets(batch.select(["text"]).take(pa.array(rows[first:last] - start)))
            values.append(sets)
            lengths.append(np.diff(offsets))
        start += batch.num_rows
    return np.concatenate(values), np.cumsum(np.concatenate(lengths))


def _texts(root: Path, unit: Unit, shard: int) -> tuple[Path, FileRecord]:
    """Where the texts of a shard lie: in the run, or in one of the releases whose shards follow in order."""
    own = {"root": str(root), "documents": unit.payload["documents"], "digest": unit.payload["texts"]}
    for place in (own, *unit.payload["releases"]):
        files = _shards(**place)
        if shard < len(files):
            return Path(place["root"]), files[shard]
        shard -= len(files)
    raise IndexError(shard)


@lru_cache(maxsize=64)
def _shards(root: str, documents: str, digest: str) -> tuple[FileRecord, ...]:
    """Shards of a manifest; its digest is there for the cache."""
    return Manifest.read(Path(root) / documents / MANIFEST).shards("shard-")


def emit_edges(root: Path, unit: Unit, first: int, last: int) -> Values:
    """Pairs within a component, similar or not, by the range of their component."""
    edges = mapped_table(root, unit.payload["file"]["path"])
    labels = smallest(root, unit.payload["stars"], np.ascontiguousarray(edges["a"]))
    inside = edges["similarity"] >= unit.payload["threshold"]
    apart = np.flatnonzero(~inside)
    inside[apart] = smallest(root, unit.payload["stars"], edges["b"][apart]) == labels[apart]
    edges, labels = edges[inside], labels[inside]
    links = np.empty(len(edges), LINK)
    for name in EDGE.names or ():
        links[name] = edges[name]
    links["label"] = labels
    ranges = range_of(mix_all(labels), unit.payload["ranges"])
    order = np.argsort(ranges, kind="stable")
    return slices(links[order], ranges[order], first, last)


class _Component:
    """All compared pairs of some components, with documents numbered from 0, and their election."""

    def __init__(self, root: Path, unit: Unit, values: list[bytes]) -> None:
        links = joined(root, values, LINK)
        links = links[np.lexsort((links["b"], links["a"]))]
        links = links[run_starts(links["a"], links["b"])]
        self.nodes = sorted_unique(np.concatenate((links["a"], links["b"])))
        self.left, self.right = np.searchsorted(self.nodes, links["a"]), np.searchsorted(self.nodes, links["b"])
        documents = who(root, unit, self.nodes)
        self.ids, self.ranks = ids_of(documents), np.ascontiguousarray(documents["rank"])
        self.copies = documents["copies"]
        similarity = np.ascontiguousarray(links["similarity"])
        self.election = minhash_of(unit).elect(self.ids, self.ranks, self.left, self.right, similarity)


def unseen_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    found = _Component(root, unit, values)
    left, right = unseen_pairs(found.election, found.ids, found.ranks, found.left, found.right)
    table = sorted_pairs(found.nodes[left], found.nodes[right])
    file = write_table(root, f"{unit.stage}/pairs-{unit.index:05d}.npy", table)
    return receipt_of(unit, (file,), pairs=len(table))


def groups_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    found = _Component(root, unit, values)
    shards, rows = found.nodes >> SHIFT, (found.nodes & ROW).astype(np.uint32)
    members = elected(root, unit, found.election, found.ids, found.copies, shards, rows)
    file = write_table(root, f"{unit.stage}/groups-{unit.index:05d}.npy", members)
    clusters = len(sorted_unique(found.election.cluster))
    return receipt_of(unit, (file,), members=len(members), clusters=clusters)

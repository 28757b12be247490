"""The outcome of an election in one range, on its way to the shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.dedup.grouping import Election
from curation.kernels.runs import run_starts
from curation.manifest import Unit
from pipelines.tasks.packed import Table, mapped_table

__all__ = ["CLUSTER", "MEMBER", "elected"]

Words = npt.NDArray[np.uint64]

# `copies` is how many documents a survivor stands for, itself included, and 0 for who was removed.
MEMBER = np.dtype(
    [
        ("shard", "<u4"),
        ("row", "<u4"),
        ("copies", "<u4"),
        ("cluster", "<u8", 2),
        ("survivor", "<u8", 2),
        ("similarity", "<f8"),
    ]
)
# The cluster in which a document of an earlier release was.
CLUSTER = np.dtype([("row", "<u4"), ("cluster", "<u8", 2)])


def elected(
    root: Path,
    unit: Unit,
    election: Election,
    ids: Words,
    copies: npt.NDArray[np.uint32],
    shards: npt.NDArray[Any],
    rows: npt.NDArray[np.uint32],
) -> npt.NDArray[Any]:
    """The outcome of an election as rows of MEMBER, sorted by shard and row; those of earlier releases left out.

    A component that reaches into an earlier release keeps the name of the cluster there, so that it keeps its split.
    """
    members = np.zeros(len(ids), MEMBER)
    members["shard"], members["row"] = shards, rows
    stands_for = np.bincount(election.survivor, copies, len(ids)).astype(np.uint32)
    members["copies"] = np.where(election.survivor == np.arange(len(ids)), stands_for, 0)
    members["cluster"], members["survivor"] = ids[election.cluster], ids[election.survivor]
    members["similarity"] = election.similarity
    own = shards < unit.payload["shards"]
    if not own.all():
        out = np.flatnonzero(~own)
        names = _released_clusters(root, unit.payload, shards[out], rows[out])
        _rename(members["cluster"], election.cluster, out, names)
    members = members[own]
    return members[np.lexsort((members["row"], members["shard"]))]


def _rename(clusters: Words, component: npt.NDArray[np.int64], members: npt.NDArray[np.int64], names: Words) -> None:
    """Give components the smallest of the names, shape (m, 2), that some of their members bring."""
    order = np.lexsort((names[:, 1], names[:, 0], component[members]))
    first = order[run_starts(component[members][order])]
    known = component[members][first]
    place = np.minimum(np.searchsorted(known, component), len(known) - 1)
    renamed = known[place] == component
    clusters[renamed] = names[first[place[renamed]]]


def _released_clusters(root: Path, payload: dict[str, Any], shards: Table, rows: Table) -> Table:
    """Cluster words, shape (n, 2), of documents of earlier releases, whose shards count on from those of the run."""
    words = np.empty((len(shards), 2), np.uint64)
    for shard in np.unique(shards).tolist():
        table = mapped_table(root, f"{payload['released']}/clusters-{shard - payload['shards']:05d}.npy")
        at = np.flatnonzero(shards == shard)
        words[at] = table["cluster"][np.searchsorted(table["row"], rows[at])]
    return words

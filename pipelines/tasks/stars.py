"""Components of linked documents by ranges of nodes, no process holding all links (curation.kernels.components).

    contract    links of a range -> a forest of stars: every node with the smallest it is connected to in this range
    large_star  all neighbours of the nodes of a range -> edges, and whether any is new
    small_star  all smaller neighbours of the nodes of a range -> edges, and whether any is new

An edge is (larger node, smaller node). When nothing is new, each node stands once as the larger one of an edge, in the
file of its range, beside the smallest node of its component; `smallest` looks it up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.kernels.components import both_ways, components, large_star, small_star
from curation.kernels.hashing import mix_all
from curation.kernels.runs import run_starts, sorted_unique
from curation.manifest import Receipt, Unit
from pipelines.tasks.packed import Table, Values, joined, mapped_table, range_of, slices, write_table

__all__ = [
    "contract_range",
    "emit_arcs",
    "emit_edges",
    "emit_links",
    "large_star_range",
    "small_star_range",
    "smallest",
    "spread",
]

Nodes = npt.NDArray[np.uint64]

_EDGE = np.dtype(("<u8", 2))


def spread(nodes: Nodes, ranges: int) -> npt.NDArray[np.int64]:
    """Which range each node belongs to."""
    return range_of(mix_all(nodes), ranges)


def emit_links(root: Path, unit: Unit, first: int, last: int) -> Values:
    """Pairs at or above the threshold, by the range of their first node."""
    table = mapped_table(root, unit.payload["file"]["path"])
    table = table[table["similarity"] >= unit.payload["threshold"]]
    return _by_first(np.stack((table["a"], table["b"]), axis=1), unit.payload["ranges"], first, last)


def emit_edges(root: Path, unit: Unit, first: int, last: int) -> Values:
    """Edges by the range of their larger node."""
    return _by_first(mapped_table(root, unit.payload["file"]["path"]), unit.payload["ranges"], first, last)


def emit_arcs(root: Path, unit: Unit, first: int, last: int) -> Values:
    """Edges twice, by the range of either node."""
    return _by_first(both_ways(mapped_table(root, unit.payload["file"]["path"])), unit.payload["ranges"], first, last)


def _by_first(edges: Nodes, ranges: int, first: int, last: int) -> Values:
    keys = spread(edges[:, 0], ranges)
    order = np.argsort(keys, kind="stable")
    return slices(edges[order], keys[order], first, last)


def contract_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    links = _unique(joined(root, values, _EDGE))
    nodes = sorted_unique(links.reshape(-1))
    left, right = np.searchsorted(nodes, links[:, 0]), np.searchsorted(nodes, links[:, 1])
    labels = nodes[components(len(nodes), left, right)]
    apart = labels != nodes
    return _written(root, unit, np.stack((nodes[apart], labels[apart]), axis=1), changed=True)


def large_star_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    arcs = _unique(joined(root, values, _EDGE))
    edges = large_star(arcs)
    before = _unique(arcs[arcs[:, 1] > arcs[:, 0]][:, ::-1])
    return _written(root, unit, edges, changed=not np.array_equal(edges, before))


def small_star_range(root: Path, unit: Unit, settings: dict[str, Any], values: list[bytes]) -> Receipt:
    before = _unique(joined(root, values, _EDGE))
    edges = small_star(before)
    return _written(root, unit, edges, changed=not np.array_equal(edges, before))


def _unique(edges: Nodes) -> Nodes:
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    return edges[run_starts(edges[:, 0], edges[:, 1])]


def _written(root: Path, unit: Unit, edges: Nodes, *, changed: bool) -> Receipt:
    file = write_table(root, f"{unit.stage}/edges-{unit.index:05d}.npy", edges)
    counts = {"edges": len(edges), "changed": int(changed)}
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=(file,), counts=counts)


def smallest(root: Path, files: Sequence[str], nodes: Nodes) -> Nodes:
    """The smallest node of the component of each node; a node that nothing links is alone in its own."""
    labels, ranges = nodes.copy(), spread(nodes, len(files))
    for number in np.unique(ranges).tolist():
        table: Table = mapped_table(root, files[number])
        at = np.flatnonzero(ranges == number)
        place = np.minimum(np.searchsorted(table[:, 0], nodes[at]), max(len(table) - 1, 0))
        found = table[place, 0] == nodes[at] if len(table) else np.zeros(len(at), np.bool_)
        labels[at[found]] = table[place[found], 1]
    return labels

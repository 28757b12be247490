"""Connected components, in memory and as steps for many machines, and the cover of a component by survivors.

In memory: union-find on integers. Across machines: large-star and small-star (Kiveris et al. 2014, "Connected
Components in MapReduce and Beyond"), each a map over edges grouped by one node, alternated until nothing changes. Both
name a component by its smallest member, so they agree whatever the order of edges.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.runs import run_starts

__all__ = ["both_ways", "components", "cover", "large_star", "small_star"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]


def components(count: int, left: Indexes, right: Indexes) -> Indexes:
    """For nodes 0 to count - 1, the smallest node that each is connected to by edges (left[k], right[k])."""
    labels = np.arange(count)
    _unite(labels, frozen(left), frozen(right))
    return labels


def cover(
    order: Indexes, left: Indexes, right: Indexes, similarity: npt.NDArray[np.float64]
) -> tuple[Indexes, npt.NDArray[np.float64]]:
    """Greedy star cover: nodes in `order`; one not yet covered survives and covers its neighbours not yet covered.

    Returns survivor (itself for survivors) and similarity to it (1.0 for survivors), shapes (n,). So every covered node
    has an edge to its survivor, and no two survivors have one.
    """
    count = len(order)
    arcs = np.concatenate((left, right))
    by_node = np.argsort(arcs, kind="stable")
    offsets = np.searchsorted(arcs[by_node], np.arange(count + 1))
    neighbours = np.concatenate((right, left))[by_node]
    weights = np.concatenate((similarity, similarity))[by_node]
    survivor, weight = np.full(count, -1), np.ones(count)
    _cover(frozen(order), frozen(offsets), frozen(neighbours), frozen(weights), survivor, weight)
    return survivor, weight


def both_ways(edges: Words) -> Words:
    """Edges and their reverses, shape (2 m, 2): what `large_star` needs once grouped by the first node."""
    return np.concatenate((edges, edges[:, ::-1]))


def large_star(arcs: Words) -> Words:
    """Every larger neighbour of a node is joined to the smallest among node and neighbours.

    `arcs`, shape (m, 2), must hold all arcs of each node in its first column (`both_ways`). Returns edges (larger,
    smaller), sorted and unique.
    """
    node, neighbour, smallest = _grouped(arcs)
    larger = neighbour > node
    return _unique(neighbour[larger], np.minimum(node, smallest)[larger])


def small_star(edges: Words) -> Words:
    """Every node and its smaller neighbours are joined to the smallest of these neighbours.

    `edges`, shape (m, 2), as (larger, smaller), all edges of each larger node together. Returns edges likewise.
    """
    node, neighbour, smallest = _grouped(edges)
    return _unique(np.concatenate((neighbour, node)), np.concatenate((smallest, smallest)))


def _grouped(arcs: Words) -> tuple[Words, Words, Words]:
    """First nodes, second nodes, and the smallest second node of each first one, sorted by first and second."""
    arcs = arcs[np.lexsort((arcs[:, 1], arcs[:, 0]))]
    node, neighbour = arcs[:, 0], arcs[:, 1]
    starts = run_starts(node)
    lengths = np.diff(np.append(starts, len(node)))
    return node, neighbour, np.repeat(neighbour[starts], lengths)


def _unique(larger: Words, smaller: Words) -> Words:
    apart = larger != smaller
    edges = np.stack((larger[apart], smaller[apart]), axis=1)
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    return edges[run_starts(edges[:, 0], edges[:, 1])]


@helper
def _root(parents, node):  # type: ignore[no-untyped-def]
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@kernel
def _unite(parents, left, right):  # type: ignore[no-untyped-def]
    for k in range(len(left)):
        a, b = _root(parents, left[k]), _root(parents, right[k])
        parents[max(a, b)] = min(a, b)
    for node in range(len(parents)):
        parents[node] = parents[parents[node]]


@kernel
def _cover(order, offsets, neighbours, weights, survivor, weight):  # type: ignore[no-untyped-def]
    for node in order:
        if survivor[node] >= 0:
            continue
        survivor[node] = node
        for k in range(offsets[node], offsets[node + 1]):
            other = neighbours[k]
            if survivor[other] < 0:
                survivor[other] = node
                weight[other] = weights[k]

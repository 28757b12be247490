"""Slow twins of curation.kernels.similarity, components and candidates."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

Edge = tuple[int, int]


def jaccard(a: set[int], b: set[int]) -> float:
    return float(Fraction(len(a & b), len(a | b))) if a | b else 0.0


def containment(a: set[int], b: set[int]) -> float:
    return float(Fraction(len(a & b), min(len(a), len(b)))) if a and b else 0.0


def components(count: int, edges: list[Edge]) -> list[int]:
    """Labels spread until nothing changes."""
    labels = list(range(count))
    changed = True
    while changed:
        changed = False
        for a, b in edges:
            least = min(labels[a], labels[b])
            changed |= labels[a] != least or labels[b] != least
            labels[a] = labels[b] = least
    return labels


def cover(order: list[int], links: dict[Edge, float]) -> list[tuple[int, float]]:
    """(survivor, similarity) of every node."""
    chosen: dict[int, tuple[int, float]] = {}
    for node in order:
        if node in chosen:
            continue
        chosen[node] = (node, 1.0)
        for (a, b), similarity in links.items():
            if node in (a, b):
                chosen.setdefault(b if node == a else a, (node, similarity))
    return [chosen[node] for node in sorted(chosen)]


def neighbours(edges: set[Edge]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for a, b in edges:
        found[a].add(b)
        found[b].add(a)
    return found


def large_star(edges: set[Edge]) -> set[Edge]:
    out = set()
    for node, others in neighbours(edges).items():
        least = min(others | {node})
        out |= {(other, least) for other in others if other > node}
    return {(max(edge), min(edge)) for edge in out if edge[0] != edge[1]}


def small_star(edges: set[Edge]) -> set[Edge]:
    out = set()
    for node, others in neighbours(edges).items():
        smaller = {other for other in others if other < node}
        if smaller:
            out |= {(other, min(smaller)) for other in smaller | {node}}
    return {(max(edge), min(edge)) for edge in out if edge[0] != edge[1]}


def all_pairs(keys: list[int], documents: list[int]) -> set[Edge]:
    """Every pair of documents that share a key."""
    buckets = defaultdict(set)
    for key, document in zip(keys, documents, strict=True):
        buckets[key].add(document)
    return {(a, b) for bucket in buckets.values() for a in bucket for b in bucket if a < b}

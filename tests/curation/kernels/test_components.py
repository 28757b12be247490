"""Components: union-find, the star steps of many machines, and the cover by survivors agree with their twins."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.components import both_ways, components, cover, large_star, small_star
from tests.reference import linking as slow

COUNT = 12
edge_lists = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=20)


def packed(edges: set[tuple[int, int]]) -> np.ndarray:
    """(larger, smaller) without loops."""
    return np.array(sorted({(max(e), min(e)) for e in edges if e[0] != e[1]}), np.uint64).reshape(-1, 2)


def as_set(edges: np.ndarray) -> set[tuple[int, int]]:
    found = [tuple(map(int, edge)) for edge in edges]
    assert len(set(found)) == len(found)
    return set(found)


def alternate(edges: np.ndarray) -> np.ndarray:
    for _ in range(100):
        before = edges
        edges = small_star(large_star(both_ways(edges)))
        if np.array_equal(before, edges):
            return edges
    raise AssertionError("no fixed point after 100 rounds")


@given(edge_lists)
def test_labels_are_the_smallest_members(edges: list[tuple[int, int]]) -> None:
    left, right = np.array(edges, np.int64).reshape(-1, 2).T.copy()
    assert components(COUNT, left, right).tolist() == slow.components(COUNT, edges)


@given(edge_lists)
def test_star_steps_equal_their_twins(edges: list[tuple[int, int]]) -> None:
    start = packed(set(edges))
    assert as_set(large_star(both_ways(start))) == slow.large_star(as_set(start))
    assert as_set(small_star(start)) == slow.small_star(as_set(start))


@given(edge_lists, st.randoms())
def test_stars_alternated_to_a_fixed_point_equal_union_find(edges: list[tuple[int, int]], random: object) -> None:
    labels = slow.components(COUNT, edges)
    start = packed(set(edges))
    random.shuffle(order := list(range(len(start))))  # type: ignore[attr-defined]
    found = as_set(alternate(start[order]))
    assert found == {(node, label) for node, label in enumerate(labels) if node != label}


def test_a_long_chain_takes_few_rounds() -> None:
    nodes = np.arange(2000, dtype=np.uint64)
    edges = np.stack((nodes[1:], nodes[:-1]), axis=1)
    for _ in range(16):
        edges = small_star(large_star(both_ways(edges)))
    assert as_set(edges) == {(node, 0) for node in range(1, 2000)}


@given(st.dictionaries(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda e: e[0] < e[1]), st.floats(0, 1)))
def test_cover_equals_the_twin(links: dict[tuple[int, int], float]) -> None:
    order = [3, 0, 7, 1, 2, 6, 5, 4]
    left, right = np.array(list(links), np.int64).reshape(-1, 2).T.copy()
    survivor, weight = cover(np.array(order), left, right, np.array(list(links.values()), np.float64))
    assert list(zip(survivor.tolist(), weight.tolist(), strict=True)) == slow.cover(order, links)

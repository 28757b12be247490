"""Components in rounds over files of many ranges equal union-find, whatever the links and however they are cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import GristmillError
from curation.manifest import Manifest, Unit
from pipelines import rounds
from pipelines.tasks import stars
from pipelines.tasks.linked import EDGE
from pipelines.tasks.packed import write_table
from tests.reference import linking as slow

COUNT = 24
nodes = st.integers(0, COUNT - 1)
links = st.lists(st.tuples(nodes, nodes).filter(lambda pair: pair[0] != pair[1]), max_size=40)


def settle(root, pairs, ranges):
    """Labels of nodes 0 to COUNT - 1, and the names of the steps it took."""
    taken = []

    def step(name, files, emit, task):
        taken.append(name)
        values = {}
        for number, file in enumerate(files):
            unit = Unit(stage=name, index=number, fingerprint="", payload={"file": file.model_dump(), **common})
            for key, value in getattr(stars, f"emit_{emit}")(root, unit, 0, ranges):
                values.setdefault(key, []).insert(0, value)
        units = [Unit(stage=name, index=key, fingerprint="", payload={}) for key in range(ranges)]
        run = getattr(stars, f"{task}_range")
        return Manifest.of(name, "", [run(root, unit, {}, values.get(unit.index, [])) for unit in units])

    common = {"ranges": ranges, "threshold": 0.8}
    table = np.zeros(len(pairs) + 1, EDGE)
    table["a"][:-1], table["b"][:-1] = np.array(pairs, np.uint64).reshape(-1, 2).T
    table["similarity"][:-1] = 0.8
    table["b"][-1] = COUNT - 1  # below the threshold: no link
    found = rounds.settle([write_table(root, "links.npy", table)], ranges, step)
    labels = stars.smallest(root, [file.path for file in found.files], np.arange(COUNT, dtype=np.uint64))
    return labels.tolist(), taken


@given(pairs=links, ranges=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_labels_equal_union_find(tmp_path_factory, pairs, ranges):
    labels, taken = settle(tmp_path_factory.mktemp("stars"), pairs, ranges)
    assert labels == slow.components(COUNT, pairs)
    assert len(taken) == 1 if ranges == 1 else len(taken) <= 13


def test_a_chain_settles_in_rounds_that_grow_as_its_logarithm(tmp_path):
    labels, taken = settle(tmp_path, [(node, node + 1) for node in range(COUNT - 1)], 6)
    assert labels == [0] * COUNT
    assert len(taken) <= 13


def test_rounds_without_end_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "MOST_ROUNDS", 1)
    with pytest.raises(GristmillError, match="still change after 1 rounds"):
        settle(tmp_path, [(node, node + 1) for node in range(COUNT - 1)], 6)

"""What the engine carries for sorted tables leads back to their rows, each once, and is small."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.manifest import Unit
from pipelines.tasks import packed
from pipelines.tasks.dedup import KEY
from pipelines.tasks.near import BAND, PAIR

borders = st.builds(lambda k, ranges: min(k, ranges - 1) * 2**32 // ranges << 32, st.integers(0, 8), st.integers(1, 9))
keys = st.integers(0, 2**64 - 1) | borders | st.just(2**64 - 1)


def unit(file, **payload):
    return Unit(stage="some", index=0, fingerprint="", payload={"file": file.model_dump(), **payload})


def table_of(kind, field, values):
    table = np.zeros(len(values), kind)
    table[field] = sorted(values)
    return table


@given(values=st.lists(keys, max_size=30), ranges=st.integers(1, 9), cut=st.integers(0, 9))
@settings(deadline=None)
def test_every_key_comes_to_the_range_that_it_falls_into(tmp_path_factory, values, ranges, cut):
    root = tmp_path_factory.mktemp("packed")
    table = table_of(BAND, "key", values)
    source = unit(packed.write_table(root, "bands.npy", table), ranges=ranges, shard=3)
    cut = min(cut, ranges)  # in two waves
    emitted = packed.emit_ranges(root, source, 0, cut) + packed.emit_ranges(root, source, cut, ranges)
    found = {number: packed.joined(root, [value], BAND) for number, value in emitted}
    for number, rows in found.items():
        assert set(packed.range_of(rows["key"], ranges).tolist()) == {number}
        assert set((rows["node"] >> np.uint64(32)).tolist()) == {3}
    assert [key for _, rows in sorted(found.items()) for key in rows["key"].tolist()] == sorted(values)


@given(shards=st.lists(st.integers(0, 5), max_size=20))
@settings(deadline=None)
def test_rows_come_to_their_shard_by_the_upper_half_of_a_node(tmp_path_factory, shards):
    root = tmp_path_factory.mktemp("packed")
    nodes = [shard << 32 | row for row, shard in enumerate(sorted(shards))]
    source = unit(packed.write_table(root, "pairs.npy", table_of(PAIR, "a", nodes)))
    found = {
        shard: packed.joined(root, [value], PAIR)["a"].tolist()
        for shard, value in packed.emit_shards(root, source, 0, 6)
    }
    assert found == {shard: [node for node in nodes if node >> 32 == shard] for shard in set(shards)}


def test_a_table_of_a_shard_gets_its_number_when_it_is_read(tmp_path):
    source = unit(packed.write_table(tmp_path, "keys.npy", table_of(KEY, "hi", [1, 2])), ranges=1, shard=7)
    values = [value for _, value in packed.emit_ranges(tmp_path, source, 0, 1)]
    assert packed.joined(tmp_path, values, KEY)["shard"].tolist() == [7, 7]
    assert np.load(tmp_path / "keys.npy")["shard"].tolist() == [0, 0]


def test_places_and_rows_join(tmp_path):
    table = table_of(PAIR, "a", [1, 2, 3])
    placed = packed.emit_shards(tmp_path, unit(packed.write_table(tmp_path, "pairs.npy", table)), 0, 1)
    carried = packed.slices(table, np.zeros(3, np.int64), 0, 1)
    both = packed.joined(tmp_path, [placed[0][1], carried[0][1]], PAIR)
    assert both["a"].tolist() == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("rows", [10, 100_000])
def test_what_crosses_the_engine_does_not_grow_with_the_rows(tmp_path, rows):
    source = unit(packed.write_table(tmp_path, "bands.npy", table_of(BAND, "key", range(rows))), ranges=1, shard=0)
    assert sum(len(value) for _, value in packed.emit_ranges(tmp_path, source, 0, 1)) < 100

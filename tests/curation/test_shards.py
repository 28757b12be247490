import hashlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import ContractError, IntegrityError
from curation.schema import DOCUMENT
from curation.shards import BATCH_ROWS, ShardWriter, aligned, read_shard, shard_batches

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.large_string()),
        ("count", pa.int64()),
        ("share", pa.float64()),
        ("flag", pa.bool_()),
        ("code", pa.binary(3)),
        ("spans", pa.list_(pa.int32())),
        ("hits", pa.list_(pa.struct([("item", pa.string()), ("share", pa.float64())]))),
    ]
)


def rows(count):
    return [
        {
            "id": f"{number:032x}",
            "text": None if number % 7 == 3 else "grain " * (number % 11),
            "count": None if number % 5 == 2 else number,
            "share": number / 3,
            "flag": None if number % 4 == 1 else number % 2 == 0,
            "code": b"abc" if number % 3 else None,
            "spans": None if number % 6 == 5 else list(range(number % 4)),
            "hits": None
            if number % 7 == 3
            else [{"item": str(n) if n else None, "share": n / 2} for n in range(number % 3)],
        }
        for number in range(count)
    ]


def write(root, name, batches, schema=SCHEMA):
    with ShardWriter(root, name, schema) as writer:
        for batch in batches:
            writer.write(batch)
    return writer.record


def pieces(batch, sizes):
    start = 0
    while start < batch.num_rows:
        for size in sizes:
            yield batch.slice(start, size)
            start += size


@pytest.fixture(scope="module")
def whole():
    return pa.RecordBatch.from_pylist(rows(2500), schema=SCHEMA)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 1700), min_size=1, max_size=5))
def test_bytes_do_not_depend_on_the_batches_that_come_in(tmp_path_factory, whole, sizes):
    root = tmp_path_factory.mktemp("shards")
    assert write(root, "a", pieces(whole, sizes)).sha256 == write(root, "b", [whole]).sha256


def test_bytes_do_not_depend_on_where_the_rows_came_from(tmp_path, whole):
    reference = write(tmp_path, "a", [whole])
    origins = {
        "read back": list(read_shard(tmp_path, reference)),
        "taken": [whole.take(pa.array(range(whole.num_rows)))],
        "joined slices": [pa.concat_batches([whole.slice(0, 1203), whole.slice(1203)])],
        "filtered": [pa.concat_batches([whole, whole]).filter(pa.array([True] * 2500 + [False] * 2500))],
    }
    for origin, batches in origins.items():
        assert write(tmp_path, "b", batches).sha256 == reference.sha256, origin


def test_values_hidden_under_nulls_leave_no_trace(tmp_path):
    plain = pa.RecordBatch.from_arrays([pa.array(["a", None]), pa.array([1, None])], ["id", "n"])
    validity = pa.py_buffer(b"\x01")
    hidden = pa.Array.from_buffers(pa.int64(), 2, [validity, pa.array([1, 99]).buffers()[1]])
    secret = pa.Array.from_buffers(pa.string(), 2, [validity, *pa.array(["a", "secret"]).buffers()[1:]])
    garbage = pa.RecordBatch.from_arrays([secret, hidden], ["id", "n"])
    first, second = (write(tmp_path, name, [batch], plain.schema) for name, batch in (("a", plain), ("b", garbage)))
    assert first.sha256 == second.sha256
    assert b"secret" not in (tmp_path / "b").read_bytes()


def test_a_batch_ends_after_a_thousand_rows_or_thirty_two_mebibytes(tmp_path):
    long = pa.RecordBatch.from_pydict({"id": ["x"] * 5, "text": pa.array(["y" * (20 << 20)] * 5, pa.large_string())})
    assert [b.num_rows for b in read_shard(tmp_path, write(tmp_path, "a", [long], long.schema))] == [2, 2, 1]
    many = pa.RecordBatch.from_pydict({"id": ["x"] * (BATCH_ROWS + 1)})
    assert [b.num_rows for b in read_shard(tmp_path, write(tmp_path, "b", [many], many.schema))] == [BATCH_ROWS, 1]


def test_the_record_says_what_was_written(tmp_path, whole):
    record = write(tmp_path, "folder/a", [whole])
    content = (tmp_path / "folder/a").read_bytes()
    assert (record.path, record.rows, record.batches) == ("folder/a", 2500, 3)
    assert (record.bytes, record.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_an_error_while_writing_leaves_no_file(tmp_path, whole):
    with pytest.raises(RuntimeError), ShardWriter(tmp_path, "a", SCHEMA) as writer:  # noqa: PT012
        writer.write(whole)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_batch_with_other_columns(tmp_path):
    with pytest.raises(ContractError, match="columns"), ShardWriter(tmp_path, "a", DOCUMENT) as writer:
        writer.write(pa.RecordBatch.from_pydict({"id": ["x"]}))


def test_reading_notices_a_file_cut_at_a_batch_boundary(tmp_path, whole):
    record = write(tmp_path, "a", [whole])
    shorter = write(tmp_path, "b", [whole.slice(0, 2000)])
    (tmp_path / "a").write_bytes((tmp_path / "b").read_bytes())
    with pytest.raises(IntegrityError, match="bytes"):
        list(read_shard(tmp_path, record))
    with pytest.raises(IntegrityError, match="2000 rows in 2 batches"):
        list(read_shard(tmp_path, record.model_copy(update={"bytes": shorter.bytes})))


def test_a_file_that_is_not_arrow_is_named(tmp_path):
    (tmp_path / "a").write_bytes(b"no shard")
    with pytest.raises(IntegrityError, match="a: found"):
        list(shard_batches(tmp_path / "a"))


def test_sidecars_come_side_by_side_whatever_their_batches(whole):
    other = whole.select(["id", "count"])
    together = list(aligned(pieces(whole, [400]), pieces(other, [37, 800])))
    assert [left.num_rows for left, _ in together] == [400] * 6 + [100]
    assert all(left.column("count").equals(right.column("count")) for left, right in together)


@pytest.mark.parametrize("change", ["swapped", "shorter", "longer"])
def test_sidecars_that_do_not_match_are_refused(whole, change):
    first, second = whole.slice(0, 100).select(["id"]), whole.slice(0, 100).select(["id"])
    changed = {"swapped": second.take(pa.array([1, 0, *range(2, 100)])), "shorter": second.slice(1), "longer": whole}
    with pytest.raises(IntegrityError, match="same documents"):
        list(aligned(iter([first]), iter([changed[change].select(["id"])])))

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.collect.source import Sink
from curation.collect.tables import Arrow, Parquet
from curation.collect.text import TextFiles
from curation.errors import ResourceError


def read(source):
    documents, rejected = [], []
    sink = Sink(
        source.name,
        lambda b: documents.extend(b.to_pylist()),
        lambda b: rejected.extend(b.to_pylist()),
        source.max_record_bytes,
    )
    for unit in source.pieces():
        for piece in unit:
            source.read(piece, sink)
    sink.flush()
    return documents, rejected


TABLE = pa.table({"text": ["a", None, "c"], "url": ["u", None, None], "year": [1, 2, 3]})


def write_stream(path, table):
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)


def write_file(path, table):
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize(
    ("name", "write", "source"),
    [
        ("t.parquet", lambda path, table: pq.write_table(table, path, row_group_size=1), Parquet),
        ("t.arrow", write_stream, Arrow),
        ("t.feather", write_file, Arrow),
    ],
)
def test_rows_become_documents_and_nulls_are_rejected(tmp_path, name, write, source):
    write(tmp_path / name, TABLE)
    documents, (rejected,) = read(source(name="s", path=str(tmp_path), unit_bytes=1))
    assert [(d["text"], d["key"], d["meta"]) for d in documents] == [
        ("a", f"{name}:0", '{"year":1}'),
        ("c", f"{name}:2", '{"year":3}'),
    ]
    assert (rejected["reason"], rejected["offset"]) == ("null_text", 1)


def test_parquet_text_that_is_not_utf8_is_rejected_alone(tmp_path):
    raw = pa.array([b"good", b"\xff\xfe", "größer".encode()], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    pq.write_table(pa.table({"text": text}), tmp_path / "t.parquet")
    documents, (rejected,) = read(Parquet(name="s", path=str(tmp_path)))
    assert [document["text"] for document in documents] == ["good", "größer"]
    assert (rejected["reason"], rejected["offset"]) == ("invalid_utf8", 1)


@pytest.mark.parametrize(("column", "message"), [("txt", "did you mean `text`|known"), ("year", "of type int64")])
def test_a_wrong_text_column_is_an_error_before_any_work(tmp_path, column, message):
    pq.write_table(TABLE, tmp_path / "t.parquet")
    with pytest.raises(ResourceError, match=message):
        Parquet(name="s", path=str(tmp_path), text=column).pieces()


def test_a_file_that_is_not_parquet_is_named(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"nonsense")
    with pytest.raises(ResourceError, match=r"source `s`, t.parquet"):
        Parquet(name="s", path=str(tmp_path)).pieces()


def test_each_text_file_is_a_document_and_bad_ones_are_rejected(tmp_path):
    (tmp_path / "a.md").write_text("# grain")
    (tmp_path / "b.txt").write_bytes(b"\xff")
    (tmp_path / "c.txt").write_text("x" * 100)
    documents, rejected = read(TextFiles(name="s", path=str(tmp_path), max_record_bytes=50))
    assert [(d["key"], d["text"]) for d in documents] == [("a.md", "# grain")]
    assert [(r["file"], r["reason"]) for r in rejected] == [("b.txt", "invalid_utf8"), ("c.txt", "record_too_large")]


def test_rows_before_a_damaged_place_are_documents(tmp_path):
    with pa.ipc.new_stream(tmp_path / "a.arrow", TABLE.schema) as writer:
        for batch in (TABLE, TABLE):
            writer.write_table(batch)
    content = (tmp_path / "a.arrow").read_bytes()
    (tmp_path / "a.arrow").write_bytes(content[:-200])
    documents, rejected = read(Arrow(name="s", path=str(tmp_path)))
    assert [d["key"] for d in documents] == ["a.arrow:0", "a.arrow:2"]
    assert [r["reason"] for r in rejected] == ["null_text", "damaged_file"]


def test_offsets_that_lead_elsewhere_are_damage(tmp_path):
    buffers = [None, pa.py_buffer(np.array([0, 1 << 30, 3], np.int32)), pa.py_buffer(b"abc")]
    bad = pa.Array.from_buffers(pa.string(), 2, buffers)
    write_stream(tmp_path / "a.arrow", pa.table({"text": bad}))
    assert [r["reason"] for r in read(Arrow(name="s", path=str(tmp_path)))[1]] == ["damaged_file"]


def test_metadata_that_are_not_utf8_get_replacement_characters(tmp_path):
    bad = pa.array([b"a", b"\xff"], pa.binary()).view(pa.string())
    write_stream(tmp_path / "a.arrow", pa.table({"text": ["x", "y"], "name": bad}))
    documents, rejected = read(Arrow(name="s", path=str(tmp_path)))
    assert ([d["meta"] for d in documents], rejected) == (['{"name":"a"}', '{"name":"\ufffd"}'], [])

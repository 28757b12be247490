"""Evaluation items are read from the forms in which benchmarks are published."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.dedup.benchmarks import Item, read_items
from curation.errors import ResourceError

RECORDS = [
    {"id": "a-1", "question": "Why?", "answer": "Because."},
    {"query": "Who?", "answers": {"text": ["Ann", "Bea"], "start": [1, 2]}, "context": "Ann met Bea."},
]
ITEMS = [Item("a-1", "Why?", "Because.", ""), Item("set-1", "Who?", "Ann\nBea\n1\n2", "Ann met Bea.")]


def test_reads_json_lines_and_gzip(tmp_path: Path) -> None:
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    (tmp_path / "set.jsonl").write_text(lines + "\n")
    (tmp_path / "set.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    assert read_items(str(tmp_path / "set.jsonl")) == ITEMS
    assert read_items(str(tmp_path / "set.jsonl.gz")) == ITEMS


def test_reads_parquet_and_both_forms_of_arrow(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([RECORDS[0]])
    pq.write_table(table, tmp_path / "a.parquet")
    with pa.ipc.new_file(str(tmp_path / "b.arrow"), table.schema) as writer:
        writer.write_table(table)
    with pa.ipc.new_stream(str(tmp_path / "c.arrow"), table.schema) as writer:
        writer.write_table(table)
    assert read_items(str(tmp_path)) == ITEMS[:1] * 3


@pytest.mark.parametrize("content", [None, '{"title": "no parts"}\n'])
def test_says_what_is_missing(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "x.jsonl").write_text(content)
    with pytest.raises(ResourceError, match="benchmark"):
        read_items(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b'{"question": "Why?"}\n{"question": \n'),
        ("a.jsonl", b'["Why?"]\n'),
        ("a.jsonl.gz", gzip.compress(b'{"question": "Why?"}\n', mtime=0)[:-9]),
        ("a.jsonl.gz", b"not packed"),
        ("a.parquet", b"PAR1 cut"),
        ("a.arrow", b"ARROW1 cut"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ResourceError, match=name):
        read_items(str(tmp_path))


def test_reads_a_folder_that_datasets_saved(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.DatasetDict(test=datasets.Dataset.from_list([RECORDS[0]])).save_to_disk(str(tmp_path / "saved"))
    assert read_items(str(tmp_path / "saved")) == ITEMS[:1]

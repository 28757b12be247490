from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from curation.collect.huggingface import HuggingFace
from curation.collect.sql import Sql
from curation.errors import RecipeError, ResourceError
from tests.curation.collect.helpers import read


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table pages (id integer, body text, link text, size integer)")
        rows = [(1, "one", "https://x.example/1", 3), (2, None, None, 0), (3, "three", None, 5), (4, b"\xff", None, 1)]
        connection.executemany("insert into pages values (?, ?, ?, ?)", rows)
    return f"sqlite:///{path}"


def sql(connection: str, **fields: object) -> Sql:
    defaults = {"query": "select * from pages order by id", "text": "body", "url": "link"}
    return Sql(name="db", connection=connection, **(defaults | fields))


def test_rows_of_a_query_become_documents(database: str) -> None:
    documents, rejected = read(sql(database))
    assert [(each["key"], each["text"], each["url"]) for each in documents] == [
        ("db:1", "one", "https://x.example/1"),
        ("db:3", "three", None),
    ]
    assert documents[0]["meta"] == {"id": 1, "size": 3}
    assert [(each["offset"], each["reason"]) for each in rejected] == [(1, "null_text"), (3, "wrong_type")]


def test_the_password_is_not_part_of_the_identity(database: str) -> None:
    assert "connection" not in sql(database).identity()["parameters"]


def test_variables_come_from_the_environment(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE", database)
    assert len(read(sql("${DATABASE}"))[0]) == 2
    with pytest.raises(ResourceError, match="NOWHERE"):
        sql("${NOWHERE}").check()


@pytest.mark.parametrize("query", ["drop table pages", "select 1; drop table pages", ""])
def test_only_reads(database: str, query: str) -> None:
    with pytest.raises(RecipeError):
        sql(database, query=query).check()


@pytest.mark.parametrize("fields", [{"text": "bodi"}, {"key": "nr"}, {"query": "select * from nowhere"}])
def test_what_the_database_does_not_have_is_named(database: str, fields: dict[str, str]) -> None:
    with pytest.raises(ResourceError):
        read(sql(database, **fields))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    rows = [{"text": "one", "url": "https://x.example", "n": 1}, {"text": None, "url": None, "n": 2}]
    for number in range(2):
        (tmp_path / f"part-{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(tmp_path)


def test_a_folder_is_streamed_as_the_hub_is(folder: str) -> None:
    documents, rejected = read(HuggingFace(name="hub", dataset=folder))
    assert [each["text"] for each in documents] == ["one", "one"]
    assert len({each["key"] for each in documents}) == 2
    assert documents[0]["meta"] == {"n": 1}
    assert [each["reason"] for each in rejected] == ["null_text", "null_text"]


def test_a_saved_dataset_is_read_from_disk(tmp_path: Path) -> None:
    import datasets

    made = datasets.Dataset.from_dict({"text": ["a", "b"], "n": [1, 2]})
    datasets.DatasetDict({"test": made}).save_to_disk(str(tmp_path / "saved"))
    source = HuggingFace(name="hub", dataset=str(tmp_path / "saved"), split="test", url=None)
    assert [each["text"] for each in read(source)[0]] == ["a", "b"]
    with pytest.raises(ResourceError, match="splits"):
        source.model_copy(update={"split": "train"}).pieces()


@pytest.mark.parametrize("revision", [None, "main", "v1.0"])
def test_a_dataset_of_the_hub_needs_a_commit(revision: str | None) -> None:
    with pytest.raises(RecipeError, match="commit"):
        HuggingFace(name="hub", dataset="owner/name", revision=revision).check()


def test_a_missing_column_is_named(folder: str) -> None:
    with pytest.raises(ResourceError, match="did you mean `text`"):
        read(HuggingFace(name="hub", dataset=folder, text="txt"))

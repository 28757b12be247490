"""Evaluation items from files: JSON Lines, Parquet, Arrow, and folders of these as `datasets` leaves them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import ResourceError

__all__ = ["FIELDS", "Item", "files_of", "read_items"]

# Names under which public benchmarks keep the three parts of an item; the first that a record holds is taken.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "prompt", "query", "problem", "input", "sentence"),
    "answer": ("answer", "answers", "canonical_solution", "solution", "target", "output"),
    "passage": ("passage", "context", "article", "story"),
}
_SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet", ".arrow")


@dataclass(frozen=True)
class Item:
    id: str
    question: str
    answer: str
    passage: str


def files_of(path: str) -> list[Path]:
    """The file, or all readable files below the folder, in order of their names. ResourceError if there is none."""
    place = Path(path).expanduser()
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.name.endswith(_SUFFIXES))
    if not files:
        expected = f"files ending in {', '.join(_SUFFIXES)}"
        raise ResourceError(f"benchmark `{path}`", "no file", expected, "mend the path")
    return files


def read_items(path: str) -> list[Item]:
    """Items of a file or folder. A record without an id is called by its file and its number from 0."""
    items = []
    for file in files_of(path):
        for number, record in enumerate(_read(file)):
            parts = {part: _text(_first(record, names)) for part, names in FIELDS.items()}
            items.append(Item(id=str(record.get("id", f"{file.name.split('.')[0]}-{number}")), **parts))
    if not any(item.question or item.passage for item in items):
        found = f"{len(items)} records without question or passage"
        names = (*FIELDS["question"], *FIELDS["passage"])
        raise ResourceError(f"benchmark `{path}`", found, f"a field among {', '.join(names)}", "rename the fields")
    return items


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        records = list(_records(file))
    except (ValueError, OSError, EOFError, zlib.error) as error:  # those of orjson and Arrow are ValueErrors
        raise _unreadable(file, f"what cannot be read ({type(error).__name__})") from None
    for number, record in enumerate(records):
        if not isinstance(record, dict):
            raise _unreadable(file, f"a JSON {type(record).__name__} as record {number}")
    return records


def _unreadable(file: Path, found: str) -> ResourceError:
    expected = "records with fields, in a whole file of the kind that its name says"
    return ResourceError(f"benchmark `{file}`", found, expected, "fetch or write it anew")


def _records(file: Path) -> Iterator[dict[str, Any]]:
    if file.name.endswith(".parquet"):
        yield from pq.read_table(file).to_pylist()
    elif file.name.endswith(".arrow"):
        yield from _arrow(file).to_pylist()
    else:
        with gzip.open(file) if file.name.endswith(".gz") else file.open("rb") as lines:
            yield from (orjson.loads(line) for line in lines if line.strip())


def _arrow(file: Path) -> pa.Table:
    with pa.memory_map(str(file)) as source:
        if source.read(6) == b"ARROW1":
            source.seek(0)
            return pa.ipc.open_file(source).read_all()
        source.seek(0)
        return pa.ipc.open_stream(source).read_all()


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _text(value: Any) -> str:
    """All strings and numbers within a value, one a line."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return "\n".join(filter(None, map(_text, value)))
    return "" if value is None else str(value)

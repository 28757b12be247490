"""Tables of packed structs in plain `.npy` files: written whole, mapped to read, cut into slices by key.

What the engine brings together by key is one of two things: packed rows, or the place of rows in a file that is sorted
by its first field. A place has some hundred bytes for any number of rows, so no driver ever holds the keys of a corpus.
"""

from __future__ import annotations

import hashlib
import io
import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.files import whole_file
from curation.manifest import Unit
from curation.shards import FileRecord

__all__ = [
    "Table",
    "Values",
    "emit_ranges",
    "emit_shards",
    "joined",
    "mapped_table",
    "range_of",
    "slices",
    "write_table",
]

Table = npt.NDArray[Any]
Values = list[tuple[int, bytes]]

_ROWS, _PLACE = b"R", b"P"
_SHIFT = np.uint64(32)


def write_table(root: Path, path: str, table: Table) -> FileRecord:
    content = io.BytesIO()
    np.save(content, table, allow_pickle=False)
    data = content.getbuffer()
    with whole_file(root / path) as file:
        file.write(data)
    return FileRecord(path=path, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), rows=len(table))


def mapped_table(root: Path, path: str) -> Table:
    """A table on disk; an empty one is read, since nothing of no length can be mapped."""
    table: Table = np.load(root / path, mmap_mode="r", allow_pickle=False)
    return table


def emit_ranges(root: Path, unit: Unit, first: int, last: int) -> Values:
    """Where the rows of ranges [first, last) of keys lie in the table of one shard."""
    path, ranges = unit.payload["file"]["path"], unit.payload["ranges"]
    keys = _first_field(mapped_table(root, path))
    bounds = [bisect_left(keys, _least(number, ranges), key=int) for number in range(first, last + 1)]
    return _places(path, first, bounds, unit.payload["shard"])


def emit_shards(root: Path, unit: Unit, first: int, last: int) -> Values:
    """Where the rows of shards [first, last) lie in a table of all shards, which begins with a node or a shard."""
    path = unit.payload["file"]["path"]
    shards = _first_field(mapped_table(root, path))
    scale = 32 if shards.dtype.itemsize == 8 else 0
    bounds = [bisect_left(shards, number << scale, key=int) for number in range(first, last + 1)]
    return _places(path, first, bounds, None)


def _first_field(table: Table) -> Table:
    assert table.dtype.names
    field: Table = table[table.dtype.names[0]]
    return field


def _least(number: int, ranges: int) -> int:
    """The smallest key of a range; `range_of` gives ranges their keys."""
    return -(-(number << 32) // ranges) << 32


def _places(file: str, first: int, bounds: Sequence[int], shard: int | None) -> Values:
    """Tables of one shard do not hold its number, since numbers change when files are added; `shard` puts it in."""
    return [
        (first + at, _PLACE + json.dumps([file, start, end, shard]).encode())
        for at, (start, end) in enumerate(pairwise(bounds))
        if end > start
    ]


def slices(table: Table, keys: npt.NDArray[np.int64], first: int, last: int) -> Values:
    """(key, packed rows) for keys in [first, last) of a table that is sorted by `keys`."""
    bounds = np.searchsorted(keys, np.arange(first, last + 1))
    return [
        (key, _ROWS + table[start:end].tobytes())
        for key, start, end in zip(range(first, last), bounds[:-1], bounds[1:], strict=True)
        if end > start
    ]


def joined(root: Path, values: Iterable[bytes], kind: np.dtype[Any]) -> Table:
    """The rows that an engine brought together, in the order of arrival."""
    tables = [_rows(root, value, kind) for value in values]
    return np.concatenate(tables) if tables else np.zeros(0, kind)


def _rows(root: Path, value: bytes, kind: np.dtype[Any]) -> Table:
    if value.startswith(_ROWS):
        return np.frombuffer(value, kind, offset=len(_ROWS))
    file, start, end, shard = json.loads(value[len(_PLACE) :])
    rows = mapped_table(root, file)[start:end]
    return rows if shard is None else _in_shard(rows, shard)


def _in_shard(rows: Table, shard: int) -> Table:
    """Rows with the shard's number in `shard`, or in the upper half of `node`."""
    numbered = rows.copy()
    if "shard" in (rows.dtype.names or ()):
        numbered["shard"] = shard
    else:
        numbered["node"] |= np.uint64(shard) << _SHIFT
    return numbered


def range_of(keys: npt.NDArray[np.uint64], ranges: int) -> npt.NDArray[np.int64]:
    """Which of equally wide ranges of uint64 a key falls into: its top 32 bits, scaled."""
    return ((keys >> _SHIFT) * np.uint64(ranges) >> _SHIFT).astype(np.int64)

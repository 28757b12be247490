"""Tables of packed structs in plain `.npy` files: written whole, mapped to read, cut into slices by key."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.files import whole_file
from curation.shards import FileRecord

__all__ = ["Table", "joined", "mapped_table", "range_of", "slices", "write_table"]

Table = npt.NDArray[Any]


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


def joined(values: Iterable[bytes], kind: np.dtype[Any]) -> Table:
    """Packed rows that a shuffle brought together, in the order of arrival."""
    tables = [np.frombuffer(value, kind) for value in values]
    return np.concatenate(tables) if tables else np.zeros(0, kind)


def slices(
    table: Table, keys: npt.NDArray[np.int64], first: int, last: int, shard: int | None = None
) -> list[tuple[int, bytes]]:
    """(key, packed rows) for keys in [first, last) of a table that is sorted by `keys`.

    Tables of one shard do not hold its number, since numbers change when files are added; `shard` puts it in.
    """
    bounds = np.searchsorted(keys, np.arange(first, last + 1))
    return [
        (key, (table[start:end] if shard is None else _in_shard(table[start:end], shard)).tobytes())
        for key, start, end in zip(range(first, last), bounds[:-1], bounds[1:], strict=True)
        if end > start
    ]


def _in_shard(rows: Table, shard: int) -> Table:
    """Rows with the shard's number in `shard`, or in the upper half of `node`."""
    numbered = rows.copy()
    if "shard" in (rows.dtype.names or ()):
        numbered["shard"] = shard
    else:
        numbered["node"] |= np.uint64(shard) << np.uint64(32)
    return numbered


def range_of(keys: npt.NDArray[np.uint64], ranges: int) -> npt.NDArray[np.int64]:
    """Which of equally wide ranges of uint64 a key falls into: its top 32 bits, scaled."""
    return ((keys >> np.uint64(32)) * np.uint64(ranges) >> np.uint64(32)).astype(np.int64)

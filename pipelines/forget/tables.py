"""Rows of forgotten documents out of the tables that groupings leave: a table names documents by shard and row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from curation.shards import FileRecord
from pipelines.tasks.packed import Table, mapped_table, write_table

__all__ = ["Nodes", "without_rows"]

_SHIFT, _ROW = np.uint64(32), np.uint64(0xFFFFFFFF)
# Tables of one shard, whose number is that of the file; all others hold shard and row.
_OF_ONE_SHARD = ("keys-", "bands-", "documents-", "clusters-")


@dataclass(frozen=True)
class Nodes:
    """Forgotten documents as shard << 32 | row, as the groupings of one room number them. Shards of copied tables count
    from `released`, and the first `copied` of those are the run's own.
    """

    values: npt.NDArray[np.uint64]
    released: int = 0
    copied: int = 0
    ids: npt.NDArray[np.uint64] | None = None

    def rows_of(self, shard: int) -> npt.NDArray[np.uint64]:
        return self.values[self.values >> _SHIFT == np.uint64(shard)] & _ROW


def without_rows(root: Path, record: FileRecord, nodes: Nodes) -> FileRecord:
    """Rewrite a table without rows of forgotten documents; the record of what lies there then."""
    table = mapped_table(root, record.path)
    gone = _gone(record.path, table, nodes)
    if not gone.any():
        return record.model_copy(update={"rows": len(table)})
    return write_table(root, record.path, np.array(table[~gone]))


def _gone(path: str, table: Table, nodes: Nodes) -> npt.NDArray[np.bool_]:
    folder, _, name = path.rpartition("/")
    if name.startswith("weights-"):  # by the upper half of the id
        known = nodes.ids if nodes.ids is not None else np.zeros(0, np.uint64)
        return np.isin(table["id"], known)
    columns = table.dtype.names or ()
    if name.startswith(_OF_ONE_SHARD):
        number = int(name.rpartition("-")[2].partition(".")[0])
        if folder.endswith("/released"):
            number = nodes.released + number if number < nodes.copied else -1
        rows = table["row"].astype(np.uint64) if "row" in columns else table["node"] & _ROW
        return np.isin(rows, nodes.rows_of(number)) if number >= 0 else np.zeros(len(table), np.bool_)
    if "shard" in columns:
        return np.isin(table["shard"].astype(np.uint64) << _SHIFT | table["row"], nodes.values)
    if "node" in columns:
        return np.isin(table["node"], nodes.values)
    if "a" in columns:
        return np.isin(table["a"], nodes.values) | np.isin(table["b"], nodes.values)
    return np.isin(table, nodes.values).any(axis=1) if table.ndim == 2 else np.zeros(len(table), np.bool_)

"""One token shard, mapped, and the way from its tokens to its documents and back: see `curation.tokens.shard`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.errors import IntegrityError, RecipeError
from curation.shards import FileRecord
from curation.tokens.shard import COLUMNS, row_at, row_of, rows_at

__all__ = ["AGAIN", "Place", "TokenShard", "open_shard"]

AGAIN = "run the tokenise stage again"


@dataclass(frozen=True)
class Place:
    """A document in a token shard: its row, and tokens [start, end) with the end token."""

    id: str
    shard: str
    row: int
    start: int
    end: int


@dataclass(frozen=True)
class TokenShard:
    """One mapped file. tokens: uint16 or uint32 [n]; offsets: int32 [documents + 1]; bytes: int64 [documents].

    `rows_at` and `by_id` lead from a token to its document and from an id to its row, see `curation.tokens.shard`.
    """

    path: str
    ids: pa.Array
    bytes: npt.NDArray[np.int64]
    tokens: npt.NDArray[Any]
    offsets: npt.NDArray[np.int32]
    rows_at: npt.NDArray[np.int32]
    by_id: npt.NDArray[np.int32]

    def document_at(self, position: int) -> Place:
        """The document that holds the token at a position of this shard."""
        if not 0 <= position < len(self.tokens):
            found, expected = f"position {position:,}", f"0 to {len(self.tokens) - 1:,}"
            raise RecipeError(self.path, found, expected, "give a position inside the shard")
        return self._place(row_at(position, self.rows_at, self.offsets))

    def document(self, row: int) -> tuple[str, npt.NDArray[Any]]:
        """Id and tokens, the end token among them."""
        return str(self.ids[row]), self.tokens[self.offsets[row] : self.offsets[row + 1]]

    def find(self, id: str) -> Place | None:
        row = row_of(id, self.ids, self.by_id)
        return None if row is None else self._place(row)

    def _place(self, row: int) -> Place:
        return Place(str(self.ids[row]), self.path, row, int(self.offsets[row]), int(self.offsets[row + 1]))


def open_shard(root: Path, record: FileRecord, dtype: str, sums: bool) -> TokenShard:
    record.check(root, sums=sums)
    batch = _only_batch(root, record)
    column = batch.column("tokens")
    tokens, offsets = column.values.to_numpy(zero_copy_only=True), column.offsets.to_numpy(zero_copy_only=True)
    if tokens.dtype != np.dtype(dtype) or batch.num_rows != record.rows:
        found = f"{batch.num_rows} documents of {tokens.dtype}"
        raise IntegrityError(record.path, found, f"{record.rows} of {dtype}", AGAIN)
    sizes = batch.column("bytes").to_numpy(zero_copy_only=True)
    by_id = batch.column("by_id").to_numpy(zero_copy_only=True)
    return TokenShard(record.path, batch.column("id"), sizes, tokens, offsets, rows_at(batch.schema), by_id)


def _only_batch(root: Path, record: FileRecord) -> pa.RecordBatch:
    try:
        batches = list(pa.ipc.open_stream(pa.memory_map(str(root / record.path))))
    except pa.ArrowInvalid as error:
        raise IntegrityError(record.path, str(error), "an Arrow IPC stream", AGAIN) from error
    if len(batches) != 1 or not set(COLUMNS) <= set(batches[0].schema.names):
        raise IntegrityError(record.path, f"{len(batches)} batches", f"one batch with {', '.join(COLUMNS)}", AGAIN)
    return batches[0]

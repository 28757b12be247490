"""Columns of documents, identity of a document, and views of text as the buffers that kernels work on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

__all__ = [
    "DOCUMENT",
    "TEXT",
    "child_id",
    "document_id",
    "id_words",
    "seed_for",
    "text_buffers",
    "with_columns",
]

TEXT = pa.large_string()

# One schema for every document on disk. `key` names the record inside its source (path and byte offset, or row),
# `meta` is a JSON object of whatever else the record held, `parent_id` is set on rows made by augmentation.
DOCUMENT = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("text", TEXT),
        pa.field("meta", pa.string()),
        pa.field("parent_id", pa.string()),
    ]
)


def document_id(source: str, key: str) -> str:
    """128-bit xxh3 of source and record key, as 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(f"{source}\0{key}".encode())


def child_id(parent_id: str, operator: str, number: int) -> str:
    """Identity of the `number`-th document that `operator` makes from a parent."""
    return xxhash.xxh3_128_hexdigest(f"{parent_id}\0{operator}\0{number}".encode())


def seed_for(operator: str, id: str) -> int:
    """64-bit seed for the randomness of one operator on one document."""
    return xxhash.xxh3_64_intdigest(f"{operator}\0{id}".encode())


def id_words(ids: pa.Array | Iterable[str]) -> npt.NDArray[np.uint64]:
    """Ids as an (n, 2) array of uint64, high word first, so that they sort as the hex digits do."""
    joined = "".join(ids.to_pylist() if isinstance(ids, pa.Array) else ids)
    return np.frombuffer(bytes.fromhex(joined), dtype=">u8").astype(np.uint64).reshape(-1, 2)


def text_buffers(column: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """UTF-8 bytes and n+1 offsets of a string column, without a copy where it is large_string already.

    Offsets index the returned bytes; they need not begin at 0 (slices). Nulls read as empty text. Both are read-only,
    whatever Arrow's buffers are: kernels are compiled once more for arrays that can be written.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if column.type != TEXT:
        column = column.cast(TEXT)
    if column.null_count:
        column = column.fill_null("")
    _, offsets, data = column.buffers()
    positions = np.zeros(len(column) + 1, np.int64)
    if offsets is not None and len(column):
        positions = np.frombuffer(offsets, np.int64, len(column) + 1, column.offset * 8)
    content = np.frombuffer(data, np.uint8) if data is not None and len(column) else np.zeros(0, np.uint8)
    content.flags.writeable = positions.flags.writeable = False
    return content, positions


def with_columns(batch: pa.RecordBatch, columns: dict[str, pa.Array]) -> pa.RecordBatch:
    """The batch with columns replaced where the name exists and appended where it does not."""
    names = list(batch.schema.names)
    arrays = dict(zip(names, batch.columns, strict=True))
    arrays.update(columns)
    order = names + [name for name in columns if name not in names]
    return pa.RecordBatch.from_arrays([arrays[name] for name in order], names=order)

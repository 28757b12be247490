"""A token shard: documents side by side in one record batch, with what leads from a token to its document and back.

    id, source    string
    bytes         int64, UTF-8 bytes of the text
    by_id         int32, numbers of the rows in the order of their ids
    tokens        list of uint16 or uint32; its values are the shard's one array of tokens, its offsets the boundaries

The schema's metadata hold the tokenizer's sha256 and `rows_at`: for every 65,536th token the row it belongs to (int32).
So a token finds its row by one look into that table and a search among the few documents of its block.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.schema import id_words
from curation.shards import canonical_batch

__all__ = ["BLOCK_BITS", "COLUMNS", "row_at", "row_of", "rows_at", "token_batch"]

BLOCK_BITS = 16
COLUMNS = ("id", "source", "bytes", "by_id", "tokens")

Rows = npt.NDArray[np.int32]


def token_batch(
    ids: pa.Array,
    sources: pa.Array,
    sizes: pa.Array,
    tokens: npt.NDArray[Any],
    offsets: npt.NDArray[np.int64],
    tokenizer: str,
) -> pa.RecordBatch:
    """offsets int64[n + 1] into `tokens`; `tokenizer` is the sha256 of its tokenizer.json."""
    high, low = id_words(ids)[:, 0], id_words(ids)[:, 1]
    lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(tokens))
    by_id = pa.array(np.lexsort((low, high)).astype(np.int32))
    starts = np.arange(0, len(tokens), 1 << BLOCK_BITS)
    table = (np.searchsorted(offsets, starts, side="right") - 1).astype(np.int32)
    batch = pa.RecordBatch.from_arrays([ids, sources, sizes, by_id, lists], list(COLUMNS))
    metadata = {"tokenizer": tokenizer, "rows_at": table.tobytes()}
    batch = batch.replace_schema_metadata(metadata)
    return canonical_batch(batch, batch.schema)


def rows_at(schema: pa.Schema) -> Rows:
    """The table of a shard's schema."""
    return np.frombuffer((schema.metadata or {}).get(b"rows_at", b""), np.int32)


def row_at(position: int, table: Rows, offsets: npt.NDArray[np.int32]) -> int:
    """Row of the document that holds the token at `position`; empty documents hold none."""
    block = position >> BLOCK_BITS
    first = int(table[block])
    last = int(table[block + 1]) + 1 if block + 1 < len(table) else len(offsets) - 1
    return first + int(np.searchsorted(offsets[first : last + 1], position, side="right")) - 1


def row_of(wanted: str, ids: pa.Array, by_id: Rows) -> int | None:
    """Row of a document, by as many looks as the number of documents has binary digits."""
    low, high = 0, len(by_id)
    while low < high:
        middle = (low + high) // 2
        if ids[int(by_id[middle])].as_py() < wanted:
            low = middle + 1
        else:
            high = middle
    return int(by_id[low]) if low < len(by_id) and ids[int(by_id[low])].as_py() == wanted else None

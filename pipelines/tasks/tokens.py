"""Tokens: a token shard for a shard of the dataset, row for row, each document followed by the end-of-text token."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import ContractError, ResourceError
from curation.files import checksum, whole_file
from curation.manifest import Receipt, Unit
from curation.shards import FileRecord, read_shard
from curation.tokens.encoder import Encoder
from curation.tokens.library import read_tokenizer
from curation.tokens.shard import token_batch

__all__ = ["count_tokens", "open_encoder", "tokens_unit"]

_MOST = (1 << 31) - 1


def tokens_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    tokenizer, shard = unit.payload["tokenizer"], FileRecord.model_validate(unit.payload["shard"])
    encoder = open_encoder(root / tokenizer["folder"], tokenizer["sha256"], tokenizer["special_tokens"])
    if tokenizer["eos_id"] >= encoder.vocabulary:
        raise ContractError("tokens", f"end token {tokenizer['eos_id']}", "one of the vocabulary", "mend the tokenizer")
    batch = _encoded(root, shard, encoder, tokenizer)
    record = _write(root, unit.payload["path"], batch)
    counts = count_tokens(batch, unit.payload["split"])
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=(record,), counts=counts)


@lru_cache(maxsize=2)
def open_encoder(folder: Path, sha256: str, special_tokens: bool) -> Encoder:
    """The encoder of a folder's tokenizer.json, which must have that checksum; one for all units of a process."""
    path = folder / "tokenizer.json"
    if checksum(path) != sha256:
        raise ResourceError(str(path), "another tokenizer", f"sha256 {sha256[:12]}…", "run the recipe again")
    return Encoder(read_tokenizer(path), special_tokens=special_tokens)


def _encoded(root: Path, shard: FileRecord, encoder: Encoder, tokenizer: dict[str, Any]) -> pa.RecordBatch:
    """All documents of a shard as one record batch, so that its tokens are one array."""
    tokens, ends = _Growing(encoder.dtype, shard.bytes // 3), [np.zeros(1, np.int64)]
    columns: dict[str, list[pa.Array]] = {"id": [], "source": [], "bytes": []}
    for batch in read_shard(root, shard):
        encoded = encoder.encode(batch.column("text"), tokenizer["eos_id"])
        ends.append(encoded.offsets[1:] + tokens.size)
        tokens.add(encoded.tokens)
        columns["id"].append(batch.column("id"))
        columns["source"].append(batch.column("source"))
        columns["bytes"].append(pc.fill_null(pc.binary_length(batch.column("text")), 0).cast(pa.int64()))
    if tokens.size > _MOST:
        raise ResourceError(shard.path, f"{tokens.size:,} tokens", f"at most {_MOST:,}", "set a smaller shard_bytes")
    arrays = [
        pa.concat_arrays(parts) if parts else pa.array([], kind)
        for parts, kind in zip(columns.values(), (pa.string(), pa.string(), pa.int64()), strict=True)
    ]
    return token_batch(*arrays, tokens.all(), np.concatenate(ends), tokenizer["sha256"])


class _Growing:
    """An array that grows, so that a shard's tokens are never held twice for long."""

    def __init__(self, dtype: Any, expected: int) -> None:
        self._array, self.size = np.empty(max(1024, expected), dtype), 0

    def add(self, values: npt.NDArray[Any]) -> None:
        end = self.size + len(values)
        if end > len(self._array):
            larger = np.empty(max(end, len(self._array) * 3 // 2), self._array.dtype)
            larger[: self.size] = self._array[: self.size]
            self._array = larger
        self._array[self.size : end] = values
        self.size = end

    def all(self) -> npt.NDArray[Any]:
        return self._array[: self.size]


def _write(root: Path, path: str, batch: pa.RecordBatch) -> FileRecord:
    with whole_file(root / path) as file, pa.ipc.new_stream(file, batch.schema) as writer:
        writer.write_batch(batch)
    size = (root / path).stat().st_size
    return FileRecord(path=path, bytes=size, sha256=checksum(root / path), rows=batch.num_rows, batches=1)


def count_tokens(batch: pa.RecordBatch, split: str) -> dict[str, int]:
    """Documents, tokens and bytes of the split and by source; tokens count the end of each document."""
    lengths = pc.list_value_length(batch.column("tokens"))
    table = pa.table({"source": batch.column("source"), "bytes": batch.column("bytes"), "tokens": lengths})
    sums = table.group_by("source").aggregate([("tokens", "count"), ("tokens", "sum"), ("bytes", "sum")])
    counts: Counter[str] = Counter()
    for row in sums.to_pylist():
        for place in (f"split.{split}", f"source.{row['source']}", ""):
            prefix = f"{place}." if place else ""
            counts[f"{prefix}documents"] += row["tokens_count"]
            counts[f"{prefix}tokens"] += row["tokens_sum"]
            counts[f"{prefix}bytes"] += row["bytes_sum"]
    return dict(counts)

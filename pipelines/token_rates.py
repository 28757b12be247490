"""How many bytes of text a token stands for, by source and by language: the ledger beside the token shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.manifest import Manifest
from curation.shards import read_shard, shard_batches
from data_cards.facts import TokenRate

__all__ = ["token_rates"]

_LABELS = {"source": "source", "language": "language.label"}


class _Shard(NamedTuple):
    """Mapped, not read: int32 offsets [n + 1] and bytes of text [n]."""

    offsets: npt.NDArray[np.int32]
    bytes: npt.NDArray[np.int64]


def token_rates(root: Path, ledger: Manifest, tokens: Manifest) -> dict[str, tuple[TokenRate, ...]]:
    """Most bytes first. Languages are missing where the recipe detects none."""
    shards = {tuple(file.path.split("/")[-2:]): _open(root / file.path) for file in tokens.shards("tokens-")}
    sums: dict[str, Counter[str]] = {f"{what}.{unit}": Counter() for what in _LABELS for unit in ("bytes", "tokens")}
    for rows in _kept(root, ledger):
        sizes, counts = _measured(rows, shards)
        for what, column in _LABELS.items():
            if column in rows.schema.names:
                table = pa.table({"name": rows.column(column), "bytes": sizes, "tokens": counts})
                grouped = table.group_by("name").aggregate([("bytes", "sum"), ("tokens", "sum")])
                for row in grouped.to_pylist():
                    sums[f"{what}.bytes"][row["name"] or "unknown"] += row["bytes_sum"]
                    sums[f"{what}.tokens"][row["name"] or "unknown"] += row["tokens_sum"]
    return {what: _rates(sums[f"{what}.bytes"], sums[f"{what}.tokens"]) for what in _LABELS if sums[f"{what}.bytes"]}


def _open(path: Path) -> _Shard:
    batch = next(shard_batches(path))
    return _Shard(batch.column("tokens").offsets.to_numpy(), batch.column("bytes").to_numpy())


def _kept(root: Path, ledger: Manifest) -> Iterator[pa.RecordBatch]:
    for file in ledger.files:
        for batch in read_shard(root, file):
            wanted = [name for name in ("split", "shard", "row", *_LABELS.values()) if name in batch.schema.names]
            yield batch.select(wanted).filter(pc.is_valid(batch.column("row")))


def _measured(
    rows: pa.RecordBatch, shards: dict[tuple[str, ...], _Shard]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Bytes and tokens of documents by their place."""
    sizes, counts = np.zeros(rows.num_rows, np.int64), np.zeros(rows.num_rows, np.int64)
    split = np.array(rows.column("split").to_pylist(), object)
    number, row = rows.column("shard").to_numpy(), rows.column("row").to_numpy()
    for (name, file), shard in shards.items():
        mine = (split == name) & (number == int(file.split("-")[1]))
        sizes[mine] = shard.bytes[row[mine]]
        counts[mine] = shard.offsets[row[mine] + 1] - shard.offsets[row[mine]]
    return sizes, counts


def _rates(sizes: Counter[str], counts: Counter[str]) -> tuple[TokenRate, ...]:
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))
    return tuple(TokenRate(name=name, bytes=sizes[name], tokens=counts[name]) for name in ordered)

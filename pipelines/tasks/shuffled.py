"""Documents of a shuffled split for one shard: taken out of all parts a block at a time, so memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.manifest import MANIFEST, Manifest
from curation.order import permuted
from curation.shards import FileRecord, read_shard, shard_batches

__all__ = ["ids_in", "shuffled_documents"]

Rows = npt.NDArray[np.int64]


def shuffled_documents(
    root: Path, order: dict[str, Any], split: str
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch, pa.Array | None]]:
    """Documents in the shard's order, their outcomes, and the ids in the split of what new ones were made from."""
    parts = _parts(root, order["files"], tuple(tuple(each) for each in order["rooms"]))
    starts, gaps = np.array(order["starts"], np.int64), np.array(order.get("gaps", ()), np.int64)
    for first in range(order["first"], order["last"], order["block"]):
        places = np.arange(first, min(first + order["block"], order["last"]), dtype=np.int64)
        numbers = permuted(places, order["of"], order["key"])
        numbers = numbers[~np.isin(numbers, gaps)]
        if len(numbers):
            # Gaps are numbered, but there is nothing in the files where they are.
            yield _block(root, parts, starts - _before(gaps, starts), numbers - _before(gaps, numbers), split)


def _before(gaps: Rows, numbers: Rows) -> Rows:
    """How many gaps there are before each number."""
    return np.searchsorted(gaps, numbers).astype(np.int64)


def _block(
    root: Path, parts: tuple[_Part, ...], starts: Rows, numbers: Rows, split: str
) -> tuple[pa.RecordBatch, pa.RecordBatch, pa.Array | None]:
    by_number = np.argsort(numbers)
    homes = np.searchsorted(starts, numbers[by_number], side="right") - 1
    documents, outcomes, parents = [], [], []
    for home in np.unique(homes).tolist():
        part = parts[home]
        rows = _rows_of(root, part[1].path, part[1].sha256, split)[numbers[by_number[homes == home]] - starts[home]]
        documents += _taken(root, part[0], rows)
        outcomes += _taken(root, part[1], rows)
        if part[2] is not None:
            parents.append(ids_in(root, part[2], split))
    back = pa.array(np.argsort(by_number))
    known = pa.concat_arrays(parents) if parents else None
    return pa.concat_batches(documents).take(back), pa.concat_batches(outcomes).take(back), known


_Part = tuple[FileRecord, FileRecord, FileRecord | None]


@lru_cache(maxsize=2)
def _parts(root: Path, files: str, rooms: tuple[tuple[str, str, str], ...]) -> tuple[_Part, ...]:
    """Documents, outcomes and parents' outcomes of every part; a room names their stages, `files` is their digest."""
    found: list[_Part] = []
    for documents, outcomes, parents in rooms:
        shards, fates = (
            _files(root, stage, prefix) for stage, prefix in ((documents, "shard-"), (outcomes, "ledger-"))
        )
        older = _files(root, parents, "ledger-")[: len(shards)] if parents else [None] * len(shards)
        found += zip(shards, fates, older, strict=True)
    return tuple(found)


def _files(root: Path, stage: str, prefix: str) -> list[FileRecord]:
    return list(Manifest.read(root / stage / MANIFEST).shards(prefix))


@lru_cache(maxsize=256)
def _rows_of(root: Path, path: str, sha256: str, split: str) -> Rows:
    """Rows of a part that belong to a split; `sha256` is that of its outcomes."""
    masks = [_in(batch, split) for batch in shard_batches(root / path)]
    rows: Rows = np.flatnonzero(np.concatenate(masks)) if masks else np.zeros(0, np.int64)
    return rows


def _in(batch: pa.RecordBatch, split: str) -> npt.NDArray[np.bool_]:
    flags: npt.NDArray[np.bool_] = (
        pc.equal(batch.column("split"), split).fill_null(False).to_numpy(zero_copy_only=False)
    )
    return flags


def ids_in(root: Path, record: FileRecord, split: str) -> pa.Array:
    """Ids that a sidecar of outcomes gives to a split."""
    ids = [batch.column("id").filter(pa.array(_in(batch, split))) for batch in read_shard(root, record)]
    return pa.concat_arrays(ids) if ids else pa.array([], pa.string())


def _taken(root: Path, record: FileRecord, rows: Rows) -> list[pa.RecordBatch]:
    """Rows of a file, given in ascending order."""
    taken, seen = [], 0
    for batch in read_shard(root, record):
        own = rows[np.searchsorted(rows, seen) : np.searchsorted(rows, seen + batch.num_rows)] - seen
        if len(own):
            taken.append(batch.take(pa.array(own)))
        seen += batch.num_rows
    return taken

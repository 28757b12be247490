"""Which document goes into which shard of the dataset: cut by bytes along the documents' own order.

Documents follow their shards, first those that were read, then those that augmentation made. Where a shard is cut
depends on that order and the target size alone, not on how the work was divided before.

A document that was forgotten leaves a gap: shards are cut, and shuffled, as if it were there still, so that no other
moves into another shard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from curation.schema import seed_for
from curation.shards import FileRecord, read_shard

__all__ = ["Order", "Part", "Segment", "cut", "shuffled"]


_BLOCK_BYTES = 32 << 20


@dataclass(frozen=True)
class Part:
    """A shard of documents and its sidecar of outcomes, with documents and bytes by split."""

    shard: FileRecord
    outcome: FileRecord
    documents: dict[str, int]
    bytes: dict[str, int]
    # Outcomes of the documents that those of the shard were made from.
    parents: FileRecord | None = None
    # By split: how many documents of it stand before a gap in the part, and the bytes that were there.
    gaps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Segment:
    """Documents `start` to `end` of a split within a part, which go to rows from `row` on of one dataset shard."""

    part: int
    start: int
    end: int
    row: int


@dataclass(frozen=True)
class Order:
    """A shuffled split: document `starts[p] + n` of it, the n-th of part p, goes where the permutation says.

    Shard k holds places bounds[k] to bounds[k + 1]; `block` documents are gathered at once. `gaps` are numbers of
    documents that were forgotten, counted among the others.
    """

    key: int
    starts: list[int]
    bounds: list[int]
    block: int
    gaps: list[int] = field(default_factory=list)

    def of_shard(self, number: int) -> dict[str, Any]:
        first, last = self.bounds[number], self.bounds[number + 1]
        common = {"key": self.key, "starts": self.starts, "of": self.bounds[-1], "block": self.block}
        return {**common, "first": first, "last": last, **self._with_gaps()}

    def of_part(self, number: int) -> dict[str, Any]:
        return {"key": self.key, "start": self.starts[number], "bounds": self.bounds, **self._with_gaps()}

    def _with_gaps(self) -> dict[str, Any]:
        return {"gaps": self.gaps} if self.gaps else {}


def shuffled(parts: Sequence[Part], split: str, seed: str, shard_bytes: int) -> Order:
    """As many shards as the bytes of the split fill, with as many documents each."""
    gaps = [part.gaps.get(split, []) for part in parts]
    counts = [part.documents.get(split, 0) + len(own) for part, own in zip(parts, gaps, strict=True)]
    total, size = sum(counts), sum(part.bytes.get(split, 0) + _bytes(part.gaps.get(split, [])) for part in parts)
    shards = min(total, max(1, -(-size // shard_bytes)))
    bounds = [total * number // shards for number in range(shards + 1)] if shards else [0]
    starts = np.cumsum([0, *counts])[:-1].tolist()
    block = max(1, _BLOCK_BYTES * total // max(1, size))
    missing = [start + before + n for start, own in zip(starts, gaps, strict=True) for n, (before, _) in enumerate(own)]
    return Order(seed_for("shuffle", f"{seed}/{split}"), starts, bounds, block, missing)


def _bytes(gaps: Sequence[tuple[int, int]]) -> int:
    return sum(size for _, size in gaps)


@dataclass
class _Shard:
    segments: list[Segment] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    used: bool = False

    def add(self, part: int, start: int, end: int, size: int) -> None:
        if end > start:
            self.segments.append(Segment(part, start, end, self.rows))
        self.rows += end - start
        self.bytes += size
        self.used = True


def cut(root: Path, parts: Sequence[Part], split: str, shard_bytes: int) -> list[list[Segment]]:
    """Segments of each shard of a split. A shard ends with the document that brings it to `shard_bytes` of text."""
    shards = [_Shard()]
    for number, part in enumerate(parts):
        gaps = part.gaps.get(split, [])
        documents, size = part.documents.get(split, 0), part.bytes.get(split, 0) + _bytes(gaps)
        if (documents or gaps) and shards[-1].bytes + size < shard_bytes:
            shards[-1].add(number, 0, documents, size)
        elif documents or gaps:
            _cut_inside(shards, number, _sizes(root, part.outcome, split), gaps, shard_bytes)
    return [shard.segments for shard in shards if shard.used]


def _cut_inside(
    shards: list[_Shard], part: int, sizes: npt.NDArray[np.int64], gaps: list[tuple[int, int]], shard_bytes: int
) -> None:
    places = [before for before, _ in gaps]
    there = np.cumsum([0, *np.insert(np.ones(len(sizes), np.int64), places, 0)]).tolist()
    sizes = np.insert(sizes, places, [size for _, size in gaps])
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        end = int(np.searchsorted(ends, before + shard_bytes - shards[-1].bytes)) + 1
        end = min(end, len(sizes))
        shards[-1].add(part, there[start], there[end], int(ends[end - 1]) - before)
        if shards[-1].bytes >= shard_bytes:
            shards.append(_Shard())
        start = end


def _sizes(root: Path, outcome: FileRecord, split: str) -> npt.NDArray[np.int64]:
    """Bytes of text of each document of a split in a part."""
    sizes = [
        batch.column("bytes").filter(pc.equal(batch.column("split"), split).fill_null(False)).to_numpy()
        for batch in read_shard(root, outcome)
    ]
    return np.concatenate(sizes) if sizes else np.zeros(0, np.int64)


def places(shards: Sequence[Sequence[Segment]], part: int) -> list[list[int]]:
    """Stretches of one part: [start, end, shard, first row]."""
    found: list[list[Any]] = [
        [segment.start, segment.end, number, segment.row]
        for number, segments in enumerate(shards)
        for segment in segments
        if segment.part == part
    ]
    return sorted(found)

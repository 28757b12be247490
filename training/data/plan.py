"""A split as its dataset's mixture has it: phases in order, each with its documents as often as it takes them.

    mixture/<split>-00000-of-00002.arrow    id, and times.<phase> (int32) for every row of the split's shard

Nothing is copied. A phase reads its documents in the order of the shards, then again those it takes twice, and so on;
what is kept in memory are the stretches of tokens that lie together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.errors import IntegrityError
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest
from curation.shards import read_shard
from training.data.tokens import Phase, TokenSplit, open_split, tokens_folder

__all__ = ["PlannedSplit", "open_planned", "open_splits"]

Numbers = npt.NDArray[np.int64]


class PlannedSplit(TokenSplit):
    """`times` gives for every phase how often it takes each document of the split, int32 [documents]."""

    def __init__(
        self, base: TokenSplit, times: dict[str, npt.NDArray[np.int32]], repeats: float = 0.0, most: float = 0.0
    ) -> None:
        super().__init__(base.root, base.name, base.facts, base.fingerprint, base.shards)
        self._base, self.times, self._allowed = base, times, most / repeats if repeats else None
        self.fingerprint = digest_of({"split": base.fingerprint, "phases": {p: t.tolist() for p, t in times.items()}})
        stretches = [self._stretches(counts) for counts in times.values()]
        sizes = [int((ends - starts).sum()) for starts, ends in stretches]
        self.phases = tuple(Phase(name, size) for name, size in zip(times, sizes, strict=True) if size)
        self._from = np.concatenate([starts for starts, _ in stretches])
        self._ends = np.cumsum(np.concatenate([ends - starts for starts, ends in stretches]))

    @property
    def tokens(self) -> int:
        return sum(phase.tokens for phase in self.phases)

    @cached_property
    def bytes(self) -> int:  # type: ignore[override]
        return int(sum(int((counts * self._base.document_bytes).sum()) for counts in self.times.values()))

    @property
    def max_epochs(self) -> float | None:
        """How often the whole may be read before a group comes more often than its mixture allows."""
        return self._allowed

    def _stretches(self, counts: npt.NDArray[np.int32]) -> tuple[Numbers, Numbers]:
        """First and end positions, in the split, of tokens that a phase reads without a gap, in its order."""
        ends = self._base.document_ends
        starts = np.concatenate([[0], ends[:-1]])
        firsts, lasts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for least in range(1, int(counts.max(initial=0)) + 1):
            rows = np.flatnonzero(counts >= least)
            breaks = np.flatnonzero(np.diff(rows) > 1)
            firsts.append(starts[rows[np.concatenate([[0], breaks + 1])]])
            lasts.append(ends[rows[np.concatenate([breaks, [len(rows) - 1]])]])
        return np.concatenate(firsts).astype(np.int64), np.concatenate(lasts).astype(np.int64)

    def read(self, starts: Numbers, length: int) -> Numbers:
        rows = np.empty((len(starts), length), np.int64)
        homes = np.searchsorted(self._ends, starts, side="right")
        for row, start, home in zip(rows, starts.tolist(), homes.tolist(), strict=True):
            filled = 0
            while filled < length:
                left = int(self._ends[home]) - start - filled
                count = min(left, length - filled)
                begin = int(self._from[home] + self._size(home)) - left
                self._fill(row[filled : filled + count], begin)
                filled, home = filled + count, home + 1
        self._check_vocabulary(rows)
        return rows

    def _size(self, home: int) -> int:
        return int(self._ends[home] - (self._ends[home - 1] if home else 0))

    def stretches_of(self, id: str) -> list[tuple[int, int]]:
        starts = self._ends - np.diff(self._ends, prepend=0)
        sizes = self._ends - starts
        found = []
        for first, last in super().stretches_of(id):
            for home in np.flatnonzero((self._from <= first) & (first < self._from + sizes)).tolist():
                begin = int(starts[home]) + first - int(self._from[home])
                found.append((begin, begin + last - first))
        return found

    def documents_in_order(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        firsts = np.cumsum([0, *(len(shard.bytes) for shard in self.shards)])
        for counts in self.times.values():
            for least in range(1, int(counts.max(initial=0)) + 1):
                for shard, first in zip(self.shards, firsts, strict=False):
                    for row in np.flatnonzero(counts[first : first + len(shard.bytes)] >= least).tolist():
                        yield shard.document(row)


def open_planned(path: Path, split: str, *, sums: bool = False) -> TokenSplit:
    """A split as its mixture has it, or as it lies where its dataset has none for it."""
    base = open_split(path, split, sums=sums)
    manifest_path = base.root.parent / MANIFEST
    manifest = Manifest.read(manifest_path) if manifest_path.is_file() else None
    mixture = manifest.facts.get("mixture") if manifest is not None else None
    if not mixture or manifest is None or not manifest.shards(f"{split}-"):
        return base
    if manifest.digest != base.facts.dataset:
        raise IntegrityError(str(base.root), "tokens of another dataset", "tokens of this one", "run the recipe again")
    pieces: dict[str, list[npt.NDArray[np.int32]]] = {phase: [] for phase in mixture["phases"]}
    for file in manifest.shards(f"{split}-"):
        for batch in read_shard(base.root.parent, file):
            for phase, parts in pieces.items():
                parts.append(batch.column(f"times.{phase}").to_numpy())
    times = {phase: np.concatenate([np.zeros(0, np.int32), *parts]) for phase, parts in pieces.items()}
    if any(len(counts) != base.documents for counts in times.values()):
        raise IntegrityError("mixture", "other documents than the tokens", "the same ones", "run the recipe again")
    return PlannedSplit(base, times, _repeats(mixture), mixture["max_repeats"])


def _repeats(mixture: dict[str, Any]) -> float:
    """Epochs of the group that is repeated most, over all phases."""
    sums: dict[str, float] = {}
    for row in mixture["rows"]:
        sums[row["group"]] = sums.get(row["group"], 0.0) + row["repeats"]
    return max(sums.values(), default=0.0)


def open_splits(path: Path) -> list[TokenSplit]:
    """Every split that has tokens."""
    facts = Manifest.read(tokens_folder(path) / MANIFEST).facts
    return [open_planned(path, name) for name, counts in facts["splits"].items() if counts["documents"]]

"""A split as it lay before documents were taken out of it, as far as positions go: what training that came first read.

A takedown's certificate names the rows that went from each token shard, how many tokens each had, and how often each
phase of the mixture took it. So the stream of before is known to the token, though nobody has those tokens any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.files import read_json
from curation.forgotten import FOLDER
from training.data.plan import PlannedSplit
from training.data.shard import Place, TokenShard
from training.data.tokens import TokenSplit

__all__ = ["earlier_splits"]

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Shard:
    """As much of a token shard of before as tells positions: its documents' tokens, and how often each phase takes
    them. `rows` says of each row that is still there which one it was.
    """

    now: TokenShard
    lengths: Numbers
    times: dict[str, Numbers]
    rows: Numbers

    def before(self, gone: list[list[int]], taken: dict[str, list[int]]) -> _Shard:
        """With the rows that a takedown took out of it, as [row, tokens], and the times that they were taken."""
        rows = np.array([row for row, _ in gone], np.int64)
        left = np.setdiff1d(np.arange(len(self.lengths) + len(rows)), rows)

        def joined(kept: Numbers, new: list[int]) -> Numbers:
            every = np.zeros(len(left) + len(rows), np.int64)
            every[left], every[rows] = kept, new
            return every

        lengths = joined(self.lengths, [tokens for _, tokens in gone])
        times = {phase: joined(kept, taken.get(phase, [])) for phase, kept in self.times.items()}
        return _Shard(self.now, lengths, times, left[self.rows])

    @property
    def path(self) -> str:
        return self.now.path

    @property
    def tokens(self) -> range:
        return range(int(self.lengths.sum()))

    @property
    def bytes(self) -> Numbers:
        return np.zeros(len(self.lengths), np.int64)

    @cached_property
    def offsets(self) -> Numbers:
        return np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)

    def find(self, id: str) -> Place | None:
        place = self.now.find(id)
        if place is None:
            return None
        row = int(self.rows[place.row])
        return Place(id, self.path, row, int(self.offsets[row]), int(self.offsets[row + 1]))


def earlier_splits(split: TokenSplit) -> Iterator[TokenSplit]:
    """The split before the last takedown, before the one before it, and so on, with the fingerprints it had then.

    Ends at a certificate that does not fit what lies there: of tokens that were made anew since.
    """
    shards = _shards(split)
    for path in sorted((split.root.parent / FOLDER).glob("certificate-*.json"), reverse=True):
        certificate = read_json(path)
        counts = (certificate["before"].get("splits") or {}).get(split.name)
        try:
            shards = [_before(shard, certificate) for shard in shards]
        except (IndexError, ValueError):
            return
        base = TokenSplit(split.root, split.name, split.facts, certificate["before"]["tokens"], _as_shards(shards))
        if counts is None or (base.documents, int(base.starts[-1])) != (counts["documents"], counts["tokens"]):
            return
        phases = shards[0].times if shards else {}
        times = {phase: np.concatenate([shard.times[phase] for shard in shards]) for phase in phases}
        yield PlannedSplit(base, {phase: each.astype(np.int32) for phase, each in times.items()}) if times else base


def _shards(split: TokenSplit) -> list[_Shard]:
    ends = np.cumsum([len(shard.bytes) for shard in split.shards])[:-1]
    times = split.times if isinstance(split, PlannedSplit) else {}
    parts = {phase: np.split(counts.astype(np.int64), ends) for phase, counts in times.items()}
    return [
        _Shard(
            shard,
            np.diff(shard.offsets).astype(np.int64),
            {phase: own[number] for phase, own in parts.items()},
            np.arange(len(shard.bytes)),
        )
        for number, shard in enumerate(split.shards)
    ]


def _before(shard: _Shard, certificate: dict[str, Any]) -> _Shard:
    gone = certificate["tokens_taken_out"].get(shard.path, [])
    return shard.before(gone, certificate.get("mixture_taken_out", {}).get(shard.path, {}))


def _as_shards(shards: list[_Shard]) -> list[TokenShard]:
    """For the eyes of what reads positions alone."""
    return shards  # type: ignore[return-value]

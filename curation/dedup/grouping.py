"""Base of duplicate removal: a grouping gives keys to documents and elects the survivor of a group.

The work between the two belongs to a stage, which sees one range of keys at a time:

    keys(batch)        ->  key columns and `row`, one or several per document
    rank(batch)        ->  uint64 per document, the highest survives
    elect_equal(...)   ->  where equal keys are proof (exact): who stays in each group
    elect_linked(...)  ->  where pairs were verified (near duplicates): who stays, and for whom

Nothing here depends on the order of arrival: documents are told apart by rank and id alone.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, model_validator

from curation.dedup.survivors import Keep, ranks
from curation.kernels.components import components, cover
from curation.kernels.runs import run_starts, sorted_unique

__all__ = ["Election", "Grouping", "GroupingContract", "Identified", "elect_equal", "elect_linked", "unseen_pairs"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupingContract:
    """What a grouping promises. `version` rises whenever any answer changes."""

    name: str
    version: int
    reads: tuple[str, ...] = ("id", "text")


class Identified(BaseModel):
    """A method with a name, a version and parameters (pydantic fields, as for operators), which decide its answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    contract: ClassVar[GroupingContract]
    # How the stage brings documents together: by equal keys, by links between candidates, by units or passages of text.
    method: ClassVar[Literal["equal", "linked", "units", "passages"]]

    def identity(self) -> dict[str, Any]:
        """Everything that decides the answers, the version of Unicode included."""
        return {
            "grouping": self.contract.name,
            "version": self.contract.version,
            "parameters": self.model_dump(mode="json"),
            "unicode": unicodedata.unidata_version,
        }

    def fingerprint(self) -> str:
        canonical = json.dumps(self.identity(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Election:
    """The outcome for n documents, as indexes into them.

    cluster     smallest-id member of all that are linked, survivors or not
    survivor    the member that stays in its place; itself for a survivor
    similarity  verified similarity to the survivor, 1.0 for a survivor
    """

    cluster: Indexes
    survivor: Indexes
    similarity: npt.NDArray[np.float64]


class Grouping(Identified, ABC):
    """Removes whole documents.

    keep      which copy survives; ties go to the smallest id
    keep_by   column, or field of `meta`, that holds the date or score for earliest, latest, highest and lowest
    prefer    sources from best to worst, for preferred_source
    """

    keep: Keep = "longest"
    keep_by: str | None = None
    prefer: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _policy_is_complete(self) -> Self:
        if self.keep in ("earliest", "latest", "highest", "lowest") and not self.keep_by:
            raise ValueError(f"`keep: {self.keep}` needs `keep_by`, the column or field of meta to compare")
        if self.keep == "preferred_source" and not self.prefer:
            raise ValueError("`keep: preferred_source` needs `prefer`, the sources from best to worst")
        return self

    @property
    def compares_texts(self) -> bool:
        """Whether documents are compared by their texts, not by what they say of themselves."""
        return True

    @abstractmethod
    def keys(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Key columns (uint64) and `row` (int32, counted within the batch). Equal keys make a group."""

    def rank(self, batch: pa.RecordBatch) -> Words:
        return ranks(batch, self.keep, self.keep_by, self.prefer)


def elect_equal(key_hi: Words, key_lo: Words, ids: Words, rank: Words) -> Election:
    """Election among documents with equal 128-bit keys. Shapes (n,), ids (n, 2) as `schema.id_words` gives them."""
    count = len(rank)
    order = np.lexsort((ids[:, 1], ids[:, 0], ~rank, key_lo, key_hi))
    starts = run_starts(key_hi[order], key_lo[order])
    survivor, cluster = np.empty(count, np.int64), np.empty(count, np.int64)
    lengths = np.diff(np.append(starts, count))
    survivor[order] = np.repeat(order[starts], lengths)
    by_id = np.lexsort((ids[:, 1], ids[:, 0], key_lo, key_hi))
    cluster[by_id] = np.repeat(by_id[starts], lengths)
    return Election(cluster, survivor, np.ones(count))


def elect_linked(
    ids: Words, rank: Words, left: Indexes, right: Indexes, similarity: npt.NDArray[np.float64]
) -> Election:
    """Election among n documents linked by m verified pairs (left[k], right[k]), all at or above the threshold.

    Members go by (rank, then smallest id). A member not yet covered survives and covers all its linked neighbours not
    yet covered: so whoever is removed has a verified pair with its own survivor, not only with a friend of a friend.
    """
    order = np.lexsort((ids[:, 1], ids[:, 0], ~rank))
    survivor, weight = cover(order, left, right, similarity)
    by_id = np.lexsort((ids[:, 1], ids[:, 0]))
    place = np.empty(len(by_id), np.int64)
    place[by_id] = np.arange(len(by_id))
    cluster = by_id[components(len(by_id), place[left], place[right])[place]]
    return Election(cluster, survivor, weight)


def unseen_pairs(
    election: Election, ids: Words, rank: Words, left: Indexes, right: Indexes, hubs: int = 4
) -> tuple[Indexes, Indexes]:
    """Pairs of survivors of one cluster that were never compared: each with the best-ranked `hubs` of its cluster.

    `left` and `right` are all pairs compared so far, similar or not. Verified and added to the links, they let a new
    election remove copies that no bucket had brought together. At most `hubs` pairs a survivor.
    """
    survivors = np.flatnonzero(election.survivor == np.arange(len(rank)))
    cluster = election.cluster[survivors]
    order = np.lexsort((ids[survivors, 1], ids[survivors, 0], ~rank[survivors], cluster))
    members, cluster = survivors[order], cluster[order]
    starts = run_starts(cluster)
    start = np.repeat(starts, np.diff(np.append(starts, len(cluster))))
    place = np.arange(len(cluster)) - start
    later = [place > hub for hub in range(hubs)]
    hub_of = np.concatenate([members[start[at] + hub] for hub, at in enumerate(later)])
    pairs = sorted_unique(_codes(hub_of, np.concatenate([members[at] for at in later]), len(rank)))
    seen = np.sort(_codes(left, right, len(rank)))
    known = np.append(seen, -1)[np.searchsorted(seen, pairs)] == pairs
    new, count = pairs[~known], max(len(rank), 1)
    return new // count, new % count


def _codes(left: Indexes, right: Indexes, count: int) -> Indexes:
    """One number per pair, the same whichever side is left."""
    return np.minimum(left, right) * count + np.maximum(left, right)

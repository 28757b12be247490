"""What all rules together say of a document, and its fate in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.forgotten import FORGOTTEN
from curation.rules import Rule, failed_matrix, unpack

__all__ = [
    "DROPPED",
    "KEPT",
    "QUARANTINED",
    "decide_batch",
    "failed_of",
    "fate_of",
    "judgeable",
    "limits_of",
]

KEPT, DROPPED, QUARANTINED = "kept", "dropped", "quarantined"
Flags = npt.NDArray[np.bool_]


def judgeable(scores: pa.RecordBatch | pa.Table, needs: Sequence[int]) -> Flags:
    """Shape (rules, rows): whether a rule may judge a document, having measured what the rule compares.

    `needs` says for each rule how many gates a document has passed when it can be judged. Documents that an operator
    failed on are judged by none.
    """
    stopped_by = scores.column("gate").fill_null(127).to_numpy(zero_copy_only=False)
    broken = np.asarray(scores.column("failure").is_valid().to_numpy(zero_copy_only=False), np.bool_)
    judged: Flags = (stopped_by[None, :] >= np.asarray(needs, np.int64).reshape(-1, 1)) & ~broken
    return judged


def decide_batch(
    scores: pa.RecordBatch, rules: Sequence[Rule], needs: Sequence[int]
) -> tuple[npt.NDArray[np.object_], Flags]:
    """State of each document, and the (rules, rows) matrix of failures."""
    failed = failed_matrix(scores, rules) & judgeable(scores, needs)
    state = np.where(failed.any(axis=0), DROPPED, KEPT).astype(object)
    failure = scores.column("failure")
    state[np.asarray(failure.is_valid().to_numpy(zero_copy_only=False), np.bool_)] = QUARANTINED
    taken_out = pc.equal(failure, FORGOTTEN).fill_null(False)
    state[np.asarray(taken_out.to_numpy(zero_copy_only=False), np.bool_)] = DROPPED
    return state, failed


def failed_of(bits: bytes | None, rules: int) -> list[bool]:
    """Which rules one document failed, from its bit set in the ledger."""
    if bits is None:
        return [False] * rules
    return [bool(value) for value in unpack(pa.array([bits], pa.binary(len(bits))), rules)[:, 0]]


def fate_of(row: Mapping[str, Any]) -> str:
    """Where a document of the ledger went, in words."""
    if row["parent_id"] is not None and row["key"]:
        return f"made from {row['parent_id']} by {row['key'].rpartition(':')[0]}; {_fate(row)}"
    return _fate(row)


def _fate(row: Mapping[str, Any]) -> str:
    if row["state"] == KEPT and row["parent_id"] is not None:
        return f"kept: {row['split']} shard {row['shard']}, row {row['row']}"
    if row["state"] == KEPT:
        cluster = "" if row["cluster"] == row["id"] else f"; survivor of cluster {row['cluster']}"
        return f"kept: {row['split']} shard {row['shard']}, row {row['row']}{cluster}"
    if row["survivor"] is not None:
        return f"dropped: {row['reason']} of {row['survivor']}, similarity {row['similarity']:.3f}"
    return f"{row['state']}: {row['reason']}"


def limits_of(rule: Rule, row: Mapping[str, Any] | None = None) -> str:
    """What a rule asks for, in words; of the document of a row, where limits differ from one to another."""
    fields = rule.model_dump(exclude={"reason", "attribute", "on_missing", "by", "limits"}, exclude_none=True)
    if rule.by is None or rule.limits is None:
        return _listed(fields)
    word = None if row is None else row.get(rule.by)
    if row is None:
        return f"{_listed(fields)}, others for {len(rule.limits)} values of {rule.by}"
    own = {name: rule.limits[word] for name in fields if name != "when"} if word in rule.limits else fields
    return f"{_listed(own)} ({rule.by} {word})"


def _listed(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_limit(value)}" for name, value in fields.items())


def _limit(value: Any) -> str:
    if isinstance(value, tuple):
        return "|".join(value)
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)

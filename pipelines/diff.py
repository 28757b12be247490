"""What changed between two releases: documents added, removed and edited, rules, sources, languages and scores."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.decisions import KEPT
from curation.schema import id_words
from pipelines.published import Index, Published

__all__ = ["Amount", "Difference", "Shift", "diff"]

Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.str_]
Words = npt.NDArray[np.uint64]

CHANGES = ("added", "removed", "edited", "moved", "same")
_EXAMPLES = 10
_LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Amount:
    documents: int
    bytes: int


@dataclass(frozen=True)
class Shift:
    """Quantiles .05, .5 and .95 of an attribute over kept documents, and the largest gap between the two shares below
    any value (the Kolmogorov-Smirnov distance): 0 for equal distributions, 1 for disjoint ones.
    """

    attribute: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    distance: float


@dataclass(frozen=True)
class Difference:
    """`changes` by kind; `sources` by source and kind; `reasons` why removed documents are not in the second release
    and added ones were not in the first, where those are runs; `examples` ids in the order of ids.
    """

    first: str
    second: str
    changes: dict[str, Amount]
    sources: dict[str, dict[str, int]]
    reasons: dict[str, dict[str, int]]
    counts: dict[str, tuple[int, int]]
    languages: dict[str, tuple[int, int]]
    rules: list[str]
    steps: list[str]
    shifts: list[Shift] = field(default_factory=list)
    examples: dict[str, list[str]] = field(default_factory=dict)


def diff(first: Path, second: Path) -> Difference:
    """Compare two run directories or dataset folders.

    Documents with the same text are the same, `moved` where their ids differ (an id names a place in the source, and a
    changed line moves all that follow it). Of the others, those with the same address are edited, and of documents
    without address those with the same id; the rest were added or removed.
    """
    old, new = Published.open(first), Published.open(second)
    before, after = old.index, new.index
    left, right = _kinds(before, after)
    parts = {kind: (after, right == kind) for kind in CHANGES} | {"removed": (before, left == "removed")}
    gone, fresh = before.ids[left == "removed"], after.ids[right == "added"]
    return Difference(
        first=str(first),
        second=str(second),
        changes={name: Amount(int(rows.sum()), int(index.bytes[rows].sum())) for name, (index, rows) in parts.items()},
        sources=_by_source(parts),
        reasons={"removed": _reasons(new, gone), "added": _reasons(old, fresh)},
        counts=_paired(_totals(old), _totals(new)),
        languages=_paired(old.facts.languages, new.facts.languages),
        rules=_changed(_named(old.facts.rules, "reason"), _named(new.facts.rules, "reason")),
        steps=_changed(_named(old.facts.steps, "label", "name"), _named(new.facts.steps, "label", "name")),
        shifts=_shifts(old, new),
        examples={name: _hex(index.ids[rows][:_EXAMPLES]) for name, (index, rows) in parts.items() if name != "same"},
    )


def _kinds(before: Index, after: Index) -> tuple[Kinds, Kinds]:
    """What became of each document of the first release, and what each of the second was."""
    left, right = np.full(len(before), "removed", "U7"), np.full(len(after), "added", "U7")

    def match(kind: str, keys: tuple[Words, Words], rows: tuple[Flags, Flags]) -> None:
        free = np.flatnonzero(rows[0] & (left == "removed")), np.flatnonzero(rows[1] & (right == "added"))
        mine, theirs = _pairs(keys[0][free[0]], keys[1][free[1]])
        left[free[0][mine]] = right[free[1][theirs]] = kind

    every = np.ones(len(before), bool), np.ones(len(after), bool)
    addressed = before.urls.any(axis=1), after.urls.any(axis=1)
    match("same", (np.hstack([before.ids, before.texts]), np.hstack([after.ids, after.texts])), every)
    match("moved", (before.texts, after.texts), every)
    match("edited", (before.urls, after.urls), addressed)
    match("edited", (before.ids, after.ids), (~addressed[0], ~addressed[1]))
    return left, right


def _pairs(mine: Words, theirs: Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows with equal keys, the n-th with the n-th where a key is there several times."""
    keys = np.vstack([_numbered(mine), _numbered(theirs)])
    side = np.repeat([0, 1], [len(mine), len(theirs)])
    order = np.lexsort((side, *keys.T[::-1]))
    first = np.flatnonzero((keys[order[1:]] == keys[order[:-1]]).all(axis=1))
    return order[first], order[first + 1] - len(mine)


def _numbered(keys: Words) -> Words:
    """The keys with one more word: how many rows before have the same key."""
    order = np.lexsort(keys.T[::-1])
    new = np.ones(len(keys), bool)
    new[1:] = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    places = np.arange(len(keys))
    rank = np.zeros(len(keys), np.uint64)
    rank[order] = places - np.maximum.accumulate(np.where(new, places, 0))
    return np.hstack([keys, rank[:, None]])


def _by_source(parts: dict[str, tuple[Index, Flags]]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for kind, (index, rows) in parts.items():
        for number, count in enumerate(np.bincount(index.source[rows], minlength=len(index.sources)).tolist()):
            table.setdefault(index.sources[number], dict.fromkeys(CHANGES, 0))[kind] = count
    return dict(sorted(table.items()))


def _reasons(release: Published, ids: npt.NDArray[np.uint64]) -> dict[str, int]:
    """Why these documents are not in the release, by its ledger; `not read` where that has no row for them."""
    if release.run is None or not len(ids):
        return {}
    found: Counter[str] = Counter()
    for batch in release.ledger(("state", "reason")):
        chosen = batch.filter(pa.array(_among(id_words(batch.column("id")), ids)))
        found.update(pc.coalesce(chosen.column("reason"), chosen.column("state")).to_pylist())
    missing = len(ids) - sum(found.values())
    found.update({"not read": missing} if missing else {})
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _among(ids: npt.NDArray[np.uint64], known: npt.NDArray[np.uint64]) -> Flags:
    """Which ids are among `known`, which is in order."""
    pair = np.dtype([("high", np.uint64), ("low", np.uint64)])
    left, right = (np.ascontiguousarray(words).view(pair).ravel() for words in (ids, known))
    return np.isin(left, right)


def _totals(release: Published) -> dict[str, int]:
    facts = release.facts
    totals = {"read": facts.collected, "kept": facts.kept, "dropped": facts.dropped, "quarantined": facts.quarantined}
    return {**totals, "made": facts.augmented, **{f"dropped: {name}": count for name, count in facts.reasons.items()}}


def _paired(before: dict[str, int], after: dict[str, int]) -> dict[str, tuple[int, int]]:
    return {name: (before.get(name, 0), after.get(name, 0)) for name in dict.fromkeys((*before, *after))}


def _named(parts: tuple[dict[str, Any], ...], *names: str) -> dict[str, dict[str, Any]]:
    """Parts by the first of the names they have, those that are there several times numbered."""
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        name = next(str(part[name]) for name in (*names, *part) if name in part)
        number = sum(known.partition(" #")[0] == name for known in found)
        found[f"{name} #{number + 1}" if number else name] = part
    return found


def _changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """A line for each part that is new, gone or different."""
    lines = [f"{name}: gone" for name in before if name not in after]
    lines += [f"{name}: new" for name in after if name not in before]
    for name in before:
        if name in after and before[name] != after[name]:
            keys = [key for key in {**before[name], **after[name]} if before[name].get(key) != after[name].get(key)]
            lines.append(f"{name}: " + ", ".join(f"{k} {before[name].get(k)} → {after[name].get(k)}" for k in keys))
    return sorted(lines)


def _shifts(old: Published, new: Published) -> list[Shift]:
    """Shifts of every number that both ledgers hold, largest first."""
    if old.run is None or new.run is None:
        return []
    names = [name for name in _numbers(old) if name in _numbers(new)]
    shifts = []
    for name in names:
        before, after = _kept_values(old, name), _kept_values(new, name)
        if len(before) and len(after):
            levels = [tuple(np.quantile(values, _LEVELS).tolist()) for values in (before, after)]
            shifts.append(Shift(name, levels[0], levels[1], _distance(before, after)))
    return sorted(shifts, key=lambda shift: (-shift.distance, shift.attribute))


def _numbers(release: Published) -> list[str]:
    """Attributes in the ledger: columns that an operator has added have a dot in their names."""
    batch = next(release.ledger(), None)
    columns = [] if batch is None else [column for column in batch.schema if "." in column.name]
    return [c.name for c in columns if pa.types.is_integer(c.type) or pa.types.is_floating(c.type)]


def _kept_values(release: Published, name: str) -> npt.NDArray[np.float64]:
    parts = []
    for batch in release.ledger(("state", name)):
        column = batch.filter(pc.equal(batch.column("state"), KEPT)).column(name).drop_null()
        parts.append(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    values = np.concatenate(parts) if parts else np.zeros(0)
    return np.sort(values[np.isfinite(values)])


def _distance(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> float:
    values = np.concatenate([before, after])
    shares = [np.searchsorted(each, values, side="right") / len(each) for each in (before, after)]
    return float(np.abs(shares[0] - shares[1]).max())


def _hex(ids: npt.NDArray[np.uint64]) -> list[str]:
    return [f"{high:016x}{low:016x}" for high, low in ids.tolist()]

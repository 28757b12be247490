"""Thresholds that can be moved on the page, with exact counts for every position.

Each limit of a number rule becomes a slider over up to a few hundred positions, the recipe's own among them. A document
is then one cell a slider; documents with the same cells are one row of a table with their number, words and bytes.
That table answers any combination of positions exactly, as `gristmill what-if` would. Where it would grow beyond what a
page should hold, the page has instead, for each slider, the counts of documents that nothing else drops: exact for
moving one threshold at a time. Rules of gates and of words, and missing values, do not move.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.decisions import judgeable
from data_cards.audit.run import AuditedRun, Flags, numbers_of

__all__ = ["Slider", "Thresholds", "thresholds"]

_FINENESS, _FINEST, _BUDGET, _MOST_ROWS = (200, 96, 48, 24), 200, 2_000_000, 500_000
Numbers = npt.NDArray[np.float64]
# Which values fail at a limit, and on which side of an equal position a value falls.
_KINDS = {"min": (True, "right"), "above": (True, "left"), "max": (False, "left"), "below": (False, "right")}


@dataclass(frozen=True)
class Slider:
    """One limit of a rule: `positions` rise, and `at` is the recipe's own.

    A document in cell c fails at position j when `j >= c` where the limit is a lower one, when `j < c` otherwise.
    """

    reason: str
    attribute: str
    limit: str
    positions: tuple[float, ...]
    at: int

    @property
    def lower(self) -> bool:
        return _KINDS[self.limit][0]


@dataclass(frozen=True)
class Thresholds:
    """`kept` is (documents, words, bytes) by the rules as they are; `table` is for the page, and `joint` its kind."""

    sliders: tuple[Slider, ...]
    kept: tuple[int, int, int]
    joint: bool
    table: dict[str, Any]


def thresholds(run: AuditedRun, *, budget: int = _BUDGET) -> Thresholds:
    """`budget` is the bytes that the table may take on the page."""
    places = [at for at, rule in enumerate(run.rules) if at >= run.gated and not rule.compares_words]
    limits = [(at, kind) for at in places for kind in _KINDS if getattr(run.rules[at], kind) is not None]
    free, values, judged = _candidates(run, places)
    weights = _weights(run, free)
    columns = [(run.rules[at], kind, values[at], judged[at]) for at, kind in limits]
    fails = [_fails(kind, getattr(rule, kind), value) & on for rule, kind, value, on in columns]
    kept = ~np.any(fails, axis=0) if fails else np.ones(len(weights), np.bool_)
    totals = tuple(int(total) for total in weights[kept].sum(axis=0))
    for fineness in _FINENESS:
        sliders, cells = _gridded(columns, fineness)
        table = _joint_table(cells, weights)
        if table is not None and sum(len(part) for part in table.values()) <= budget:
            return Thresholds(sliders, totals, True, table)  # type: ignore[arg-type]
    sliders, cells = _gridded(columns, _FINEST)
    return Thresholds(sliders, totals, False, _single_tables(sliders, cells, fails, weights))  # type: ignore[arg-type]


def _candidates(run: AuditedRun, places: Sequence[int]) -> tuple[Flags, dict[int, Numbers], dict[int, Flags]]:
    """Documents that only a movable limit can drop; for each movable rule their values, and whether it judges them."""
    rows = run.read
    may = judgeable(rows, run.needs)
    free = ~_is_broken(run)
    for at, rule in enumerate(run.rules):
        if at not in places:
            free &= ~(rule.fails(rows) & may[at])
    values, judged = {}, {}
    for at in places:
        rule = run.rules[at]
        values[at], applies = numbers_of(rows.column(rule.attribute)), may[at] & rule.applies(rows)
        missing = np.isnan(values[at])
        if rule.on_missing == "drop":
            free &= ~(missing & applies)
        judged[at] = applies & ~missing
    return free, {at: v[free] for at, v in values.items()}, {at: j[free] for at, j in judged.items()}


def _is_broken(run: AuditedRun) -> Flags:
    return np.asarray(run.read.column("failure").is_valid().to_numpy(zero_copy_only=False), np.bool_)


def _weights(run: AuditedRun, free: Flags) -> npt.NDArray[np.int64]:
    """Shape (documents, 3): one, words, bytes."""
    names = [run.words, "text.bytes"]
    columns = [np.nan_to_num(numbers_of(run.read.column(n))[free]).astype(np.int64) if n else None for n in names]
    ones = np.ones(int(free.sum()), np.int64)
    return np.stack([ones, *(ones * 0 if column is None else column for column in columns)], axis=1)


def _fails(kind: str, limit: float, values: Numbers) -> Flags:
    compare = {"min": np.less, "above": np.less_equal, "max": np.greater, "below": np.greater_equal}[kind]
    failed: Flags = compare(values, limit)
    return failed


def _gridded(columns: Sequence[tuple[Any, str, Numbers, Flags]], fineness: int) -> tuple[tuple[Slider, ...], Any]:
    sliders, cells = [], []
    for rule, kind, values, judged in columns:
        limit = getattr(rule, kind)
        positions = _positions(values[judged], limit, fineness)
        at = int(np.searchsorted(positions, limit))
        sliders.append(Slider(rule.reason, rule.attribute, kind, tuple(positions.tolist()), at))
        never = len(positions) if sliders[-1].lower else 0
        found = np.searchsorted(positions, values, side=_KINDS[kind][1])  # type: ignore[call-overload]
        cells.append(np.where(judged, found, never).astype(np.uint8))
    return tuple(sliders), np.stack(cells, axis=1) if cells else np.zeros((0, 0), np.uint8)


def _positions(values: Numbers, limit: float, fineness: int) -> Numbers:
    """Round numbers spread as the values are, half of them on either side of the limit, and the limit itself."""
    shares = np.linspace(0, 1, fineness // 2)
    sides = [side for side in (values[values < limit], values[values >= limit]) if len(side)]
    spread = np.concatenate([np.quantile(side, shares, method="nearest") for side in sides]) if sides else values
    rounded = [float(f"{value:.3g}") for value in np.unique(spread[np.isfinite(spread)])]
    return np.unique([*rounded, limit])


def _joint_table(cells: npt.NDArray[np.uint8], weights: npt.NDArray[np.int64]) -> dict[str, str] | None:
    """Distinct rows of cells in order, column by column, with the sums of their weights; None if they are too many."""
    if not len(cells):
        return {"cells": _packed(cells), "documents": _packed(weights[:, 0]), "words": "", "bytes": ""}
    whole = np.ascontiguousarray(cells).view(np.dtype((np.void, cells.shape[1]))).ravel()
    rows, which = np.unique(whole, return_inverse=True)
    if len(rows) > _MOST_ROWS:
        return None
    sums = [np.bincount(which, weights[:, at].astype(np.float64), len(rows)) for at in range(3)]
    columns = rows.view(np.uint8).reshape(len(rows), -1).T
    names = ("documents", "words", "bytes")
    return {"cells": _packed(columns), **{name: _packed(total) for name, total in zip(names, sums, strict=True)}}


def _packed(array: npt.NDArray[Any]) -> str:
    """Little-endian bytes (uint8 as they are, anything else as float64), deflated, as base64."""
    plain = array if array.dtype == np.uint8 else array.astype("<f8")
    return base64.b64encode(zlib.compress(np.ascontiguousarray(plain).tobytes(), 9)).decode()


def _single_tables(
    sliders: Sequence[Slider], cells: npt.NDArray[np.uint8], fails: Sequence[Flags], weights: npt.NDArray[np.int64]
) -> dict[str, Any]:
    """For each slider, sums of documents, words and bytes by cell, over documents that no other slider drops."""
    failures = np.sum(fails, axis=0)
    tables = []
    for at, slider in enumerate(sliders):
        alone = failures - fails[at] == 0
        sizes = len(slider.positions) + 1
        tables.append(
            [
                np.bincount(cells[alone, at], weights[alone, k].astype(np.float64), sizes).astype(int).tolist()
                for k in range(3)
            ]
        )
    return {"single": tables}

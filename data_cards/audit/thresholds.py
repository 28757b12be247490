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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.decisions import judgeable
from data_cards.audit.run import AuditedRun, Flags, numbers_of

__all__ = ["Slider", "Thresholds", "thresholds"]

_FINEST, _HALVINGS, _BUDGET, _MOST_ROWS = 200, 5, 3_000_000, 600_000
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
    places = [
        at for at, rule in enumerate(run.rules) if at >= run.gated and not rule.compares_words and rule.by is None
    ]
    limits = [(at, kind) for at in places for kind in _KINDS if getattr(run.rules[at], kind) is not None]
    free, values, judged = _candidates(run, places)
    weights = _weights(run, free)
    columns = [(run.rules[at], kind, values[at], judged[at]) for at, kind in limits]
    fails = [_fails(kind, getattr(rule, kind), value) & on for rule, kind, value, on in columns]
    kept = ~np.any(fails, axis=0) if fails else np.ones(len(weights), np.bool_)
    totals = tuple(int(total) for total in weights[kept].sum(axis=0))
    sliders, cells = _gridded(columns)
    table = _joint_table(sliders, cells, weights, budget)
    if table is not None:
        return Thresholds(table[0], totals, True, table[1])  # type: ignore[arg-type]
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


def _gridded(columns: Sequence[tuple[Any, str, Numbers, Flags]]) -> tuple[tuple[Slider, ...], Any]:
    sliders, cells = [], []
    for rule, kind, values, judged in columns:
        limit = getattr(rule, kind)
        positions = _positions(values[judged], limit)
        at = int(np.searchsorted(positions, limit))
        sliders.append(Slider(rule.reason, rule.attribute, kind, tuple(positions.tolist()), at))
        never = len(positions) if sliders[-1].lower else 0
        found = np.searchsorted(positions, values, side=_KINDS[kind][1])  # type: ignore[call-overload]
        cells.append(np.where(judged, found, never).astype(np.uint8))
    return tuple(sliders), np.stack(cells, axis=1) if cells else np.zeros((0, 0), np.uint8)


def _positions(values: Numbers, limit: float) -> Numbers:
    """Round numbers spread as the values are, half of them on either side of the limit, and the limit itself."""
    ordered = np.sort(values[np.isfinite(values)])
    place = int(np.searchsorted(ordered, limit))
    sides = [side for side in (ordered[:place], ordered[place:]) if len(side)]
    spread = [side[np.linspace(0, len(side) - 1, _FINEST // 2).round().astype(np.int64)] for side in sides]
    rounded = [float(f"{value:.3g}") for value in np.unique(np.concatenate(spread))] if spread else []
    return np.unique([*rounded, limit])


def _joint_table(
    sliders: tuple[Slider, ...], cells: npt.NDArray[np.uint8], weights: npt.NDArray[np.int64], budget: int
) -> tuple[tuple[Slider, ...], dict[str, str]] | None:
    """Sliders as fine as the budget allows, and their table: distinct rows of cells with the sums of their weights.

    None where even every sixteenth position is too fine.
    """
    for _ in range(_HALVINGS):
        first, which = _distinct(cells)
        weights = np.stack([np.bincount(which, column.astype(np.float64), len(first)) for column in weights.T], axis=1)
        cells = cells[first]
        if len(first) <= min(_MOST_ROWS, budget):
            sums = {name: _packed(weights[:, at]) for at, name in enumerate(("documents", "words", "bytes"))}
            table = {"cells": _packed(cells.T), **sums}
            if sum(len(part) for part in table.values()) <= budget:
                return sliders, table
        sliders, cells = _halved(sliders, cells)
    return None


def _halved(
    sliders: Sequence[Slider], cells: npt.NDArray[np.uint8]
) -> tuple[tuple[Slider, ...], npt.NDArray[np.uint8]]:
    """Every other position, and the recipe's own."""
    coarser, columns = [], []
    for slider, column in zip(sliders, cells.T, strict=True):
        left = sorted({*range(0, len(slider.positions), 2), slider.at})
        positions = tuple(slider.positions[at] for at in left)
        coarser.append(replace(slider, positions=positions, at=left.index(slider.at)))
        columns.append(np.searchsorted(left, np.arange(len(slider.positions) + 1)).astype(np.uint8)[column])
    return tuple(coarser), np.stack(columns, axis=1)


def _distinct(cells: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each distinct row occurs first, in the order of the rows, and for every row which of them it is.

    Eight columns at a time are one big-endian number; sorting numbers is many times faster than sorting rows.
    """
    known = np.zeros(len(cells), np.int64)
    first = np.zeros(1, np.int64)
    for start in range(0, cells.shape[1], 8):
        part = np.zeros((len(cells), 8), np.uint8)
        part[:, : min(8, cells.shape[1] - start)] = cells[:, start : start + 8]
        numbers, which = np.unique(part.view(">u8").ravel().astype(np.uint64), return_inverse=True)
        _, first, known = np.unique(known * len(numbers) + which, return_index=True, return_inverse=True)
    return first, known


def _packed(array: npt.NDArray[Any]) -> str:
    """Little-endian bytes (uint8 as they are, anything else as float64), deflated, as base64."""
    plain = array if array.dtype == np.uint8 else array.astype("<f8")
    return base64.b64encode(zlib.compress(np.ascontiguousarray(plain).tobytes(), 6)).decode()


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

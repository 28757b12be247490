"""Exact counts for the report, straight from the ledger: fates, groups, distributions, clusters, personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.decisions import DROPPED, KEPT, QUARANTINED
from data_cards.audit.run import AuditedRun, numbers_of

__all__ = [
    "Clusters",
    "Distribution",
    "Fate",
    "RuleCount",
    "bin_edges",
    "clusters",
    "distribution",
    "fates",
    "groups",
    "measured_numbers",
    "personal_data",
    "quarantine",
    "rule_counts",
]

_BINS, _LONG_TAIL = 40, 20
_SIZES = ["text.bytes_collected", "text.bytes"]


@dataclass(frozen=True)
class Fate:
    """Documents of one state and reason; bytes as collected and after cleaning."""

    state: str
    reason: str | None
    documents: int
    bytes_collected: int
    bytes: int


def fates(run: AuditedRun) -> list[Fate]:
    """Every document read, under one fate each; most documents first within a state."""
    sums = run.read.select(["state", "reason", *_SIZES]).group_by(["state", "reason"])
    rows = sums.aggregate([([], "count_all"), *((name, "sum") for name in _SIZES)]).to_pylist()
    found = [
        Fate(row["state"], row["reason"], row["count_all"], *(row[f"{name}_sum"] or 0 for name in _SIZES))
        for row in rows
    ]
    order = {QUARANTINED: 0, DROPPED: 1, KEPT: 2}
    return sorted(found, key=lambda fate: (order[fate.state], -fate.documents, fate.reason or ""))


@dataclass(frozen=True)
class RuleCount:
    """Documents that a rule fails, that it alone fails, and that are counted under it."""

    failed: int
    alone: int
    counted: int


def rule_counts(run: AuditedRun, found: Sequence[Fate]) -> list[RuleCount]:
    matrix = run.failed(run.read)
    alone = matrix & (matrix.sum(axis=0) == 1)
    counted = {fate.reason: fate.documents for fate in found if fate.state == DROPPED}
    sums = zip(run.rules, matrix.sum(axis=1).tolist(), alone.sum(axis=1).tolist(), strict=True)
    return [RuleCount(failed, only, counted.get(rule.reason, 0)) for rule, failed, only in sums]


def groups(run: AuditedRun, column: str, most: int = 60) -> list[list[Any]]:
    """[value, documents, kept, dropped, quarantined, bytes collected, bytes kept, most frequent reason], largest first.

    Values beyond the `most` largest stand together in the last row.
    """
    rows = run.read.select([column, "state", "reason", *_SIZES]).group_by([column, "state", "reason"])
    sums = rows.aggregate([([], "count_all"), *((name, "sum") for name in _SIZES)]).to_pylist()
    by_value: dict[str, list[dict[str, Any]]] = {}
    for row in sums:
        by_value.setdefault(row[column] if row[column] is not None else "–", []).append(row)
    sizes = {value: sum(row["count_all"] for row in part) for value, part in by_value.items()}
    order = sorted(by_value, key=lambda value: (-sizes[value], value))
    shown = [_group(value, by_value[value]) for value in order[:most]]
    if order[most:]:
        rest = [row for value in order[most:] for row in by_value[value]]
        shown.append(_group(f"{len(order) - most:,} others", rest))
    return shown


def _group(value: str, part: Sequence[dict[str, Any]]) -> list[Any]:
    states = {state: [row for row in part if row["state"] == state] for state in (KEPT, DROPPED, QUARANTINED)}
    counts = [sum(row["count_all"] for row in rows) for rows in states.values()]
    reasons: dict[str, int] = {}
    for row in part:
        if row["reason"] is not None:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + row["count_all"]
    collected = sum(row["text.bytes_collected_sum"] or 0 for row in part)
    kept = sum(row["text.bytes_sum"] or 0 for row in states[KEPT])
    top = min(reasons, key=lambda reason: (-reasons[reason], reason)) if reasons else "–"
    return [value, sum(counts), *counts, collected, kept, top]


def measured_numbers(run: AuditedRun) -> list[str]:
    """Attributes of the ledger that hold numbers, in order."""
    schema = run.ledger.schema
    return [name for name in run.attributes if _is_number(schema.field(name).type)]


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


@dataclass(frozen=True)
class Distribution:
    """Counts of kept and dropped documents in bins; `missing` have no value. On a `log` axis the first bin holds all
    values below its upper edge, zero among them; the last bin holds all above its lower edge."""

    edges: tuple[float, ...]
    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    missing: int
    log: bool


def distribution(run: AuditedRun, attribute: str) -> Distribution | None:
    """None where there is nothing to see: no value, or one and the same for all."""
    values = numbers_of(run.read.column(attribute))
    known = np.isfinite(values)
    if not known.any() or values[known].min() == values[known].max():
        return None
    edges, log = _edges(values[known])
    bins = bins_of(values, edges, log)
    kept = np.asarray(pc.equal(run.read.column("state"), KEPT).to_numpy(zero_copy_only=False), np.bool_)
    counts = [np.bincount(bins[known & side], minlength=len(edges) - 1).tolist() for side in (kept, ~kept)]
    return Distribution(tuple(edges.tolist()), tuple(counts[0]), tuple(counts[1]), int((~known).sum()), log)


def _edges(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], bool]:
    positive = values[values > 0]
    least = float(positive.min()) if len(positive) else 0.0
    places = [len(values) // 2, int(0.999 * (len(values) - 1))]
    middle, top = np.partition(values, places)[places]
    facts = (float(x) for x in (values.min(), values.max(), middle, top))
    return bin_edges(*facts, least=least, whole=bool(np.all(values == np.rint(values))))


def bins_of(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64], log: bool) -> npt.NDArray[np.int64]:
    """Number of the bin, the first or last one for what lies beyond the ends; 0 for what is not finite."""
    if log:
        values, edges = np.log(np.maximum(values, edges[0])), np.log(edges)
    place = (values - edges[0]) * ((len(edges) - 1) / (edges[-1] - edges[0]))
    return np.clip(np.nan_to_num(np.floor(place)), 0, len(edges) - 2).astype(np.int64)


def bin_edges(
    low: float, high: float, middle: float, top: float, *, least: float, whole: bool
) -> tuple[npt.NDArray[np.float64], bool]:
    """Bins of one width, or (True) of one ratio where the values have a long tail.

    `top` is a quantile near 1, `least` the smallest value above 0, `whole` whether all values are integers.
    """
    top = top if top > low else high
    if low >= 0 and middle > 0 and top > _LONG_TAIL * middle:
        return np.geomspace(max(least, top / 1e6), top, _BINS + 1), True
    if whole and top - low <= _BINS:
        return np.arange(low, top + 2), False
    return np.linspace(low, top, _BINS + 1), False


@dataclass(frozen=True)
class Clusters:
    """Duplicate clusters as (survivor, documents removed, least similarity): the largest, and the least alike.

    `sizes` counts clusters by their documents, survivor included; `removed` counts documents.
    """

    largest: tuple[tuple[str, int, float], ...]
    least_alike: tuple[tuple[str, int, float], ...]
    sizes: dict[int, int]
    removed: int


def clusters(run: AuditedRun, most: int) -> Clusters:
    """`most` of either kind; no cluster stands in both."""
    rows = run.read.select(["survivor", "similarity"]).filter(run.read.column("survivor").is_valid())
    sums = rows.group_by("survivor").aggregate([([], "count_all"), ("similarity", "min")])
    names, counted = sums["survivor"].to_pylist(), sums["count_all"].to_pylist()
    found = list(zip(names, counted, sums["similarity_min"].to_pylist(), strict=True))
    largest = sorted(found, key=lambda one: (-one[1], one[0]))[:most]
    others = sorted(set(found) - set(largest), key=lambda one: (one[2], one[0]))
    sizes = dict(sorted(Counter(count + 1 for count in counted).items()))
    return Clusters(tuple(largest), tuple(one for one in others if one[2] < 1)[:most], sizes, rows.num_rows)


def personal_data(run: AuditedRun) -> list[list[Any]]:
    """[kind, found, in documents, replaced, in documents] for every kind that operators counted; None: not measured."""
    from curation.personal_data.detector import KINDS

    rows = []
    for kind in KINDS:
        found, replaced = (_total(run, f"{operator}.{kind}") for operator in ("personal_data", "redact_personal_data"))
        if found[0] is not None or replaced[0] is not None:
            rows.append([kind, *found, *replaced])
    return rows


def _total(run: AuditedRun, attribute: str) -> tuple[int | None, int | None]:
    if attribute not in run.ledger.schema.names:
        return None, None
    column = run.read.column(attribute)
    return pc.sum(column).as_py() or 0, int(pc.sum(pc.greater(column, 0)).as_py() or 0)


def quarantine(run: AuditedRun, most: int) -> tuple[list[list[Any]], list[dict[str, Any]]]:
    """[stage, reason, records] and the first records of each reason, without their content."""
    paths = sorted((run.root / "quarantine").glob("*.arrow"))
    tables = []
    for path in paths:
        with pa.memory_map(str(path)) as source:
            tables.append(pa.ipc.open_stream(source).read_all().drop_columns(["head"]))
    if not tables:
        return [], []
    whole = pa.concat_tables(tables)
    sums = whole.group_by(["stage", "reason"]).aggregate([([], "count_all")]).to_pylist()
    counts = sorted(([row["stage"], row["reason"], row["count_all"]] for row in sums), key=lambda row: (-row[2], row))
    examples: list[dict[str, Any]] = []
    for stage, reason, _ in counts:
        chosen = whole.filter(pc.and_(pc.equal(whole["stage"], stage), pc.equal(whole["reason"], reason)))
        examples += chosen.slice(0, most).to_pylist()
    return counts, examples

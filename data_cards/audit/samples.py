"""Documents to look at for each reason, those nearest to the threshold first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.decisions import DROPPED, limits_of
from curation.rules import Rule
from data_cards.audit.run import AuditedRun, numbers_of

__all__ = ["Sample", "nearest"]


@dataclass(frozen=True)
class Sample:
    """A document by its place in the ledger. `value` is what the rule compared, `others` the rules it fails besides."""

    n: int
    id: str
    source: str
    key: str
    url: str | None
    value: float | str | None
    limit: str
    others: tuple[str, ...]
    text: str | None


def nearest(run: AuditedRun, reasons: Sequence[str], most: int, characters: int) -> Iterator[tuple[str, list[Sample]]]:
    """For each reason of dropped documents, the samples whose value is nearest to the limit; ids decide between equals.

    Texts are those after cleaning, or as collected where a gate stopped the document; a few characters more than asked
    for, so that a find at the cut can be seen whole.
    """
    rules = {rule.reason: at for at, rule in enumerate(run.rules)}
    for reason in reasons:
        state, cause = run.read.column("state"), run.read.column("reason")
        rows = np.flatnonzero(np.asarray(pc.and_(pc.equal(state, DROPPED), pc.equal(cause, reason)).fill_null(False)))
        at = rules.get(reason)
        rule = None if at is None else run.rules[at]
        chosen = rows[_order(run, rows, rule)[:most]]
        yield reason, [_sample(run, int(row), rule, characters) for row in chosen]


def _order(run: AuditedRun, rows: npt.NDArray[np.int64], rule: Rule | None) -> npt.NDArray[np.int64]:
    columns = ["id", "similarity", *([rule.attribute] if rule else []), *([rule.by] if rule and rule.by else [])]
    part = run.read.select(list(dict.fromkeys(columns))).take(pa.array(rows))
    if rule is None:
        far = np.nan_to_num(numbers_of(part.column("similarity")), nan=np.inf)
    elif rule.compares_words:
        far = np.zeros(len(rows))
    else:
        far = np.nan_to_num(_distance(rule, part), nan=np.inf)
    return np.lexsort([np.array(part.column("id").to_pylist(), object).astype(str), far])


def _distance(rule: Rule, rows: pa.Table) -> npt.NDArray[np.float64]:
    """How far a value lies from the nearest limit of the rule, where limits go by words from the row's own."""
    values = numbers_of(rows.column(rule.attribute))
    limits = [limit for limit in (rule.min, rule.above, rule.max, rule.below) if limit is not None]
    batch = rows.combine_chunks().to_batches()[0] if rows.num_rows else pa.RecordBatch.from_pylist([], rows.schema)
    return np.min([np.abs(values - rule.limit_of(batch, limit)) for limit in limits], axis=0)


def _sample(run: AuditedRun, row: int, rule: Rule | None, characters: int) -> Sample:
    facts = run.read.slice(row, 1)
    failed = [r.reason for r, fails in zip(run.rules, run.failed(facts)[:, 0], strict=True) if fails]
    values = facts.select(["n", "id", "source", "key", "url"]).to_pylist()[0]
    measured = facts.column(rule.attribute if rule else "similarity")[0].as_py()
    text = run.text("clean", row, characters + 200)
    return Sample(
        **values,
        value=measured,
        limit=limits_of(rule) if rule else "",
        others=tuple(name for name in failed if rule is None or name != rule.reason),
        text=text if text is not None else run.text("collect", row, characters + 200),
    )

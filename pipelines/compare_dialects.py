"""Where the dialects of a published rule set disagree, on the documents of a run as they were collected.

Public tools compute the "same" rule differently and drop different documents by it. Which of that matters depends on
the text, so every dialect measures the user's own documents here. Nothing is written and no text is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from curation.dialects import rule_sets, rule_sets_named
from curation.errors import RecipeError, nearest
from curation.operator import Operator, run_safely
from curation.registry import load
from curation.rules import Rule, failed_matrix
from pipelines.sampling import collected_documents

__all__ = ["Comparison", "Disagreement", "compare_dialects", "dialects_of", "print_comparison"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Disagreement:
    """Documents that one dialect drops, by this rule at least, and another keeps; and the first of them.

    `scores` holds for each of the two what its rules compared: dialect -> attribute -> value.
    """

    reason: str
    attribute: str
    dropped_by: str
    kept_by: str
    documents: int
    id: str
    scores: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Comparison:
    """`agreement` is the share of documents with the same verdict, dialect by dialect; the others count documents.

    `differing[a][b]` are those that a drops and b keeps. `unmeasured` are documents that an operator failed on; they
    count nowhere else.
    """

    rule_set: str
    dialects: tuple[str, ...]
    documents: int
    unmeasured: int
    dropped: dict[str, int]
    agreement: dict[str, dict[str, float]]
    differing: dict[str, dict[str, int]]
    rules: dict[str, dict[str, int]]
    disagreements: tuple[Disagreement, ...]


def dialects_of(rule_set: str) -> tuple[str, ...]:
    """Dialects of a rule set in the order they are listed. Raises RecipeError unless there are at least two."""
    known: dict[str, dict[str, None]] = {}
    for part in rule_sets():
        known.setdefault(part.name, {})[part.dialect] = None
    comparable = [name for name, dialects in known.items() if len(dialects) > 1]
    if rule_set not in comparable:
        found = f"one dialect, {min(known[rule_set])}" if rule_set in known else "an unknown rule set"
        do = nearest(rule_set, comparable)
        raise RecipeError(f"`{rule_set}`", found, "a rule set with several dialects", do)
    return tuple(known[rule_set])


def compare_dialects(root: Path, rule_set: str, sample: int | None = None) -> Comparison:
    """All dialects of a rule set on the collected documents of a run, or on `sample` of them, evenly spread."""
    dialects = [_Dialect(rule_set, name) for name in dialects_of(rule_set)]
    tally = _Tally(rule_set, dialects)
    for batch in collected_documents(root, sample):
        tally.add(batch)
    return tally.comparison()


class _Dialect:
    """Operators that measure and rules that decide, ready to work."""

    def __init__(self, rule_set: str, name: str) -> None:
        parts = rule_sets_named(rule_set, name)
        self.name = name
        self.rules = tuple(rule for part in parts for rule in part.rules)
        measuring = [_operator(part.operator, dict(part.parameters)) for part in parts]
        self._operators = [*_told_apart(self.rules, measuring), *measuring]
        for operator in self._operators:
            operator.open()

    def judge(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Flags, Flags]:
        """The measured batch, the (rules, rows) matrix of failed rules, and the rows that an operator failed on."""
        broken = np.zeros(batch.num_rows, np.bool_)
        for operator in self._operators:
            batch, failures = run_safely(operator, batch)
            broken[[failure.row for failure in failures]] = True
        return batch, failed_matrix(batch, self.rules), broken

    def scores(self, measured: pa.RecordBatch, row: int) -> dict[str, Any]:
        attributes = dict.fromkeys(rule.attribute for rule in self.rules)
        return {name: measured.column(name)[row].as_py() for name in attributes}


def _operator(name: str, parameters: dict[str, object]) -> Operator:
    operator: Operator = load("operator", name, "compare-dialects")(**parameters)
    return operator


def _told_apart(rules: tuple[Rule, ...], measuring: list[Operator]) -> list[Operator]:
    """Operators for attributes, such as the language, that rules or operators read and the set does not measure."""
    own = {name for operator in measuring for name in operator.adds()}
    read = [*(name for rule in rules for name in rule.conditions()), *(n for each in measuring for n in each.needs())]
    wanted = {name.partition(".")[0] for name in read if name not in own}
    return [_operator(name, {}) for name in sorted(wanted)]


class _Tally:
    """Counts over all batches."""

    def __init__(self, rule_set: str, dialects: list[_Dialect]) -> None:
        self._rule_set, self._dialects = rule_set, dialects
        self._differing = np.zeros((len(dialects), len(dialects)), np.int64)
        self._dropped = np.zeros(len(dialects), np.int64)
        self._failed = [np.zeros(len(dialect.rules), np.int64) for dialect in dialects]
        self._found: dict[tuple[str, str, str], Disagreement] = {}
        self._documents = self._unmeasured = 0

    def add(self, batch: pa.RecordBatch) -> None:
        judged = [dialect.judge(batch) for dialect in self._dialects]
        measured = ~np.any([broken for _, _, broken in judged], axis=0)
        failed = [matrix & measured for _, matrix, _ in judged]
        dropped = np.stack([matrix.any(axis=0) for matrix in failed])
        self._documents += int(measured.sum())
        self._unmeasured += int((~measured).sum())
        self._dropped += dropped.sum(axis=1)
        self._differing += (dropped[:, None] & ~dropped[None, :] & measured).sum(axis=2)
        for total, matrix in zip(self._failed, failed, strict=True):
            total += matrix.sum(axis=1)
        for one in range(len(judged)):
            for other in range(len(judged)):
                self._disagree(batch, judged, failed[one] & ~dropped[other], one, other)

    def _disagree(self, batch: pa.RecordBatch, judged: list[Any], hits: Flags, one: int, other: int) -> None:
        """`hits` is (rules of one, rows): documents that `one` drops by a rule and `other` keeps."""
        sides = self._dialects[one], self._dialects[other]
        for number in np.flatnonzero(hits.any(axis=1)):
            rule, row = sides[0].rules[number], int(hits[number].argmax())
            key, documents = (rule.reason, sides[0].name, sides[1].name), int(hits[number].sum())
            known = self._found.get(key)
            if known is not None:
                self._found[key] = replace(known, documents=known.documents + documents)
                continue
            scores = {side.name: side.scores(judged[at][0], row) for side, at in zip(sides, (one, other), strict=True)}
            name = batch.column("id")[row].as_py()
            self._found[key] = Disagreement(*(key[0], rule.attribute, *key[1:], documents, name, scores))

    def comparison(self) -> Comparison:
        same = 1 - (self._differing + self._differing.T) / max(1, self._documents)
        rules: dict[str, dict[str, int]] = {}
        for dialect, failed in zip(self._dialects, self._failed, strict=True):
            for rule, count in zip(dialect.rules, failed, strict=True):
                rules.setdefault(rule.reason, {})[dialect.name] = int(count)
        kinds = sorted(self._found.values(), key=lambda kind: (-kind.documents, kind.dropped_by, kind.kept_by))
        return Comparison(
            rule_set=self._rule_set,
            dialects=tuple(dialect.name for dialect in self._dialects),
            documents=self._documents,
            unmeasured=self._unmeasured,
            dropped=self._by_dialect(self._dropped.tolist()),
            agreement=self._by_dialect([self._by_dialect(row) for row in same.tolist()]),
            differing=self._by_dialect([self._by_dialect(row) for row in self._differing.tolist()]),
            rules=rules,
            disagreements=tuple(kinds),
        )

    def _by_dialect(self, values: list[Any]) -> dict[str, Any]:
        return {dialect.name: value for dialect, value in zip(self._dialects, values, strict=True)}


def print_comparison(found: Comparison) -> None:
    console = Console()
    unmeasured = f", {found.unmeasured:,} not measured" if found.unmeasured else ""
    console.print(f"{found.rule_set} on {found.documents:,} collected documents{unmeasured}", highlight=False)
    console.print(_agreement(found))
    console.print(_drops(found))
    for name in found.dialects:
        console.print(_restriction(found.rule_set, name), end="", highlight=False)
    seen: set[tuple[str, str]] = set()
    for kind in found.disagreements:
        if (kind.dropped_by, kind.kept_by) not in seen:
            console.print(_in_words(found, kind), highlight=False, markup=False)
        seen.add((kind.dropped_by, kind.kept_by))


def _agreement(found: Comparison) -> Table:
    table = Table("", title="Same verdict, share of documents", title_justify="left")
    for name in found.dialects:
        table.add_column(name, justify="right")
    for name in found.dialects:
        table.add_row(name, *(f"{found.agreement[name][other]:.1%}" for other in found.dialects))
    return table


def _drops(found: Comparison) -> Table:
    table = Table("", title="Documents dropped by each rule", title_justify="left")
    for name in found.dialects:
        table.add_column(name, justify="right")
    table.add_row("any rule", *(f"{found.dropped[name]:,}" for name in found.dialects), end_section=True)
    for reason, counts in found.rules.items():
        table.add_row(reason, *(f"{counts[name]:,}" if name in counts else "–" for name in found.dialects))
    return table


def _restriction(rule_set: str, dialect: str) -> str:
    """Says so where a dialect decides for some documents only; it keeps the others."""
    conditions = {
        f"{attribute} is {' or '.join(words)}"
        for part in rule_sets_named(rule_set, dialect)
        for rule in part.rules
        for attribute, words in (rule.when or {}).items()
    }
    told_apart = {rule.by for part in rule_sets_named(rule_set, dialect) for rule in part.rules if rule.by}
    only = f"{dialect}: some rules apply only where {', '.join(sorted(conditions))}\n" if conditions else ""
    return only + (f"{dialect}: some limits differ by {', '.join(sorted(told_apart))}\n" if told_apart else "")


def _in_words(found: Comparison, kind: Disagreement) -> str:
    """One pair of dialects by its most frequent disagreement."""
    documents = found.differing[kind.dropped_by][kind.kept_by]
    one, other = (_shown(kind.scores[name].get(kind.attribute)) for name in (kind.dropped_by, kind.kept_by))
    return (
        f"{kind.dropped_by} drops and {kind.kept_by} keeps {documents:,}, {kind.documents:,} of them by {kind.reason}; "
        f"for example {kind.id}: {kind.attribute} is {one} for {kind.dropped_by} and {other} for {kind.kept_by}"
    )


def _shown(value: Any) -> str:
    return "not compared" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)

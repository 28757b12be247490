"""What other limits would have kept: a finished run decided again from its scores, in seconds, without reading text.

Whatever the clean stage measured lies in its scores, so new rules can be tried on them and the answer is that of a
full run of the decide stage. A change of operators, gates or sources would need new scores and is refused. Duplicates
are found among what the rules keep, so all counts here are before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from curation.decisions import KEPT, decide_batch, limits_of
from curation.errors import RecipeError, ResourceError
from curation.recipe import Recipe
from curation.recipe_file import load_recipe
from curation.rules import Rule
from curation.shards import FileRecord, read_shard
from pipelines.run_directory import RunDirectory
from pipelines.stages import clean_stage
from pipelines.tasks.decide import Tally, gates_before_rules

__all__ = ["Kept", "RuleCounts", "WhatIf", "decisions", "print_what_if", "what_if"]


@dataclass(frozen=True)
class Kept:
    """What the rules keep. `words` is None where the recipe measures none; `counts` are those of the decide stage."""

    documents: int
    words: int | None
    bytes: int
    counts: dict[str, int]


@dataclass(frozen=True)
class RuleCounts:
    """One rule before and after: its limits, documents that fail it, and documents that fail it alone.

    None where there is no such rule.
    """

    reason: str
    limits: tuple[str | None, str | None]
    failed: tuple[int | None, int | None]
    alone: tuple[int | None, int | None]

    @property
    def changed(self) -> bool:
        return any(before != after for before, after in (self.limits, self.failed, self.alone))


@dataclass(frozen=True)
class WhatIf:
    """`gained` documents would be kept that were dropped, `lost` ones dropped that were kept."""

    before: Kept
    after: Kept
    gained: int
    lost: int
    words_attribute: str | None
    rules: tuple[RuleCounts, ...]


def what_if(root: Path, overrides: Sequence[str]) -> WhatIf:
    """Decide a run again with `path=value` overrides of its rules. Raises RecipeError if they change anything else."""
    before, after = _recipes(root, overrides)
    scores = _scores(before, RunDirectory(root.absolute()))
    words = _words_attribute(before)
    sums = _Sum(before.all_rules(), words), _Sum(after.all_rules(), words)
    gained = lost = 0
    for old, new in zip(decisions(root, scores, before), decisions(root, scores, after), strict=True):
        for total, decided in zip(sums, (old, new), strict=True):
            total.add(*decided)
        was, would = old[1] == KEPT, new[1] == KEPT
        gained += int((would & ~was).sum())
        lost += int((was & ~would).sum())
    old_kept, new_kept = (total.kept() for total in sums)
    rules = _rule_counts(before, after, old_kept.counts, new_kept.counts)
    return WhatIf(old_kept, new_kept, gained, lost, words, rules)


def decisions(
    root: Path, scores: Sequence[FileRecord], recipe: Recipe
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.object_], npt.NDArray[np.bool_]]]:
    """Batches of scores with each document's state and its failed rules, as (rules, rows), decided by a recipe."""
    rules, gates = recipe.all_rules(), gates_before_rules(recipe.clean, recipe.rules)
    for record in scores:
        for batch in read_shard(root, record):
            yield batch, *decide_batch(batch, rules, gates)


def _recipes(root: Path, overrides: Sequence[str]) -> tuple[Recipe, Recipe]:
    path = root / "recipe.resolved.yaml"
    if not path.is_file():
        raise ResourceError(str(root), "no run", "a run directory", "begin one with `gristmill run RECIPE --to DIR`")
    if not overrides:
        do = "for example --set rules.too_few_words.min=40"
        raise RecipeError("what-if", "no --set", "a limit to change", do)
    before, after = load_recipe(path), load_recipe(path, overrides)
    parts = [name for name in Recipe.model_fields if name != "rules" and getattr(before, name) != getattr(after, name)]
    if parts:
        found, expected = f"a change of `{parts[0]}`", "changes of `rules` alone: scores are not measured again"
        raise RecipeError(f"--set {' --set '.join(overrides)}", found, expected, "run the recipe with it instead")
    return before, after


def _scores(recipe: Recipe, run: RunDirectory) -> tuple[FileRecord, ...]:
    cleaned = run.manifest("clean")
    if cleaned.fingerprint != clean_stage(recipe, run, {}, run.manifest("collect")).fingerprint:
        found, expected = "scores that another recipe measured", "those of its recipe.resolved.yaml"
        raise ResourceError(f"clean stage of {run.root}", found, expected, "finish the run first")
    return cleaned.shards("scores-")


def _words_attribute(recipe: Recipe) -> str | None:
    """The first measured number of words."""
    return next((name for name in recipe.attributes() if name.endswith(".words")), None)


class _Sum:
    """Counts over all shards, and words of what is kept."""

    def __init__(self, rules: Sequence[Rule], words: str | None) -> None:
        self._tally, self._attribute, self._words = Tally(rules), words, 0

    def add(self, batch: pa.RecordBatch, state: npt.NDArray[np.object_], failed: npt.NDArray[np.bool_]) -> None:
        self._tally.add(batch, state, failed)
        if self._attribute is not None:
            words = batch.column(self._attribute).fill_null(0).to_numpy(zero_copy_only=False)
            self._words += int(words[state == KEPT].sum())

    def kept(self) -> Kept:
        counts = self._tally.counts()
        words = self._words if self._attribute is not None else None
        return Kept(counts[KEPT], words, counts[f"bytes.{KEPT}"], counts)


def _rule_counts(before: Recipe, after: Recipe, old: dict[str, int], new: dict[str, int]) -> tuple[RuleCounts, ...]:
    both = [{rule.reason: rule for rule in recipe.all_rules()} for recipe in (before, after)]
    rules = [{reason: _limits(rule, *both) for reason, rule in one.items()} for one in both]
    return tuple(
        RuleCounts(
            reason,
            (rules[0].get(reason), rules[1].get(reason)),
            (old.get(f"rule.{reason}"), new.get(f"rule.{reason}")),
            (old.get(f"alone.{reason}"), new.get(f"alone.{reason}")),
        )
        for reason in dict.fromkeys([*rules[0], *rules[1]])
    )


def _limits(rule: Rule, before: Mapping[str, Rule], after: Mapping[str, Rule]) -> str:
    """In words, with those limits for single languages (or what else they go by) that the two do not share."""
    others = [one[rule.reason].limits or {} for one in (before, after) if rule.reason in one]
    unshared = [word for word, limit in (rule.limits or {}).items() if any(o.get(word) != limit for o in others)]
    return ", ".join([limits_of(rule), *(f"{word} {(rule.limits or {})[word]}" for word in unshared)])


def print_what_if(answer: WhatIf) -> None:
    console = Console()
    console.print(_totals(answer))
    changed = [rule for rule in answer.rules if rule.changed]
    if changed:
        console.print(_rules(changed))
    console.print(
        f"{answer.gained:,} documents would be kept that were dropped, {answer.lost:,} dropped that were kept; "
        "duplicates not considered",
        highlight=False,
    )


def _totals(answer: WhatIf) -> Table:
    table = Table(title="Kept by the rules", title_justify="left")
    table.add_column("")
    for heading in ("before", "after", "change"):
        table.add_column(heading, justify="right")
    rows = [("documents", answer.before.documents, answer.after.documents)]
    if answer.before.words is not None and answer.after.words is not None:
        rows.append((f"words ({answer.words_attribute})", answer.before.words, answer.after.words))
    rows.append(("bytes", answer.before.bytes, answer.after.bytes))
    for name, before, after in rows:
        share = f" ({(after - before) / before:+.1%})" if before else ""
        table.add_row(name, f"{before:,}", f"{after:,}", f"{after - before:+,}{share}")
    return table


def _rules(rules: Sequence[RuleCounts]) -> Table:
    table = Table(title="Rules that decide otherwise", title_justify="left")
    for heading in ("rule", "limit"):
        table.add_column(heading, overflow="fold")
    for heading in ("fail", "fail it alone"):
        table.add_column(heading, justify="right")
    for rule in rules:
        table.add_row(rule.reason, *(_arrow(pair) for pair in (rule.limits, rule.failed, rule.alone)))
    return table


def _arrow(pair: tuple[str | int | None, str | int | None]) -> str:
    before, after = ("–" if each is None else f"{each:,}" if isinstance(each, int) else each for each in pair)
    return before if before == after else f"{before} → {after}"

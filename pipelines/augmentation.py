"""The stages of augmentation: new documents go the way of those that were read, and are compared with them.

    make ─▶ clean ─▶ decide ─▶ each grouping of texts, against what was kept ─▶ fates ─▶ capped

Every grouping of whole texts is done again for the new documents, against what was kept and against earlier releases,
which win. Where a recipe has no such grouping, equal texts are looked for.
Groupings by URL or field find nothing in what children inherit, and those that take text out would take out what a
child shares with its parent: neither is done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curation.augment.expansion import Expansion
from curation.augment.rewording.reworded import Reworded
from curation.dedup.exact import Exact
from curation.manifest import Manifest
from curation.recipe import Group, Recipe
from pipelines.dedup import Corpus, Deduplicated, Do, deduplicate, keys_stage, steps_of
from pipelines.releases import Kept, releases_of, texts_seen_by
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, content_of
from pipelines.stages import VERSIONS, clean_stage, packed, stage_of
from pipelines.tasks.augment import WEIGHT, too_many_failed
from pipelines.tasks.components import pack_part
from pipelines.tasks.decide import gates_before_rules
from pipelines.tasks.packed import Table, mapped_table

__all__ = ["Augmented", "augment_stage_names", "augment_stages"]

ROOM = "augment"
_TASKS = "pipelines.tasks.augment:"


@dataclass(frozen=True)
class Augmented:
    """New documents as cleaned, what was measured and decided of them, and the last word on each."""

    made: Manifest
    documents: Manifest
    decisions: Manifest
    outcomes: Manifest


def augment_stage_names(recipe: Recipe) -> list[str]:
    if not recipe.augment:
        return [f"{ROOM}/make"]
    groups = [f"{group.label}/{step}" for group in _groups(recipe) for step in steps_of(group)]
    capped = ["capped"] if recipe.augmentation.max_share is not None else []
    return [f"{ROOM}/{name}" for name in ("make", "clean", "decide", *groups, "fates", *capped)]


def augment_stages(
    recipe: Recipe,
    run: RunDirectory,
    settings: dict[str, Any],
    unique: Deduplicated,
    read: Manifest,
    split: Manifest,
    do: Do,
) -> Augmented:
    """`read` holds the scores of the documents that were read, `split` their outcomes."""
    stages = _Stages(recipe, run, settings)
    made = do(stages.make(unique.documents, read, split))
    if not recipe.augment:
        return Augmented(made, made, made, made)
    stages.check(made)
    cleaned = do(clean_stage(recipe, run, settings, made, f"{ROOM}/clean"))
    decided = do(stages.decide(made, cleaned))
    ledgers: list[Manifest] = []
    for group in _groups(recipe):
        kept = stages.kept(group, unique.documents, read, split, do)
        corpus = Corpus(cleaned, cleaned, decided, kept, stages.unlike_parent(), ROOM)
        ledgers.append(deduplicate(group, run, settings, corpus, ledgers, do))
    outcomes = do(stages.fates(made, cleaned, decided, ledgers, split))
    if recipe.augmentation.max_share is not None:
        outcomes = do(stages.capped(made, outcomes, split))
    return Augmented(made, cleaned, decided, outcomes)


def _groups(recipe: Recipe) -> list[Group]:
    """The recipe's groupings of whole texts, or the one of equal texts."""
    groups = [group for group in recipe.dedup if getattr(group.grouping, "compares_texts", False)]
    return groups or [Group(grouping=Exact(), label="equal_text")]


@dataclass(frozen=True)
class _Read:
    """The documents of the run itself that were read and kept, with the keys that a grouping made of them."""

    root: Path
    texts: Manifest
    keys: Manifest
    split: Manifest

    def units(self, group: Group, step: str) -> list[dict[str, Any]]:
        names = ("bands", "documents") if group.grouping.method == "linked" else ("keys",)
        tables = {name: self.keys.shards(f"{name}-") for name in names}
        # The last word on every document says also which ones the grouping removed.
        tables["ledger"] = tables["outcome"] = self.split.shards("ledger-")
        rows = zip(*tables.values(), strict=True)
        common = {"root": str(self.root), "tables": list(names)}
        return [{**common, **dict(zip(tables, map(packed, files), strict=True))} for files in rows]

    def texts_for(self, group: Group) -> dict[str, str]:
        return {"root": str(self.root), "documents": self.texts.stage, "digest": self.texts.digest}


class _Stages:
    def __init__(self, recipe: Recipe, run: RunDirectory, settings: dict[str, Any]) -> None:
        self._recipe, self._run, self._settings = recipe, run, settings

    def kept(self, group: Group, documents: Manifest, read: Manifest, split: Manifest, do: Do) -> tuple[Kept, ...]:
        """What new documents are compared with: those of the run that were read, then earlier releases."""
        run, step = self._run, "bands" if group.grouping.method == "linked" else "keys"
        if group in self._recipe.dedup:
            texts = run.manifest(texts_seen_by(group, self._recipe))
            own = _Read(run.root, texts, run.manifest(f"dedup/{group.label}/{step}"), split)
            return (own, *releases_of(self._recipe))
        corpus = Corpus(documents, read, split, room=f"{ROOM}/read")
        return (_Read(run.root, documents, do(keys_stage(group, run, self._settings, corpus)), split),)

    def unlike_parent(self) -> tuple[str, ...]:
        near = [s for s in self._recipe.augment if isinstance(s.operator, Expansion)]
        return tuple(step.label for step in near if step.operator.near_parent == "keep")

    def _stage(self, name: str, definition: Any, payloads: Sequence[dict[str, Any]]) -> Stage:
        stage, task = f"{ROOM}/{name}", f"{_TASKS}{name}_unit"
        return stage_of(stage, self._run, task, self._settings, [VERSIONS["augment"], definition], payloads)

    def make(self, documents: Manifest, read: Manifest, split: Manifest) -> Stage:
        recipe = self._recipe
        common = {
            "parts": [pack_part(step) for step in recipe.augment],
            "splits": recipe.augmented_splits(),
            "max_failed": self._most_failed(split),
        }
        inputs = {"shard": documents.shards("shard-"), "outcome": split.shards("ledger-")}
        if any(step.operator.needs() for step in recipe.augment):
            inputs["scores"] = read.shards("scores-")
        units = zip(*inputs.values(), strict=True) if recipe.augment else ()
        rows = sum(file.rows for file in split.shards("ledger-"))
        payloads = [
            {**common, **dict(zip(inputs, map(packed, files), strict=True)), "share": files[0].rows / max(rows, 1)}
            for files in units
        ]
        # Only limits of a whole step depend on what part of it a unit is.
        unimportant = {"parts", "max_failed", *(() if self._has_budget() else ("share",))}
        identities = [content_of({k: v for k, v in each.items() if k not in unimportant}) for each in payloads]
        task, definition = f"{_TASKS}make_unit", [VERSIONS["augment"], [step.identity() for step in recipe.augment]]
        return stage_of(f"{ROOM}/make", self._run, task, self._settings, definition, payloads, identities)

    def _has_budget(self) -> bool:
        steps = [step.operator for step in self._recipe.augment if isinstance(step.operator, Reworded)]
        return any(each.max_requests is not None or each.max_tokens is not None for each in steps)

    def _most_failed(self, split: Manifest) -> int | None:
        share = self._recipe.augmentation.max_failed_share
        parents = sum(split.counts.get(f"split.{name}", 0) for name in self._recipe.augmented_splits())
        return None if share is None else int(share * parents * len(self._recipe.augment))

    def check(self, made: Manifest) -> None:
        """Raise GristmillError where operators failed on more documents than the recipe allows."""
        share, counts = self._recipe.augmentation.max_failed_share, Counter(made.counts)
        if share is not None and counts["failed"] > share * counts["tried"]:
            raise too_many_failed(counts, int(share * counts["tried"]))

    def decide(self, made: Manifest, cleaned: Manifest) -> Stage:
        recipe = self._recipe
        common = {
            "rules": [rule.model_dump(mode="json") for rule in recipe.all_rules()],
            "gates": gates_before_rules(recipe.clean, recipe.rules),
            "formats": [step.label for step in recipe.augment if getattr(step.operator, "is_format", False)],
        }
        triples = zip(made.shards("shard-"), cleaned.shards("shard-"), cleaned.shards("scores-"), strict=True)
        payloads = [
            {**common, "made": packed(before), "shard": packed(after), "scores": packed(scores)}
            for before, after, scores in triples
        ]
        return self._stage("decide", None, payloads)

    def fates(
        self, made: Manifest, cleaned: Manifest, decided: Manifest, ledgers: Sequence[Manifest], split: Manifest
    ) -> Stage:
        recipe = self._recipe
        common = {
            "labels": [group.label for group in _groups(recipe)],
            "reasons": [rule.reason for rule in recipe.all_rules()],
            "splits": recipe.dataset.splits,
            "seed": recipe.dataset.split_seed,
            "share_of": recipe.augmentation.share_of,
        }
        columns = zip(
            made.shards("shard-"),
            cleaned.shards("scores-"),
            decided.shards("ledger-"),
            split.shards("ledger-"),
            *(ledger.shards("ledger-") for ledger in ledgers),
            strict=True,
        )
        payloads = [
            {
                **common,
                "made": packed(new),
                "scores": packed(scores),
                "decisions": packed(decisions),
                "parents": packed(parents),
                "ledgers": [packed(each) for each in sidecars],
            }
            for new, scores, decisions, parents, *sidecars in columns
        ]
        return self._stage("fates", None, payloads)

    def capped(self, made: Manifest, fates: Manifest, split: Manifest) -> Stage:
        recipe = self._recipe
        tables = [mapped_table(self._run.root, file.path) for file in fates.shards("weights-")]
        ends = {
            name: _end(tables, number, self._room(split, name)) for number, name in enumerate(recipe.dataset.splits)
        }
        pairs = zip(made.shards("shard-"), fates.shards("ledger-"), strict=True)
        payloads = [{"made": packed(new), "fates": packed(fate), "ends": ends} for new, fate in pairs]
        return self._stage("capped", None, payloads)

    def _room(self, split: Manifest, name: str) -> int:
        """How much new text a split has room for: the share m of the whole is m / (1 - m) of what was read."""
        share = self._recipe.augmentation.max_share or 0.0
        prefix = "bytes.split." if self._recipe.augmentation.share_of == "bytes" else "split."
        return int(share / (1 - share) * split.counts.get(f"{prefix}{name}", 0))


def _end(tables: Sequence[Table], split: int, room: int) -> int:
    """The first id, by its upper 64 bits, that no longer fits into `room` when ids are taken in order; 2**64 if all do.

    Weights are added up by the upper 16 bits first, so that only the ids of one such range are sorted.
    """
    sums = np.zeros(1 << 16, np.uint64)
    for table in tables:
        own = table[table["split"] == split]
        np.add.at(sums, own["id"] >> np.uint64(48), own["weight"])
    ends = np.cumsum(sums)
    range_ = int(np.searchsorted(ends, np.uint64(room), side="right"))
    if range_ == len(ends):
        return 1 << 64
    left = room - int(ends[range_ - 1] if range_ else 0)
    inside = [np.zeros(0, WEIGHT)]
    inside += [t[(t["split"] == split) & (t["id"] >> np.uint64(48) == np.uint64(range_))] for t in tables]
    rows = np.sort(np.concatenate(inside), order="id")
    fits = int(np.searchsorted(np.cumsum(rows["weight"]), np.uint64(left), side="right"))
    return int(rows["id"][fits])

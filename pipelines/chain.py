"""The order of stages, written once. Running, planning and checking differ only in what they do with a stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curation.errors import GristmillError
from curation.manifest import Manifest
from curation.recipe import Recipe
from pipelines.augmentation import Augmented, augment_stage_names, augment_stages
from pipelines.dataset import Placement, ledger_stage, place, shard_stage
from pipelines.dedup import dedup_stages, steps_of
from pipelines.mix import STEPS, Mixed, MixInputs, mix_stages
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage
from pipelines.stages import clean_stage, collect_stage, decide_stage, split_stage
from pipelines.tokenizers import ChosenTokenizer, choose_tokenizer
from pipelines.tokens import tokens_manifest, tokens_stage

__all__ = ["ChainEnd", "Do", "Tokens", "follow", "stage_names"]

# Brings a stage to its manifest: by running it, or by finding it finished.
Do = Callable[[Stage], Manifest]


@dataclass(frozen=True)
class Tokens:
    """The tokens stage, finished, and the tokenizer it used."""

    tokenizer: ChosenTokenizer
    made: Manifest

    def manifest(self, dataset: str) -> Manifest:
        """What the tokens folder says of itself; `dataset` is the digest of the dataset around it."""
        return tokens_manifest(self.tokenizer, dataset, self.made.fingerprint, self.made.files, self.made.counts)


@dataclass(frozen=True)
class ChainEnd:
    """What the last steps and the card need of a whole chain. `split` and `augmented` are outcomes after the mixture,
    of the documents that were read and of those that were made.
    """

    collected: Manifest
    split: Manifest
    augmented: Augmented
    placement: Placement
    sharding: Stage
    sharded: Manifest
    ledger: Manifest
    mixed: Mixed | None
    tokens: Tokens | None


def follow(recipe: Recipe, run: RunDirectory, settings: dict[str, Any], do: Do, *, remember: bool = True) -> ChainEnd:
    """Every stage in order, each made from the manifests before it."""
    tokenizer = choose_tokenizer(recipe.tokens) if recipe.tokens is not None else None
    collected = do(collect_stage(recipe, run, settings, remember=remember))
    _within("quarantined", collected.counts.get("quarantined", 0), collected, recipe.limits.max_quarantined_share)
    cleaned = do(clean_stage(recipe, run, settings, collected))
    decided = do(decide_stage(recipe, run, settings, cleaned))
    _within("dropped", decided.counts.get("dropped", 0), decided, recipe.limits.max_dropped_share)
    unique = dedup_stages(recipe, run, settings, cleaned, decided, do)
    split = do(split_stage(recipe, run, settings, cleaned, decided, unique.ledgers))
    augmented = augment_stages(recipe, run, settings, unique, cleaned, split, do)
    mixed, fates = None, split
    if recipe.mixture is not None:
        mixed = mix_stages(recipe, run, settings, MixInputs(cleaned, unique.documents, split, augmented), tokenizer, do)
        fates, augmented = mixed.outcomes, dataclasses.replace(augmented, outcomes=mixed.made)
    placement = place(recipe, run, (unique.documents, split, fates), augmented)
    sharding = shard_stage(run, settings, placement, mixed.phases if mixed is not None else ())
    sharded = do(sharding)
    ledger = do(ledger_stage(recipe, run, settings, placement, cleaned, decided, unique.ledgers, augmented))
    tokens = None
    if tokenizer is not None:
        tokens = Tokens(tokenizer, do(tokens_stage(run, settings, tokenizer, sharded.shards("data-"))))
    return ChainEnd(collected, fates, augmented, placement, sharding, sharded, ledger, mixed, tokens)


def stage_names(recipe: Recipe) -> list[str]:
    """Names of all stages, the steps of a grouping each by itself."""
    dedup = [f"dedup/{group.label}/{step}" for group in recipe.dedup for step in steps_of(group)]
    mix = STEPS if recipe.mixture is not None else ()
    tokens = ["tokens"] if recipe.tokens is not None else []
    augment = augment_stage_names(recipe)
    return ["collect", "clean", "decide", *dedup, "split", *augment, *mix, "shard", "ledger", *tokens]


def _within(what: str, part: int, manifest: Manifest, limit: float | None) -> None:
    whole = manifest.counts.get("documents", 0) + (part if what == "quarantined" else 0)
    if limit is not None and part > limit * whole:
        found = f"{part:,} of {whole:,} records {what}"
        do = f"look at {'quarantine/' if what == 'quarantined' else 'decide/'} in the run, or raise max_{what}_share"
        raise GristmillError("limits", found, f"at most {limit:.1%}", do)

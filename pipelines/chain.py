"""The order of stages, written once. Running, planning and checking differ only in what they do with a stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curation.manifest import Manifest
from curation.recipe import Recipe
from pipelines.augmentation import Augmented, augment_stage_names, augment_stages
from pipelines.dataset import Placement, ledger_stage, place, shard_stage
from pipelines.dedup import dedup_stages, steps_of
from pipelines.mix import STEPS, Mixed, MixInputs, mix_stages
from pipelines.run_directory import RunDirectory
from pipelines.shares import Shares
from pipelines.stage import Stage
from pipelines.stages import clean_stage, collect_stage, decide_stage, split_stage
from pipelines.tokenizers import ChosenTokenizer, choose_tokenizer
from pipelines.tokens import tokens_manifest, tokens_stage

__all__ = ["Begun", "ChainEnd", "Do", "Tokens", "follow", "stage_names"]

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


@dataclass(frozen=True)
class Begun:
    """What else comes from outside a run, which need not be there any more: the first stage, and the tokenizer."""

    collected: Manifest
    tokenizer: ChosenTokenizer | None


def follow(
    recipe: Recipe,
    run: RunDirectory,
    settings: dict[str, Any],
    do: Do,
    *,
    remember: bool = True,
    begun: Begun | None = None,
) -> ChainEnd:
    """Every stage in order, each made from the manifests before it."""
    shares = Shares(recipe)
    if begun is not None:
        tokenizer, collected = begun.tokenizer, begun.collected
    else:
        tokenizer = choose_tokenizer(recipe.tokens) if recipe.tokens is not None else None
        collected = shares.collected(do(collect_stage(recipe, run, settings, remember=remember)))
    cleaned = do(shares.cleaning(clean_stage(recipe, run, settings, collected)))
    decided = shares.decided(do(decide_stage(recipe, run, settings, cleaned)))
    unique = dedup_stages(recipe, run, settings, cleaned, decided, do)
    split = shares.split(do(split_stage(recipe, run, settings, cleaned, decided, unique.ledgers)))
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

"""The mix stages: what of the training split goes into the dataset, see `tasks.mix`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from curation.errors import RecipeError
from curation.files import read_json
from curation.manifest import Manifest, Unit
from curation.recipe import Recipe
from curation.shards import FileRecord
from pipelines.augmentation import Augmented
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage
from pipelines.stages import VERSIONS, packed, stage_of
from pipelines.tokenizers import ChosenTokenizer
from pipelines.tokens import FOLDER as TOKENS

__all__ = ["STEPS", "MixInputs", "Mixed", "mix_stages"]

STEPS = ("mix/census", "mix/plan", "mix/outcome", "mix/made")
_TASKS = "pipelines.tasks.mix:"
Do = Callable[[Stage], Manifest]


@dataclass(frozen=True)
class MixInputs:
    """Scores, documents with the text they have now, their outcomes, and what augmentation made."""

    scores: Manifest
    documents: Manifest
    split: Manifest
    augmented: Augmented


@dataclass(frozen=True)
class Mixed:
    """Outcomes of documents that were read and of those that were made, and the mixture's table."""

    outcomes: Manifest
    made: Manifest
    phases: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def mix_stages(
    recipe: Recipe,
    run: RunDirectory,
    settings: dict[str, Any],
    inputs: MixInputs,
    tokenizer: ChosenTokenizer | None,
    do: Do,
) -> Mixed:
    """Census, plan, and the outcomes of what was read and of what was made."""
    assert recipe.mixture is not None
    common = {"mixture": recipe.mixture.model_dump_json(), "split": next(iter(recipe.dataset.splits))}
    census = do(_census_stage(run, settings, common, _payloads(recipe, inputs), tokenizer))
    records = census.shards("census-")
    plan_payload = {"mixture": common["mixture"], "census": [packed(record) for record in records]}
    plan = do(stage_of("mix/plan", run, f"{_TASKS}plan_unit", settings, VERSIONS["mix"], [plan_payload]))
    read = len(inputs.split.shards("ledger-"))

    def outcome(name: str, outcomes: Manifest, own: Sequence[FileRecord], made: Sequence[FileRecord] = ()) -> Manifest:
        payloads = [
            {"plan": packed(plan.files[0]), "outcome": packed(each), "census": packed(record), "split": common["split"]}
            for each, record in zip(outcomes.shards("ledger-"), own, strict=True)
        ]
        for payload, shard in zip(payloads, made, strict=False):
            payload["made"] = packed(shard)
        return do(stage_of(name, run, f"{_TASKS}outcome_unit", settings, VERSIONS["mix"], payloads))

    new = inputs.augmented
    outcomes = outcome("mix/outcome", inputs.split, records[:read])
    made = outcome("mix/made", new.outcomes, records[read:], new.documents.shards("shard-"))
    known = read_json(run.root / plan.files[0].path)
    return Mixed(outcomes, made, tuple(known["phases"]), tuple(known["rows"]))


def _payloads(recipe: Recipe, inputs: MixInputs) -> list[dict[str, Any]]:
    """Shards that were read, then those that augmentation made."""
    by_language = recipe.mixture is not None and "language" in recipe.mixture.by
    new = inputs.augmented
    read, made = (
        zip(documents.shards("shard-"), outcomes.shards("ledger-"), scores.shards("scores-"), strict=True)
        for documents, outcomes, scores in (
            (inputs.documents, inputs.split, inputs.scores),
            (new.documents, new.outcomes, new.documents),
        )
    )
    return [
        {"shard": packed(shard), "outcome": packed(outcome), **({"scores": packed(score)} if by_language else {})}
        for shard, outcome, score in (*read, *made)
    ]


def _census_stage(
    run: RunDirectory,
    settings: dict[str, Any],
    common: dict[str, Any],
    payloads: Sequence[dict[str, Any]],
    tokenizer: ChosenTokenizer | None,
) -> Stage:
    counts_tokens = '"unit":"tokens"' in common["mixture"]
    if counts_tokens and tokenizer is None:
        do = "add `tokens: {tokenizer: …}` to the recipe, or count in bytes"
        raise RecipeError("mixture.unit", "tokens without a tokenizer", "a `tokens` part", do)
    folder = f"dataset/{TOKENS}/tokenizer"
    chosen = {"tokenizer": tokenizer.payload(folder)} if counts_tokens and tokenizer is not None else {}
    each = [{**common, **payload, **chosen} for payload in payloads]
    stage = stage_of("mix/census", run, f"{_TASKS}census_unit", settings, VERSIONS["mix"], each)

    def with_tokenizer(engine: Any, todo: Sequence[Unit]) -> None:
        if chosen and tokenizer is not None:
            tokenizer.copy(run.root / folder)
        stage.run(engine, todo)

    return Stage(stage.name, stage.fingerprint, stage.units, with_tokenizer)

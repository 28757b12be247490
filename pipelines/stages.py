"""The stages of a recipe, each made from the recipe and the manifests before it.

collect ─▶ clean ─▶ decide ─▶ dedup … ─▶ split ─▶ augment ─▶ mix ─▶ shard ─▶ ledger ─▶ tokens
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.collect.inputs import with_checksums
from curation.collect.source import Piece
from curation.files import digest_of
from curation.forgotten import ForgottenList
from curation.manifest import Manifest
from curation.recipe import Recipe
from curation.shards import FileRecord
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, mapped, units_of
from pipelines.tasks.components import pack_part, pack_source
from pipelines.tasks.decide import gates_before_rules

__all__ = [
    "clean_stage",
    "collect_stage",
    "decide_stage",
    "packed",
    "split_stage",
    "stage_of",
]

# Raised when a stage's own code changes what it writes; operators have versions of their own.
VERSIONS = {
    "collect": 2,
    "clean": 1,
    "decide": 1,
    "dedup": 2,
    "split": 2,
    "augment": 2,
    "mix": 1,
    "shard": 1,
    "ledger": 2,
    "tokens": 1,
}


def packed(record: FileRecord) -> dict[str, Any]:
    return record.model_dump(mode="json")


def stage_of(
    name: str,
    run: RunDirectory,
    task: str,
    settings: dict[str, Any],
    definition: Any,
    payloads: Sequence[dict[str, Any]],
    identities: Sequence[Any] | None = None,
) -> Stage:
    """A stage of independent units. What payloads hold decides the outcome unless `identities` are given."""
    units = units_of(name, definition, payloads, identities)
    fingerprint = digest_of([name, definition, [unit.fingerprint for unit in units]])
    return Stage(name, fingerprint, units, mapped(run, task, settings))


def collect_stage(recipe: Recipe, run: RunDirectory, settings: dict[str, Any], *, remember: bool = True) -> Stage:
    """Units of every source, sources by name; their identity is the content of what they read.

    Checksums of inputs are kept in the run, so that only new files are read for them; `remember=False` writes nothing.
    """
    cache = run.remembered_inputs()
    earlier = [str(root) for root in recipe.previous_runs() if ForgottenList.read(root)]
    payloads, identities = [], []
    for source in sorted(recipe.sources, key=lambda source: source.name):
        source.check()
        for pieces in source.pieces():
            known = _with_checksums(pieces, cache)
            payload = {"source": pack_source(source), "pieces": [piece.model_dump(mode="json") for piece in known]}
            # What earlier releases forgot stays out here, too. Lists decide no fingerprint: `forget` changes files and
            # receipts itself, so that nothing is read again.
            payloads.append({**payload, **({"forgotten": earlier} if earlier else {})})
            identities.append({"source": source.identity(), "pieces": [piece.identity() for piece in known]})
    if remember:
        run.remember_inputs(cache)
    task = "pipelines.tasks.collect:collect_unit"
    return stage_of("collect", run, task, settings, VERSIONS["collect"], payloads, identities)


def _with_checksums(pieces: list[Piece], cache: dict[str, list[Any]]) -> list[Piece]:
    files = with_checksums([piece.file for piece in pieces], cache)
    return [piece.model_copy(update={"file": file}) for piece, file in zip(pieces, files, strict=True)]


def clean_stage(
    recipe: Recipe, run: RunDirectory, settings: dict[str, Any], collected: Manifest, name: str = "clean"
) -> Stage:
    parts = [pack_part(part) for part in recipe.clean]
    definition = [VERSIONS["clean"], [part.identity() for part in recipe.clean]]
    payloads = [{"parts": parts, "shard": packed(shard)} for shard in collected.shards("shard-")]
    return stage_of(name, run, "pipelines.tasks.clean:clean_unit", settings, definition, payloads)


def decide_stage(recipe: Recipe, run: RunDirectory, settings: dict[str, Any], cleaned: Manifest) -> Stage:
    rules = [rule.model_dump(mode="json") for rule in recipe.all_rules()]
    common = {"rules": rules, "gates": gates_before_rules(recipe.clean, recipe.rules)}
    payloads = [{**common, "scores": packed(scores)} for scores in cleaned.shards("scores-")]
    return stage_of("decide", run, "pipelines.tasks.decide:decide_unit", settings, VERSIONS["decide"], payloads)


def split_stage(
    recipe: Recipe,
    run: RunDirectory,
    settings: dict[str, Any],
    cleaned: Manifest,
    decided: Manifest,
    deduplicated: Sequence[Manifest],
) -> Stage:
    common = {
        "labels": [group.label for group in recipe.dedup],
        "reasons": [rule.reason for rule in recipe.all_rules()],
        "splits": recipe.dataset.splits,
        "seed": recipe.dataset.split_seed,
    }
    sidecars = zip(
        cleaned.shards("scores-"),
        decided.shards("ledger-"),
        *(manifest.shards("ledger-") for manifest in deduplicated),
        strict=True,
    )
    payloads = [
        {
            **common,
            "scores": packed(scores),
            "decisions": packed(decisions),
            "ledgers": [packed(each) for each in ledgers],
        }
        for scores, decisions, *ledgers in sidecars
    ]
    return stage_of("split", run, "pipelines.tasks.split:split_unit", settings, VERSIONS["split"], payloads)

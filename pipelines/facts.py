"""What a finished run knows, counted from its manifests and its ledger, for the card."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version

import pyarrow.compute as pc

from curation.manifest import Manifest
from curation.recipe import Recipe, Step
from curation.shards import read_shard
from data_cards.facts import CardFacts, SourceFacts, SplitFacts
from pipelines.chain import ChainEnd
from pipelines.dataset import Placement
from pipelines.run_directory import RunDirectory

__all__ = ["card_facts"]

_LANGUAGE = "language.label"


def card_facts(recipe: Recipe, run: RunDirectory, end: ChainEnd) -> CardFacts:
    collected, counts = end.collected, end.split.counts
    unreadable = collected.counts.get("quarantined", 0)
    return CardFacts(
        name=recipe.name,
        recipe_fingerprint=recipe.fingerprint(),
        gristmill_version=version("gristmill"),
        human=recipe.card.model_dump(),
        sources=_sources(recipe, collected),
        collected=counts.get("documents", 0) + unreadable,
        kept=counts.get("kept", 0),
        dropped=counts.get("dropped", 0),
        quarantined=counts.get("quarantined", 0) + unreadable,
        augmented=end.augmented.counts.get("documents", 0),
        reasons=_reasons(counts),
        languages=_languages(recipe, run, end.ledger),
        splits=_splits(end.placement),
        steps=tuple(part.identity() for part in (*recipe.clean, *recipe.dedup, *recipe.augment)),
        rules=tuple(rule.model_dump(mode="json", exclude_none=True) for rule in recipe.all_rules()),
    )


def _sources(recipe: Recipe, collected: Manifest) -> tuple[SourceFacts, ...]:
    by_name = sorted(recipe.sources, key=lambda source: source.name)
    return tuple(
        SourceFacts(name=s.name, format=s.format, documents=collected.counts.get(f"source.{s.name}", 0))
        for s in by_name
    )


def _reasons(counts: dict[str, int]) -> dict[str, int]:
    """Documents by the one reason they are counted under, most first."""
    reasons = {name.removeprefix("reason."): n for name, n in counts.items() if name.startswith("reason.")}
    return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def _splits(placement: Placement) -> tuple[SplitFacts, ...]:
    return tuple(
        SplitFacts(
            name=name,
            documents=sum(part.documents.get(name, 0) for part in placement.parts),
            bytes=sum(part.bytes.get(name, 0) for part in placement.parts),
            shards=len(shards),
        )
        for name, shards in placement.shards.items()
    )


def _languages(recipe: Recipe, run: RunDirectory, ledger: Manifest) -> dict[str, int]:
    """Kept documents by detected language, most first; empty where the recipe detects none."""
    if not any(isinstance(part, Step) and _LANGUAGE in part.adds() for part in recipe.clean):
        return {}
    found: Counter[str] = Counter()
    for file in ledger.files:
        for batch in read_shard(run.root, file):
            kept = batch.filter(pc.and_(pc.equal(batch.column("state"), "kept"), batch.column(_LANGUAGE).is_valid()))
            found.update({item["values"]: item["counts"] for item in kept.column(_LANGUAGE).value_counts().to_pylist()})
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

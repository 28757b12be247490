"""What a finished run knows, counted from its manifests and its ledger, for the card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.files import read_json
from curation.manifest import Manifest
from curation.recipe import Recipe, Step
from curation.shards import FileRecord, read_shard
from data_cards.facts import (
    OTHERS,
    AugmentationFacts,
    CardFacts,
    MixtureFacts,
    MixtureRow,
    SourceFacts,
    SplitFacts,
    Takedown,
    TokenFacts,
    TokenRate,
)
from pipelines.augmentation import Augmented
from pipelines.chain import ChainEnd
from pipelines.dataset import Placement, certificates
from pipelines.run_directory import RunDirectory
from pipelines.token_rates import token_rates

__all__ = ["card_facts", "hosts_of", "lengths_of", "most", "takedowns"]

_LANGUAGE = "language.label"
_HOST = "host"
# Attributes of the operator `origin` that the card sums up, and what it calls them.
_ORIGINS = {
    "origin.licence": "licence",
    "origin.snapshot": "snapshot",
    "origin.noai": "noai",
    "origin.noimageai": "noimageai",
    "origin.noindex": "noindex",
    "origin.noarchive": "noarchive",
    "origin.tdm_reserved": "tdm_reserved",
}
_ADDRESS = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/@?#]*@)?(?P<host>[^/:?#]+)"
_MOST = 50
# Bounds of lengths: powers of four, the last one above any text.
_LENGTHS = np.array([4**power for power in range(4, 24)], np.int64)


def card_facts(recipe: Recipe, run: RunDirectory, end: ChainEnd) -> CardFacts:
    collected, counts = end.collected, end.split.counts
    unreadable = collected.counts.get("quarantined", 0)
    tallies = _tallies(recipe, run, end.ledger)
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
        augmented=end.augmented.outcomes.counts.get("kept", 0),
        augmentation=_augmentation(end.augmented),
        reasons=_by_reason(counts, "reason."),
        skipped=_by_reason(collected.counts, "skipped."),
        languages=most(tallies.get(_LANGUAGE, Counter())),
        domains=most(tallies[_HOST]),
        domain_count=len(tallies[_HOST]),
        origins={name: most(tallies[attribute]) for attribute, name in _ORIGINS.items() if attribute in tallies},
        splits=_splits(end.placement),
        lengths=lengths_of(run.root, end.sharded.shards("data-")),
        steps=tuple(part.identity() for part in (*recipe.clean, *recipe.dedup, *recipe.augment)),
        rules=tuple(rule.model_dump(mode="json", exclude_none=True) for rule in recipe.all_rules()),
        mixture=_mixture(recipe, end),
        takedowns=takedowns(run.root),
        tokens=_tokens(run, end),
    )


def takedowns(root: Path) -> tuple[Takedown, ...]:
    """What was taken out of a run or a dataset folder, by its certificates."""
    found = []
    for path in certificates(root):
        counts = read_json(path)["counts"]
        name = path.relative_to(root).as_posix()
        found.append(Takedown(certificate=name, documents=counts["documents"], published=counts["published"]))
    return tuple(found)


def _mixture(recipe: Recipe, end: ChainEnd) -> MixtureFacts | None:
    if end.mixed is None or recipe.mixture is None:
        return None
    rows = tuple(MixtureRow(**row) for row in end.mixed.rows)
    chosen = recipe.mixture
    return MixtureFacts(
        unit=chosen.unit, by=chosen.by, phases=end.mixed.phases, max_repeats=chosen.max_repeats, rows=rows
    )


def _tokens(run: RunDirectory, end: ChainEnd) -> TokenFacts | None:
    if end.tokens is None:
        return None
    facts, made = end.tokens.manifest("").facts, end.tokens.made
    tokenizer = facts["tokenizer"]
    return TokenFacts(
        tokenizer=tokenizer["name"],
        sha256=tokenizer["sha256"],
        vocabulary=tokenizer["vocab_size"],
        dtype=facts["dtype"],
        splits=tuple(
            TokenRate(name=name, bytes=sums["bytes"], tokens=sums["tokens"]) for name, sums in facts["splits"].items()
        ),
        rates=token_rates(run.root, end.ledger, made),
    )


def _sources(recipe: Recipe, collected: Manifest) -> tuple[SourceFacts, ...]:
    by_name = sorted(recipe.sources, key=lambda source: source.name)
    return tuple(
        SourceFacts(
            name=s.name,
            format=s.format,
            documents=collected.counts.get(f"source.{s.name}", 0),
            license=s.license or "",
            snapshot=s.snapshot or "",
        )
        for s in by_name
    )


def _by_reason(counts: dict[str, int], prefix: str) -> dict[str, int]:
    """Documents by the one reason they are counted under, or skipped records, most first."""
    reasons = {name.removeprefix(prefix): n for name, n in counts.items() if name.startswith(prefix)}
    return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def _augmentation(augmented: Augmented) -> AugmentationFacts:
    counts = augmented.outcomes.counts
    return AugmentationFacts(
        made=augmented.made.counts.get("documents", 0),
        kept=counts.get("kept", 0),
        dropped=counts.get("dropped", 0),
        quarantined=counts.get("quarantined", 0),
        failed=_by_reason(augmented.made.counts, "failed."),
        reasons=_by_reason(counts, "reason."),
        steps=_by_reason(counts, "step."),
        documents=_by_reason(counts, "split."),
        bytes=_by_reason(counts, "bytes.split."),
    )


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


def _tallies(recipe: Recipe, run: RunDirectory, ledger: Manifest) -> dict[str, Counter[str]]:
    """Kept documents that were read, by host, and as far as the recipe measures them by language and origin."""
    added = {name for part in recipe.clean if isinstance(part, Step) for name in part.adds()}
    found: dict[str, Counter[str]] = {name: Counter() for name in (_LANGUAGE, *_ORIGINS) if name in added}
    hosts: Counter[str] = Counter()
    for file in ledger.files:
        for whole in read_shard(run.root, file):
            batch = whole.select(["state", "parent_id", "url", *found])
            kept = batch.filter(pc.and_(pc.equal(batch.column("state"), "kept"), batch.column("parent_id").is_null()))
            for name, tally in found.items():
                _count(tally, kept.column(name))
            hosts.update(hosts_of(kept.column("url")))
    return {**found, _HOST: hosts}


def lengths_of(root: Path, shards: Iterable[FileRecord]) -> tuple[tuple[int, int], ...]:
    """How many texts have at most 256 bytes, at most four times as many, and so on."""
    found = Counter[int]()
    for shard in shards:
        for batch in read_shard(root, shard):
            sizes = pc.binary_length(batch.column("text")).fill_null(0).to_numpy(zero_copy_only=False)
            found.update(np.searchsorted(_LENGTHS, sizes).tolist())
    return tuple((int(_LENGTHS[place]), count) for place, count in sorted(found.items()))


def hosts_of(addresses: pa.Array) -> Counter[str]:
    """How many addresses each host has."""
    hosts: Counter[str] = Counter()
    _count(hosts, pc.struct_field(pc.extract_regex(addresses, _ADDRESS), "host"))
    return hosts


def _count(tally: Counter[str], column: pa.Array) -> None:
    tally.update({str(each["values"]): each["counts"] for each in column.drop_null().value_counts().to_pylist()})


def most(tally: Counter[str]) -> dict[str, int]:
    """Most first, equal ones by name; those beyond the first fifty together."""
    ordered = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ordered[_MOST:])
    return dict(ordered[:_MOST]) | ({OTHERS: rest} if rest else {})

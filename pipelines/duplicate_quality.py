"""How good a near-duplicate removal was, estimated from the run itself.

Recall: a pair of similarity s becomes a candidate with the known probability p(s) of its bands and rows, so each pair
found stands for 1 / p(s) pairs that are there (Horvitz and Thompson 1952). Precision: a stratified sample of removed
documents is compared with their survivors anew, from the texts as they lie in the run.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rich.console import Console

from curation.dedup.minhash import MinHash
from curation.files import write_json
from curation.manifest import MANIFEST, Manifest
from curation.recipe import Group
from curation.recipe_file import load_recipe
from pipelines.duplicates import Member, clusters, texts_of

__all__ = ["Quality", "Stratum", "measure_run", "print_quality", "quality_of", "wilson"]

_STRATA = 5
_Z = 1.959964  # 95 %


@dataclass(frozen=True)
class Stratum:
    """Pairs with similarity in [low, high): how many there were, how many compared anew, how many held."""

    low: float
    high: float
    pairs: int
    sampled: int
    held: int


@dataclass(frozen=True)
class Quality:
    """Estimates with 95 % intervals. `near_misses` are compared pairs up to 0.1 below the threshold."""

    threshold: float
    removed: tuple[Stratum, ...]
    precision: tuple[float, float, float]
    recall: tuple[float, float, float]
    linked_pairs: int
    near_misses: int


def quality_of(root: Path, group: Group, sample: int = 200, seed: int = 0) -> Quality:
    """Measure one grouping of kind MinHash in a finished run; `sample` documents in all are compared anew."""
    grouping = group.grouping
    removed = [
        (cluster.survivor, member)
        for cluster in clusters(root)
        for member in cluster.members
        if member.method == group.label
    ]
    strata = _compared_anew(root, grouping, removed, sample, seed)
    similarities = _similarities(root, group.label)
    linked = similarities[similarities >= grouping.threshold]
    return Quality(
        threshold=grouping.threshold,
        removed=strata,
        precision=_stratified(strata),
        recall=_recall(grouping, linked),
        linked_pairs=len(linked),
        near_misses=int(((similarities < grouping.threshold) & (similarities >= grouping.threshold - 0.1)).sum()),
    )


def _compared_anew(
    root: Path, grouping: MinHash, removed: Sequence[tuple[str, Member]], sample: int, seed: int
) -> tuple[Stratum, ...]:
    edges = np.linspace(grouping.threshold, 1, _STRATA + 1)
    drawn: list[tuple[float, float, int, list[tuple[str, Member]]]] = []
    for low, high in itertools.pairwise(edges):
        last = high == edges[-1]
        inside = [pair for pair in removed if low <= pair[1].similarity and (pair[1].similarity < high or last)]
        chosen = random.Random(seed).sample(inside, min(len(inside), sample // _STRATA))
        drawn.append((float(low), float(high), len(inside), chosen))
    texts = texts_of(
        root, [name for *_, chosen in drawn for survivor, member in chosen for name in (survivor, member.id)]
    )
    return tuple(
        Stratum(low, high, count, len(chosen), sum(_holds(grouping, texts, pair) for pair in chosen))
        for low, high, count, chosen in drawn
    )


def _holds(grouping: MinHash, texts: dict[str, str], pair: tuple[str, Member]) -> bool:
    """Whether the texts as they lie in the run reach the threshold."""
    both = pa.RecordBatch.from_pydict({"text": pa.array([texts[pair[0]], texts[pair[1].id]], pa.large_string())})
    values, offsets = grouping.sets(both)
    return bool(grouping.verify(values, offsets, np.array([0]), np.array([1]))[0] >= grouping.threshold)


def _similarities(root: Path, label: str) -> npt.NDArray[np.float64]:
    found = [np.zeros(0)]
    for step in ("edges", "edges-again"):
        manifest = Manifest.read(root / "dedup" / label / step / MANIFEST)
        found += [np.load(root / file.path, mmap_mode="r")["similarity"] for file in manifest.files]
    return np.concatenate(found)


def _stratified(strata: Sequence[Stratum]) -> tuple[float, float, float]:
    """Share that held, weighted by stratum, with the Wilson interval of a sample of that effective share."""
    total = sum(stratum.pairs for stratum in strata)
    if not total:
        return (math.nan, math.nan, math.nan)
    used = [stratum for stratum in strata if stratum.sampled]
    share = sum(stratum.pairs * stratum.held / stratum.sampled for stratum in used) / total
    low, high = wilson(share, sum(stratum.sampled for stratum in used))
    return (share, low, high)


def wilson(share: float, sampled: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    if sampled == 0:
        return (0.0, 1.0)
    middle = share + _Z**2 / (2 * sampled)
    half = _Z * math.sqrt(share * (1 - share) / sampled + _Z**2 / (4 * sampled**2))
    scale = 1 + _Z**2 / sampled
    return (max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


def _recall(grouping: MinHash, linked: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Pairs found over pairs that are there, all with similarity at or above the threshold."""
    if not len(linked):
        return (math.nan, math.nan, math.nan)
    chances = 1 - (1 - linked**grouping.rows) ** grouping.bands
    there = float((1 / chances).sum())
    half = _Z * math.sqrt(float(((1 - chances) / chances**2).sum()))
    return (len(linked) / there, len(linked) / (there + half), min(1.0, len(linked) / max(there - half, 1e-9)))


def measure_run(root: Path, sample: int) -> dict[str, dict[str, Any]]:
    """Quality of every near-duplicate grouping of a run by its label, also left in `audit/duplicate_quality.json`.

    Fields are those of `Quality` (intervals as [share, low, high]; null where nothing was removed), and `curve`:
    [similarity, chance of being compared] from 0 to 1.
    """
    groups = [group for group in load_recipe(root / "recipe.resolved.yaml").dedup if group.grouping.method == "linked"]
    found = {}
    for group in groups:
        fields = asdict(quality_of(root, group, sample))
        for name in ("precision", "recall"):
            fields[name] = None if math.isnan(fields[name][0]) else list(fields[name])
        found[group.label] = {**fields, "curve": [list(point) for point in group.grouping.curve(0.05)]}
    write_json(root / "audit" / "duplicate_quality.json", found)
    return found


def print_quality(qualities: dict[str, dict[str, Any]]) -> None:
    """What `measure_run` found, for a person."""
    console = Console()
    for label, quality in qualities.items():
        curve = "  ".join(f"{at:.2f}:{chance:.3f}" for at, chance in quality["curve"] if at >= 0.5)
        heading = f"\n{label}, threshold {quality['threshold']}; chance of being compared: {curve}"
        console.print(heading, highlight=False)
        for stratum in quality["removed"]:
            held = f"{stratum['held']} of {stratum['sampled']} compared anew hold"
            span = f"{stratum['low']:.2f}–{stratum['high']:.2f}"
            console.print(f"  {span}  {stratum['pairs']:,} removed, {held}", highlight=False)
        for name in ("precision", "recall"):
            share, low, high = quality[name] or (math.nan,) * 3
            console.print(f"  {name:<10} {share:.4f}  (95 % interval {low:.4f} to {high:.4f})", highlight=False)
        near = f"{quality['near_misses']:,} just below"
        console.print(f"  {quality['linked_pairs']:,} pairs linked, {near}", highlight=False)

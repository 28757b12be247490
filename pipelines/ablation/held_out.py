"""The held-out sets: made before any arm, checked against the union of all arms afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.errors import ResourceError
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest
from curation.recipe import Recipe
from pipelines.ablation.defects import hash_order, text_bytes
from pipelines.ablation.documents import is_made, read_dataset, table_of, write_dataset
from pipelines.ablation.overlap import HeldOutIndex
from pipelines.ablation.pool import Pool, all_documents, recipe_on
from pipelines.runner import Options, run_recipe
from training.ablation.results import SetFacts
from training.ablation.study import Study

__all__ = ["check_overlap", "make_held_out"]

_BYTES_PER_TOKEN = 8  # more than any tokenizer gives, so that sets are cut by tokens, not here


def make_held_out(root: Path, study: Study, recipe: Recipe, pool: Pool, options: Options) -> dict[str, Path]:
    """Folders of candidate documents by set: raw as they came, clean by the whole recipe, and out of domain."""
    folder = root / "recipes" / "heldout"
    found = {"clean": _curated(recipe, pool.held_out, folder / "clean", options)}
    if pool.ood:
        found["ood"] = _curated(recipe, pool.ood, folder / "ood", options)
    found["raw"] = folder / "raw"
    if not is_made(found["raw"], pool.digest):
        write_dataset(found["raw"], "train", [all_documents(pool.held_out)], pool.digest)
    for name, place in found.items():
        if not Manifest.read(place / MANIFEST).counts["documents"]:
            do = "raise held_out.share, enlarge the pool, or loosen the recipe"
            raise ResourceError(f"held-out set `{name}`", "no document", "some documents", do)
    return found


def check_overlap(root: Path, study: Study, candidates: dict[str, Path]) -> dict[str, SetFacts]:
    """Write `heldout/<set>/` with what does not stand in any arm, and count what does."""
    tables = {name: _cut(table_of(place), study) for name, place in candidates.items()}
    arms = {Manifest.read(root / "arms" / arm.name / MANIFEST).digest: arm.name for arm in study.arms}
    plan = study.held_out.model_dump(mode="json")
    inputs = [sorted(arms), plan, {n: Manifest.read(place / MANIFEST).digest for n, place in candidates.items()}]
    indexes = {name: HeldOutIndex(table) for name, table in tables.items()}
    for arm in sorted(arms.values()):
        for batch in read_dataset(root / "arms" / arm):
            for index in indexes.values():
                index.see([batch])
    facts: dict[str, SetFacts] = {}
    for name, table in tables.items():
        overlap = indexes[name].overlap()
        met = (overlap >= study.held_out.overlap) | (indexes[name].similarity >= study.held_out.jaccard)
        facts[name] = _kept(root, name, table, overlap, met, digest_of([*inputs, name]))
        if name == "clean" and any(arm.dose and arm.dose.defect == "leak" for arm in study.arms) and met.any():
            facts["leaked"] = _kept(root, "leaked", table, overlap, ~met, digest_of([*inputs, "leaked"]))
    return facts


def _curated(recipe: Recipe, folders: dict[str, Path], run: Path, options: Options) -> Path:
    if not folders:
        do = "raise held_out.share or enlarge the pool"
        raise ResourceError("held-out documents", "none", "some clusters of documents", do)
    run_recipe(recipe_on(recipe, folders), run, options)
    return run / "dataset"


def _cut(table: pa.Table, study: Study) -> pa.Table:
    """Documents in the order of a hash, as many as can be scored; one that is a quarter of all would drown the rest."""
    order = hash_order(table, "held_out")
    sizes = text_bytes(table)
    if study.held_out.max_tokens is not None:
        limit = study.held_out.max_tokens * _BYTES_PER_TOKEN
        order = order[sizes[order] <= max(limit // 4, int(np.median(sizes)))]
        order = order[: int(np.searchsorted(np.cumsum(sizes[order]), limit)) + 1]
    return table.take(pa.array(order, pa.int64()))


def _kept(
    root: Path,
    name: str,
    table: pa.Table,
    overlap: npt.NDArray[np.float64],
    dropped: npt.NDArray[np.bool_],
    fingerprint: str,
) -> SetFacts:
    to, kept = root / "heldout" / name, table.filter(pa.array(~dropped))
    if not kept.num_rows:
        found = f"all {table.num_rows} documents also in the arms"
        do = "hold out more clusters, or look for copies across sources"
        raise ResourceError(f"held-out set `{name}`", found, "some that are not", do)
    if not is_made(to, fingerprint):
        write_dataset(to, "test", [kept], fingerprint)
    bins = np.bincount(np.minimum(9, (overlap * 10).astype(int)), minlength=10)
    sizes = text_bytes(table)
    return SetFacts(
        documents=kept.num_rows,
        bytes=int(sizes[~dropped].sum()),
        tokens=0,
        dropped=int(dropped.sum()),
        dropped_bytes=int(sizes[dropped].sum()),
        overlaps=tuple(bins.tolist()),
    )

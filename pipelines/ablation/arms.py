"""The documents of every arm: recipes run with parts switched off, then controls and doses made from them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from curation.errors import RecipeError
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest
from curation.recipe import Recipe
from pipelines.ablation.defects import apply_dose, hash_order, text_bytes
from pipelines.ablation.documents import is_made, table_of, write_dataset
from pipelines.ablation.pool import Pool, recipe_on
from pipelines.ablation.study_file import off_parts
from pipelines.ablation.switches import without
from pipelines.run_directory import RunDirectory
from pipelines.runner import Options, run_recipe
from training.ablation.study import Arm, Study

__all__ = ["Made", "make_arms"]

# Rises whenever doses or controls give other documents.
_VERSION = 1


@dataclass(frozen=True)
class Made:
    """What is known of an arm before it is tokenised."""

    pool_documents: int
    pool_bytes: int
    removed: dict[str, int]
    sources: dict[str, int]
    duplicates: float
    dose_share: float | None
    recipe_digest: str


def make_arms(root: Path, study: Study, recipe: Recipe, pool: Pool, leaked: Path, options: Options) -> dict[str, Made]:
    """Write `arms/<arm>/` for every arm, or find it made."""
    kitchen = _Kitchen(root, study, recipe, pool, leaked, options)
    return {arm.name: kitchen.make(arm) for arm in study.arms}


class _Kitchen:
    def __init__(self, root: Path, study: Study, recipe: Recipe, pool: Pool, leaked: Path, options: Options) -> None:
        self.root, self.study, self.recipe, self.pool, self.options = root, study, recipe, pool, options
        self.leaked = leaked

    def make(self, arm: Arm) -> Made:
        run, variant = self._cooked(arm)
        to, source = self.root / "arms" / arm.name, Manifest.read(run / "dataset" / MANIFEST)
        plan = arm.model_dump(mode="json", include={"dose"}) | {"control": arm.role if arm.of else None}
        inputs = [_VERSION, source.digest, plan]
        if arm.dose is not None and arm.dose.defect == "leak":
            inputs.append(Manifest.read(self.leaked / MANIFEST).digest)
        if arm.of is not None:
            inputs.append(Manifest.read(self._imitated(arm) / MANIFEST).digest)
        fingerprint, share = digest_of(inputs), None
        table = table_of(run / "dataset")
        if not table.num_rows:
            do = "loosen its rules, or give the study a larger pool"
            raise RecipeError(f"arm `{arm.name}`", "no document left", "some text to train on", do)
        removed = _removed(run)
        if arm.dose is not None:
            table, share = apply_dose(table, arm.dose, table_of(self.leaked))
        elif arm.of is not None:
            before = table.num_rows
            table = self._controlled(arm, table)
            removed["at_random"] = before - table.num_rows
        if not is_made(to, fingerprint):
            write_dataset(to, "train", [_in_order(table)], fingerprint)
        counts = RunDirectory(run).manifest("collect").counts
        return Made(
            pool_documents=counts["documents"],
            pool_bytes=counts["text_bytes"],
            removed=removed,
            sources=dict(sorted(Counter(table.column("source").to_pylist()).items())),
            duplicates=_duplicates(table),
            dose_share=share,
            recipe_digest=variant.fingerprint(),
        )

    def _cooked(self, arm: Arm) -> tuple[Path, Recipe]:
        """The run of an arm's recipe on the pool; arms with the same factors share it."""
        off = off_parts(self.study, arm)
        folders = {name: folder for name, folder in self.pool.train.items() if f"sources.{name}" not in off}
        variant = recipe_on(without(self.recipe, [part for part in off if not part.startswith("sources.")]), folders)
        names = [factor for factor in self.study.factors if not arm.factors.get(factor, True)]
        run = self.root / "recipes" / ("full" if not names else "without-" + "-".join(names))
        run_recipe(variant, run, self.options)
        return run, variant

    def _controlled(self, arm: Arm, table: pa.Table) -> pa.Table:
        """Without as many documents as the factor removes, any or such as those it removes."""
        kept = table_of(self._imitated(arm))
        gone = ~np.isin(np.array(table.column("id").to_pylist()), np.array(kept.column("id").to_pylist()))
        order = hash_order(table, f"control.{arm.name}")
        if arm.role == "random_removal":
            dropped = order[: max(0, table.num_rows - kept.num_rows)]
        else:
            dropped = _matched(table, np.flatnonzero(gone), order)
        return table.take(pa.array(np.setdiff1d(np.arange(table.num_rows), dropped)))

    def _imitated(self, arm: Arm) -> Path:
        """What the factor leaves: the documents of the arm that the imitated one is contrasted with."""
        assert arm.of is not None
        reference = self.study.arm(arm.of).against
        assert reference is not None
        return self._cooked(self.study.arm(reference))[0] / "dataset"


def _matched(table: pa.Table, gone: npt.NDArray[np.int64], order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """As many rows of each source and length (to a factor of two) as are gone, in the given order."""
    sizes, sources = text_bytes(table).tolist(), table.column("source").to_pylist()
    kinds = [(source, int(math.log2(max(1, size)))) for source, size in zip(sources, sizes, strict=True)]
    wanted = Counter(kinds[row] for row in gone.tolist())
    chosen: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in order.tolist():
        if len(chosen[kinds[row]]) < wanted[kinds[row]]:
            chosen[kinds[row]].append(row)
    return np.array(sorted(row for rows in chosen.values() for row in rows), np.int64)


def _in_order(table: pa.Table) -> pa.Table:
    """Documents in the order of their ids, so that copies do not stand together."""
    ids = table.column("id").to_pylist()
    return table.take(pa.array(sorted(range(len(ids)), key=ids.__getitem__), pa.int64()))


def _removed(run: Path) -> dict[str, int]:
    counts = RunDirectory(run).manifest("split").counts
    return {key.removeprefix("reason."): n for key, n in sorted(counts.items()) if key.startswith("reason.")}


def _duplicates(table: pa.Table) -> float:
    """Share of documents whose text is that of another one."""
    counts = Counter(xxhash.xxh3_128_digest(text.encode()) for text in table.column("text").to_pylist())
    return sum(number for number in counts.values() if number > 1) / max(1, table.num_rows)

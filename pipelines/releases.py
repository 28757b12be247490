"""Earlier releases that a run is compared with: finished runs, and what of them takes part.

What takes part in a grouping are the keys of the documents that the same grouping left in the release, and for near
duplicates the texts these keys come from, to verify pairs. So the directory of an earlier run must stay whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from curation.errors import IntegrityError, RecipeError, ResourceError
from curation.manifest import Manifest
from curation.recipe import Group, Recipe
from curation.recipe_file import load_recipe
from curation.shards import FileRecord
from pipelines.run_directory import RunDirectory

__all__ = ["Kept", "Release", "releases_of", "texts_seen_by"]


class Kept(Protocol):
    """Documents that are kept already, and that others are compared with."""

    def units(self, group: Group, step: str) -> list[dict[str, Any]]:
        """Payloads for `released_unit`: tables of each shard by name, what the grouping said, and the last word."""

    def texts_for(self, group: Group) -> dict[str, str]:
        """Where the texts lie that a grouping saw."""


@dataclass(frozen=True)
class Release:
    """A finished run. `root` is its directory."""

    root: Path
    recipe: Recipe
    split: Manifest

    def units(self, group: Group, step: str) -> list[dict[str, Any]]:
        self._check(group)
        run, last = RunDirectory(self.root), "text" if group.grouping.method == "units" else "ledger"
        names = ("bands", "documents") if group.grouping.method == "linked" else ("keys",)
        found = run.manifest(f"dedup/{group.label}/{step}")
        tables = {name: found.shards(f"{name}-") for name in names}
        tables["ledger"] = run.manifest(f"dedup/{group.label}/{last}").shards("ledger-")
        tables["outcome"] = self.split.shards("ledger-")
        rows = zip(*tables.values(), strict=True)
        common = {"root": str(self.root), "tables": list(names)}
        return [{**common, **dict(zip(tables, map(_packed, files), strict=True))} for files in rows]

    def texts_for(self, group: Group) -> dict[str, str]:
        stage = texts_seen_by(group, self.recipe)
        return {"root": str(self.root), "documents": stage, "digest": RunDirectory(self.root).manifest(stage).digest}

    def _check(self, group: Group) -> None:
        where, do = f"previous {self.root}", f"give dedup.{group.label} the same parameters, or build that release anew"
        own = {each.label: each.identity() for each in self.recipe.dedup}.get(group.label)
        if own is None:
            raise RecipeError(where, f"no grouping `{group.label}`", "the groupings of this recipe", do)
        wanted = group.identity()
        if own != wanted:
            raise RecipeError(where, _difference(own, wanted), "the same grouping in both", do)


def texts_seen_by(group: Group, recipe: Recipe) -> str:
    """The stage that left the texts which a grouping of a recipe compared."""
    stage = "clean"
    for earlier in recipe.dedup:
        if earlier.label == group.label:
            break
        if earlier.grouping.method in ("units", "passages"):
            stage = f"dedup/{earlier.label}/text"
    return stage


def releases_of(recipe: Recipe) -> tuple[Release, ...]:
    """Raises ResourceError for a run that is not finished, IntegrityError for a damaged one."""
    roots = recipe.previous_runs()
    releases = tuple(_release(root) for root in roots)
    for release in releases:
        for root in release.recipe.previous_runs():
            if root.resolve() not in {each.resolve() for each in roots}:
                found = f"a release that was itself compared with {root}"
                raise RecipeError(f"previous {release.root}", found, "both of them", f"add {root} to `previous`")
    return releases


def _release(root: Path) -> Release:
    run = RunDirectory(root)
    if not run.recipe.is_file() or not run.has_manifest("dataset"):
        do = "give the directory of a finished run, with all its stages"
        raise ResourceError(f"previous {root}", "no finished run", "a run directory with a dataset", do)
    try:
        return Release(root, load_recipe(run.recipe), run.manifest("split"))
    except RecipeError as error:
        found = f"a recipe that cannot be read ({error.found})"
        raise IntegrityError(f"previous {root}", found, "the recipe of that run", "build that release anew") from None


def _packed(record: FileRecord) -> dict[str, Any]:
    return record.model_dump(mode="json")


def _difference(own: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The first thing in which two identities differ."""
    flat = [{**each, **each["parameters"]} for each in (own, wanted)]
    name = next(key for key in (*flat[0], *flat[1]) if key != "parameters" and flat[0].get(key) != flat[1].get(key))
    return f"`{name}` {flat[0].get(name)} there and {flat[1].get(name)} here"

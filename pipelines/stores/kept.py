"""A run whose directory is an address: done in a scratch directory, kept in the store; and looks at such a run."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from curation.errors import ResourceError
from curation.manifest import MANIFEST
from curation.recipe import Recipe
from pipelines.runner import Options, Outcome, run_recipe
from pipelines.stores.lease import LOCK, held
from pipelines.stores.mirror import Mirror
from pipelines.stores.objects import Objects, address_of
from pipelines.watch import Watch

__all__ = ["at_hand", "run_kept"]

_PUSH_EVERY = 1.0


def run_kept(recipe: Recipe, address: str, scratch: Path, options: Options) -> Outcome:
    """Run a recipe into a store, or what is left to do of it, wherever it was begun. Raises GristmillError."""
    objects = Objects(address)
    scratch.mkdir(parents=True, exist_ok=True)
    with held(objects):
        mirror = Mirror(objects, scratch.absolute())
        mirror.pull()
        with Watch(mirror.push_finished, _PUSH_EVERY):
            outcome = run_recipe(recipe, scratch, options)
        mirror.push_all()
    return outcome


@contextlib.contextmanager
def at_hand(run: Path, *, texts: bool) -> Iterator[Path]:
    """The run itself; one at an address is fetched: all of it, or without `texts` what says how far it is."""
    address = address_of(run)
    if address is None:
        yield run
        return
    objects = Objects(address)
    names = [name for name in objects.sizes() if not name.startswith(f"{LOCK}/") and (texts or _is_word(name))]
    if not names:
        do = f"begin one with `gristmill run RECIPE --to {objects.address}`"
        raise ResourceError(objects.address, "no run", "the address of a run", do)
    with tempfile.TemporaryDirectory(prefix="gristmill-") as folder:
        for name in names:
            objects.download(name, Path(folder) / name)
        yield Path(folder)


def _is_word(name: str) -> bool:
    return name.startswith("receipts/") or name.endswith(MANIFEST) or name == "recipe.resolved.yaml"

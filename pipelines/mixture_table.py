"""The table of a mixture, as `gristmill plan` prints it: exact from a finished run, or estimated from a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from curation.errors import IntegrityError, RecipeError
from curation.files import read_json
from curation.manifest import MANIFEST, Manifest
from curation.mix.mixture import Mixture, demands
from pipelines.run_directory import RunDirectory

__all__ = ["MixtureTable", "estimated_table", "exact_table", "print_table"]

Rows = tuple[dict[str, Any], ...]
MixtureTable = tuple[str, Rows]  # where the numbers are from, or why there are none; rows


def exact_table(run: RunDirectory) -> MixtureTable:
    """From the mix stage, which must be up to date."""
    manifest = Manifest.read(run.root / "mix" / "plan" / MANIFEST)
    path = run.root / manifest.files[0].path
    if not path.is_file():
        raise IntegrityError(manifest.files[0].path, "no file", "the plan of the mixture", "run the recipe again")
    return "exact", tuple(read_json(path)["rows"])


def estimated_table(mixture: Mixture, sources: Mapping[str, tuple[float, float]]) -> MixtureTable:
    """`sources` are about how many documents and bytes of each would be kept, before duplicates and splits."""
    if mixture.by != ("source",) or mixture.unit == "tokens":
        return "known once the stages before the mixture are finished", ()
    place = 0 if mixture.unit == "documents" else 1
    available = {name: round(amounts[place]) for name, amounts in sorted(sources.items())}
    try:
        wanted = demands(mixture, available, dict.fromkeys(available, mixture.max_repeats))
    except RecipeError as error:
        return f"as far as a sample shows, it cannot be met: {error}", ()
    rows = [
        {"phase": phase, "group": group, "available": available[group], "target": amount, "taken": None}
        | {"repeats": amount / available[group] if available[group] else 0.0}
        for phase, amounts in wanted.items()
        for group, amount in amounts.items()
    ]
    return "estimated from a sample, before duplicates and splits", tuple(rows)


def print_table(console: Console, mixture: Mixture, table: MixtureTable) -> None:
    origin, rows = table
    console.print(f"Mixture by {' and '.join(mixture.by)}, in {mixture.unit}: {origin}", highlight=False, markup=False)
    if not rows:
        return
    shown = Table("phase", "group", *(("available", "target", "taken", "epochs")))
    for row in rows:
        taken = "–" if row["taken"] is None else f"{row['taken']:,}"
        numbers = (f"{row['available']:,}", f"{row['target']:,}", taken, f"{row['repeats']:.2f}")
        shown.add_row(row["phase"], row["group"], *numbers)
    console.print(shown)

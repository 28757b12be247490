"""Why is my document there, or not there: its row of the ledger in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from curation.decisions import failed_of, fate_of, limits_of
from curation.errors import ResourceError
from curation.manifest import MANIFEST, Manifest
from curation.recipe import Recipe
from curation.recipe_file import load_recipe
from curation.shards import read_shard

__all__ = ["find_rows", "print_explanation"]

_MOST = 20


def find_rows(root: Path, name: str) -> list[dict[str, Any]]:
    """Rows of the ledger, and of quarantine, whose id (or the beginning of it), URL or key is `name`."""
    found: list[dict[str, Any]] = []
    for file in Manifest.read(root / "ledger" / MANIFEST).files:
        for batch in read_shard(root, file):
            found += batch.filter(_matches(batch, name)).to_pylist()
    for path in sorted((root / "quarantine").glob("collect-*.arrow")):
        with pa.memory_map(str(path)) as source:
            for row in pa.ipc.open_stream(source).read_all().to_pylist():
                if name in (f"{row['file']}:{row['offset']}", row["file"]):
                    found.append({**row, "state": "quarantined"})
    return found


def _matches(batch: pa.RecordBatch, name: str) -> pa.Array:
    hits = pc.or_(pc.equal(batch.column("key"), name), pc.equal(batch.column("url"), name).fill_null(False))
    if len(name) >= 6:
        hits = pc.or_(hits, pc.starts_with(batch.column("id"), name))
    return hits


def print_explanation(root: Path, name: str) -> None:
    console = Console()
    recipe = load_recipe(root / "recipe.resolved.yaml")
    rows = find_rows(root, name)
    if not rows:
        do = "give an id, a URL, or a key as the ledger holds it (file:offset)"
        raise ResourceError(f"ledger of {root}", f"no document `{name}`", "a document that was read", do)
    for row in rows[:_MOST]:
        _print_row(console, recipe, row)
    if len(rows) > _MOST:
        console.print(f"… and {len(rows) - _MOST:,} more")


def _print_row(console: Console, recipe: Recipe, row: dict[str, Any]) -> None:
    if "stage" in row:
        place = f"{row['file']} at {row['offset']}"
        console.print(f"{place}: quarantined, {row['reason']} ({row['detail']})", markup=False)
        return
    console.print(f"{row['id']}  {row['source']}  {row['key']}", markup=False, style="bold")
    console.print("  " + fate_of(row), markup=False)
    table = Table("rule", "attribute", "value", "limit", "verdict", box=None, pad_edge=True)
    for rule, failed in zip(recipe.all_rules(), failed_of(row["failed_rules"], len(recipe.all_rules())), strict=True):
        value = row.get(rule.attribute)
        verdict = "fails" if failed else ("not measured" if value is None else "holds")
        table.add_row(rule.reason, rule.attribute, _shown(value), limits_of(rule, row), verdict)
    console.print(table)
    for attribute in recipe.attributes():
        if row.get(attribute) is not None:
            console.print(f"  {attribute} = {_shown(row[attribute])}", markup=False, highlight=False)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"

"""How far a run has come, from its manifests and receipts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from curation.errors import IntegrityError, ResourceError
from curation.manifest import MANIFEST, Manifest
from pipelines.sizes import show_size

__all__ = ["STAGES", "print_status", "stages_of_run"]

_ALL, _NARROW = ("stage", "state", "units", "files", "size", "counts"), ("stage", "state", "size", "counts")
_WIDE = 110
STAGES = ("collect", "clean", "decide", "dedup", "split", "augment", "mix", "shard", "ledger", "tokens")


def stages_of_run(root: Path) -> list[str]:
    """Stages that have left a manifest or receipts, in the order of the run."""
    folders = {path.parent.relative_to(root).as_posix() for path in root.rglob(MANIFEST)}
    found = {folder for folder in folders if folder.split("/")[0] in STAGES}
    found |= {path.parent.relative_to(root / "receipts").as_posix() for path in (root / "receipts").rglob("*.json")}
    return sorted(found, key=lambda name: (STAGES.index(name.split("/")[0]), name))


def print_status(root: Path) -> None:
    from pipelines.summary import print_comparison

    if not (root / "recipe.resolved.yaml").is_file():
        raise ResourceError(str(root), "no run", "a run directory", "begin one with `gristmill run RECIPE --to DIR`")
    console = Console()
    console.print(_table(root, _ALL if console.width >= _WIDE else _NARROW))
    print_comparison(console, root)
    finished = (root / "dataset" / MANIFEST).is_file()
    console.print(f"dataset: {'finished' if finished else 'not yet; run the recipe again to go on'}")


def _table(root: Path, headings: Sequence[str]) -> Table:
    """Names of stages are never cut; where the terminal is narrow, numbers of units and files give way to them."""
    table = Table()
    for heading in headings:
        table.add_column(heading, no_wrap=heading in ("stage", "size"))
    for stage in stages_of_run(root):
        row = dict(zip(_ALL, (stage, *_row(root, stage)), strict=True))
        table.add_row(*(row[heading] for heading in headings))
    return table


def _row(root: Path, stage: str) -> tuple[str, str, str, str, str]:
    receipts = len(list((root / "receipts" / stage).glob("*.json")))
    path = root / stage / MANIFEST
    if not path.is_file():
        return f"under way, {receipts:,} units", str(receipts), "", "", ""
    try:
        manifest = Manifest.read(path)
    except IntegrityError as error:
        return f"damaged: {error.found}", str(receipts), "", "", ""
    counts = ", ".join(_counts(manifest.counts))
    size = show_size(sum(file.bytes for file in manifest.files))
    return "finished", str(receipts), str(len(manifest.files)), size, counts


def _counts(counts: dict[str, int]) -> list[str]:
    """Totals by name; what was skipped also by reason, as nothing else of a run says it."""
    reasons = [f"{name.removeprefix('skipped.')} {n:,}" for name, n in counts.items() if name.startswith("skipped.")]
    shown = {name: f"{name} {count:,}" for name, count in sorted(counts.items()) if "." not in name}
    if reasons:
        shown["skipped"] += f" ({', '.join(reasons)})"
    return list(shown.values())

"""What a person reads at the end of a run."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data_cards.facts import CardFacts
from pipelines.runner import Outcome
from pipelines.sessions import comparison
from pipelines.sizes import show_size

__all__ = ["cpu_seconds", "print_comparison", "print_summary"]

_REASONS = 12
_MEASURED = ("time", "disk", "memory")


def print_summary(root: Path, outcome: Outcome) -> None:
    console = Console()
    facts = CardFacts.model_validate(outcome.manifest.facts)
    if outcome.worked:
        console.print(_funnel(facts))
        if facts.skipped:
            console.print(f"passed over, no documents: {_listed(facts.skipped)}", highlight=False)
        console.print(_times(root))
        print_comparison(console, root)
    else:
        console.print(f"Nothing to do: {root} is up to date with the recipe.")
    console.print(f"dataset  {root / 'dataset'}", highlight=False)
    console.print(f"card     {root / 'dataset' / 'README.md'}", highlight=False)
    console.print(f"report   gristmill audit {root}", highlight=False)
    console.print(f"ledger   {root / 'ledger'}   (gristmill explain {root} ID)", highlight=False)


def print_comparison(console: Console, root: Path) -> None:
    """What was estimated and what it came to, where a sample was taken before the run."""
    rows = comparison(root)
    if any(row.estimated for row in rows):
        table = Table(title="estimated from a sample, and what it came to", title_justify="left")
        for heading in ("", "estimated", "real"):
            table.add_column(heading, justify="left" if not heading else "right")
        for row in rows:
            table.add_row(row.name, row.estimated, row.real)
        console.print(table)
    else:
        console.print(", ".join(f"{row.name} {row.real}" for row in rows if row.name in _MEASURED), highlight=False)


def _funnel(facts: CardFacts) -> Table:
    table = Table(title=f"{facts.name}: every document accounted for", title_justify="left")
    for heading, justify in (("", "left"), ("documents", "right"), ("share", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for name, count in (("read", facts.collected), ("quarantined", facts.quarantined), ("dropped", facts.dropped)):
        table.add_row(name, f"{count:,}", _share(count, facts.collected))
        if name == "dropped":
            for reason, documents in list(facts.reasons.items())[:_REASONS]:
                table.add_row(f"  {reason}", f"{documents:,}", _share(documents, facts.collected))
    table.add_row("kept", f"{facts.kept:,}", _share(facts.kept, facts.collected))
    _add_new(table, facts)
    for split in facts.splits:
        table.add_row(f"  {split.name}", f"{split.documents:,}", show_size(split.bytes))
    return table


def _add_new(table: Table, facts: CardFacts) -> None:
    """New documents, why not all of them were kept, and what share of the dataset they are."""
    new = facts.augmentation
    if not new.made:
        return
    table.add_row("made by augmentation", f"{new.made:,}", "")
    left_out = {**new.reasons, **({"quarantined": new.quarantined} if new.quarantined else {})}
    for reason, documents in list(left_out.items())[:_REASONS]:
        table.add_row(f"  {reason}", f"-{documents:,}", "")
    table.add_row("  kept, share of all", f"{new.kept:,}", _share(new.kept, facts.kept + new.kept))
    if new.failed:
        failed = _listed({f"{reason}": count for reason, count in new.failed.items()})
        table.add_row("  could not be augmented", f"{sum(new.failed.values()):,}", failed)


def _listed(counts: dict[str, int]) -> str:
    more = [f"{len(counts) - _REASONS} other reasons"] if len(counts) > _REASONS else []
    return ", ".join([f"{count:,} {reason}" for reason, count in list(counts.items())[:_REASONS]] + more)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _times(root: Path) -> str:
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in cpu_seconds(root).items() if seconds >= 0.05)
    return f"CPU seconds by stage: {stages}"


def cpu_seconds(root: Path) -> dict[str, float]:
    """CPU seconds of the units of each stage, over all runs in this directory; steps of dedup together."""
    spent: dict[str, float] = defaultdict(float)
    log = root / "logs" / "units.jsonl"
    for line in log.read_text().splitlines() if log.is_file() else []:
        unit = json.loads(line)
        spent[unit["stage"].split("/")[0]] += unit["cpu_s"]
    return dict(spent)

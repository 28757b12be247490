"""The command that takes documents out for good: forget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from pipelines.forget.takedown import Takedown

__all__ = ["forget"]

_MOST = 10


def forget(
    dataset: Annotated[Path, typer.Argument(help="A run directory, or a dataset folder alone.")],
    id: Annotated[Optional[list[str]], typer.Option("--id", help="A document's id. May be repeated.")] = None,  # noqa: UP045
    url: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--url", help="An address; with * at its end all that begin so. May be repeated."),
    ] = None,
    match: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--match", help="Words that text, address or metadata hold, letter by letter. May be repeated."),
    ] = None,
    regex: Annotated[bool, typer.Option("--regex", help="Read --match as RE2 patterns.")] = False,
    training: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--training", help="A training run to look into; those beside the dataset are found."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Finish a takedown that was interrupted.")] = False,
) -> None:
    """Take documents out for good, with their copies and what was made of them; leaves a certificate."""
    from pipelines.forget.request import Request
    from pipelines.forget.takedown import plan_takedown, resume_takedown

    if resume:
        certificate = resume_takedown(dataset)
        typer.echo(f"certificate  {certificate}" if certificate else "nothing was interrupted")
        return
    request = Request(tuple(id or ()), tuple(url or ()), tuple(match or ()), regex)
    takedown = plan_takedown(dataset, request, training or ())
    if takedown.journal is None:
        typer.echo(f"nothing left to forget; {takedown.known:,} documents were taken out before")
        return
    _show(takedown)
    if dry_run:
        return
    if not yes:
        typer.confirm("Take them out for good?", abort=True)
    typer.echo(f"certificate  {takedown.carry_out()}")


def _show(takedown: Takedown) -> None:
    from collections import Counter

    journal = takedown.journal
    assert journal is not None
    for because, count in Counter(journal.documents.values()).most_common():
        typer.echo(f"{count:>10,}  {because}")
    for split, count in sorted(Counter(place.split for place in journal.places.values()).items()):
        shards = {place.shard for place in journal.places.values() if place.split == split}
        typer.echo(f"{count:>10,}  in split {split}, {len(shards):,} of its shards are rewritten")
    if journal.kept_out.heads:
        typer.echo(f"{len(journal.kept_out.heads):>10,}  records in quarantine, which lose their first bytes")
    if journal.tokens is not None:
        typer.echo(f"{sum(n for rows in journal.layout.values() for _, n in rows):>10,}  tokens")
    for seen in journal.training:
        typer.echo(f"training {seen['run']}: {_steps(seen)}")


def _steps(seen: dict[str, object]) -> str:
    steps = seen["steps"]
    if steps is None:
        return f"cannot be told, {seen['why']}"
    assert isinstance(steps, tuple)
    if not steps:
        return f"none of its {seen['done']:,} steps read them"
    shown = ", ".join(f"{step:,}" for step in steps[:_MOST]) + (" …" if len(steps) > _MOST else "")
    return f"{len(steps):,} of its {seen['done']:,} steps read them: {shown}"

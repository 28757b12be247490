"""Commands that look at a run and change nothing: status, verify, explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["explain", "status", "verify"]

Run = Annotated[Path, typer.Argument(help="A run directory, or a dataset folder taken out of one.")]


def status(run: Run) -> None:
    """How far a run has come, stage by stage."""
    from pipelines.status import print_status

    print_status(run)


def verify(
    run: Run,
    quick: Annotated[bool, typer.Option("--quick", help="Sizes and counts only, no checksums.")] = False,
) -> None:
    """Check every file of a run or dataset against its manifest, and the ledger against the dataset."""
    from pipelines.verify import print_report, verify_path

    print_report(verify_path(run, sums=not quick))


def explain(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    id: Annotated[str, typer.Argument(help="A document's id, its URL, or its key in the source.")],
) -> None:
    """Why a document is in the dataset, or why not: every score, every rule, every edit, and where it went."""
    from pipelines.explain import print_explanation

    print_explanation(run, id)

"""Commands for what has been released: diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["diff"]

Release = Annotated[Path, typer.Argument(help="A run directory or a dataset folder.")]


def diff(
    first: Release,
    second: Release,
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
    page: Annotated[Optional[Path], typer.Option(help="Write a self-contained page here.")] = None,  # noqa: UP045
) -> None:
    """What changed from one release to another: documents, reasons, rules, sources, languages, scores."""
    from dataclasses import asdict

    from curation.files import canonical_json, whole_file
    from pipelines.diff import diff as compare
    from pipelines.diff_pages import difference_page, print_difference

    found = compare(first, second)
    if page is not None:
        with whole_file(page) as file:
            file.write(difference_page(found).encode())
    if json:
        typer.echo(canonical_json(asdict(found)), nl=False)
    else:
        print_difference(found)
        if page is not None:
            typer.echo(f"page    {page}")

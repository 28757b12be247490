"""Commands for what has been released: diff, card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["card", "diff"]

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


def card(
    release: Release,
    strict: Annotated[bool, typer.Option("--strict", help="Fail while a question waits for a person.")] = False,
    to: Annotated[Optional[Path], typer.Option(help="Write all forms of the card into this folder.")] = None,  # noqa: UP045
) -> None:
    """What the card of a release still lacks; its forms lie in the dataset's folder."""
    from curation.files import whole_file
    from curation.schema import DOCUMENT
    from data_cards.card import needs_human
    from data_cards.folder import dataset_texts
    from pipelines.published import Published

    found = Published.open(release)
    forms = dataset_texts(found.facts, found.manifest.shards("data-"), DOCUMENT)
    for name in [name for name in forms if to is not None and "/" not in name]:
        with whole_file(to / name) as file:  # type: ignore[operator]
            file.write(forms[name].encode())
    typer.echo(f"card     {found.dataset if to is None else to}")
    if strict:
        needs_human(found.facts, where=f"card of {found.facts.name}")
    typer.echo(f"waiting  {', '.join(found.facts.unanswered()) or 'for nobody'}")

"""Commands that publish a release: export, push."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["export", "push"]


def export(
    release: Annotated[Path, typer.Argument(help="A run directory or a dataset folder.")],
    to: Annotated[Path, typer.Option(help="Folder to write; of an earlier export only what has changed.")],
    parquet: Annotated[bool, typer.Option("--parquet", help="As Parquet: zstd, a checksum on every page.")] = False,
) -> None:
    """Write a release in the form to publish: the same splits, with its cards and a manifest."""
    from pipelines.export_parquet import export_parquet
    from pipelines.sizes import show_size

    if not parquet:
        raise typer.BadParameter("give --parquet, the one form there is; `export-tokens` writes tokens")
    manifest = export_parquet(release, to)
    files = manifest.shards("data-")
    size = show_size(sum(file.bytes for file in files))
    typer.echo(f"wrote {manifest.counts['documents']:,} documents in {len(files):,} files, {size}, to {to}")


def push(
    folder: Annotated[Path, typer.Argument(help="What `export --parquet` wrote, a dataset folder, or a run.")],
    repository: Annotated[str, typer.Argument(help="Dataset repository on the Hugging Face hub: OWNER/NAME.")],
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public; private by default.")] = False,
    branch: Annotated[Optional[str], typer.Option(help="Branch to push to; the main one by default.")] = None,  # noqa: UP045
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Push although questions of the card wait for a person.")
    ] = False,
    squash: Annotated[
        bool, typer.Option("--squash", help="Leave the branch without history, as after a takedown.")
    ] = False,
) -> None:
    """Publish on the Hugging Face hub: exactly what the manifest names; the token is HF_TOKEN or that of the login."""
    from pipelines.push import push as publish

    address = publish(folder, repository, private=not public, branch=branch, unanswered=unanswered, squash=squash)
    typer.echo(f"pushed  {address}")

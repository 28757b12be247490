"""Commands about token shards: export-tokens, where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["export_tokens", "where"]

Tokens = Annotated[Path, typer.Argument(help="A run, a dataset, or its tokens folder.")]


def export_tokens(
    path: Tokens,
    to: Annotated[Path, typer.Option(help="Folder to write.")],
    format: Annotated[str, typer.Option(help="nanogpt, megatron or mds.")],
    length: Annotated[Optional[int], typer.Option(min=1, help="MDS: tokens a sample; a document by default.")] = None,  # noqa: UP045
) -> None:
    """Write token shards in the layout of another trainer, in the order and as often as the mixture says."""
    from pipelines.export_tokens import export_tokens as export

    for split, tokens in export(path, format, to, length).items():
        typer.echo(f"{split:<12} {tokens:,} tokens")
    typer.echo(f"wrote {to}")


def where(
    path: Tokens,
    split: Annotated[str, typer.Option(help="Split to look in.")] = "train",
    shard: Annotated[Optional[int], typer.Option(min=0, help="Number of a token shard.")] = None,  # noqa: UP045
    position: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, help="Number of a token in the shard, or in the split where none is given."),
    ] = None,
    id: Annotated[Optional[str], typer.Option("--id", help="A document, to find its tokens.")] = None,  # noqa: UP045
) -> None:
    """From a token to its document, or from a document to its tokens."""
    from training.data.tokens import locate

    if (position is None) == (id is None):
        raise typer.BadParameter("give --position (and --shard), or --id")
    place = locate(path, split, shard=shard, position=position, id=id)
    typer.echo(f"{place.id}  {place.shard}  row {place.row}, tokens {place.start} to {place.end}")

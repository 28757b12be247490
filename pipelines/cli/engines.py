"""Commands about engines: engine fetch, engine workers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["engine_app"]

engine_app = typer.Typer(help="Engines that runs can be moved to.", no_args_is_help=True)


@engine_app.callback()
def _engine() -> None:
    """Engines that runs can be moved to."""


@engine_app.command("fetch")
def fetch(
    engine: Annotated[str, typer.Argument(help="flink or spark.")],
    to: Annotated[Optional[Path], typer.Option(help="Folder; a cache of your own by default.")] = None,  # noqa: UP045
) -> None:
    """Fetch the job server of an engine by Maven, once, and hold every jar against its recorded checksum."""
    from pipelines.engines.jars import fetch_jars

    typer.echo(f"jars     {fetch_jars(engine, to)}")


@engine_app.command("workers")
def workers(port: Annotated[int, typer.Option(min=1, max=65535, help="Port that the engine knows.")] = 50000) -> None:
    """Give the workers of one machine to Flink or Spark (`--environment_type=EXTERNAL`), until it is ended."""
    from pipelines.engines.workers import serve_workers

    serve_workers(port)

"""Commands that run recipes: demo, run, plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipelines.cli.interruption import one_line_when_interrupted

__all__ = ["demo", "plan", "run"]

Recipe = Annotated[Path, typer.Argument(help="A recipe in YAML, or the name of one that comes with Gristmill.")]
Directory = Annotated[Optional[Path], typer.Option("--to", help="Run directory; runs/NAME by default.")]  # noqa: UP045
Set = Annotated[Optional[list[str]], typer.Option("--set", help="Change one value: path=value. May be repeated.")]  # noqa: UP045
Workers = Annotated[Optional[int], typer.Option(min=1, help="Worker processes; one a core by default.")]  # noqa: UP045
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


def demo(
    to: Annotated[Path, typer.Option(help="Run directory.")] = Path("runs/demo"),
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Curate the documentation that lies in this Python environment: a whole run on real text, without a network."""
    from pipelines.lean import slim_process

    slim_process()
    from pipelines.audit import ensure_report
    from pipelines.recipe_book import recipe_path

    typer.echo(f"report   {ensure_report(_run(recipe_path('demo'), to, [], workers, quiet))}")


def run(
    context: typer.Context,
    recipe: Recipe,
    to: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Run directory, or an address like s3://bucket/run; runs/NAME by default."),
    ] = None,
    set_: Set = None,
    workers: Workers = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents an operator sees at once.")] = 1000,
    memory: Annotated[
        str, typer.Option(help="Budget for keys in flight of a global step; limits.max_memory is that of a run.")
    ] = "1GB",
    estimate: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option(help="Take a sample first: is there room, how long will it take. By default from 256 MB on."),
    ] = None,
    runner: Annotated[
        str,
        typer.Option(help="direct, portable, prism, flink, spark or dataflow; its own options follow after `--`."),
    ] = "direct",
    job_endpoint: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="HOST:PORT of a Beam job server that is running; flink and spark start one otherwise."),
    ] = None,
    jars: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Job server for flink or spark: a jar, or a folder of them; by default what was fetched."),
    ] = None,
    scratch: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where a run works whose --to is an address; runs/NAME by default."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Run a recipe, or what is left to do of it."""
    from pipelines.lean import slim_process

    slim_process()  # before a million objects more are imported
    from pipelines.engines.opening import EngineChoice
    from pipelines.recipe_book import recipe_path
    from pipelines.sizes import parse_size

    _run(
        recipe_path(str(recipe)),
        to,
        set_ or [],
        workers,
        quiet,
        scratch,
        batch_size=batch_size,
        memory_bytes=parse_size(memory, "--memory"),
        estimate=estimate,
        engine=EngineChoice(runner, tuple(context.args), jars, job_endpoint),
    )


def _run(
    path: Path,
    to: Path | None,
    overrides: list[str],
    workers: int | None,
    quiet: bool,
    scratch: Path | None = None,
    **others: object,
) -> Path:
    from curation.recipe_file import load_recipe
    from pipelines.runner import Options, run_recipe
    from pipelines.stores.kept import run_kept
    from pipelines.stores.objects import address_of
    from pipelines.summary import print_summary

    recipe = load_recipe(path, overrides)
    address, named = address_of(to or ""), Path("runs") / recipe.name
    root = scratch or named if address else to or named
    chosen = {"workers": workers} if workers is not None else {}
    options = Options(quiet=quiet, **chosen, **others)  # type: ignore[arg-type]
    with one_line_when_interrupted():
        outcome = run_kept(recipe, address, root, options) if address else run_recipe(recipe, root, options)
    print_summary(root, outcome)
    if address:
        typer.echo(f"kept     {address}")
    return root


def plan(
    recipe: Recipe,
    to: Directory = None,
    set_: Set = None,
    workers: Workers = None,
    sample: Annotated[int, typer.Option(min=1, help="Documents to try.")] = 500,
) -> None:
    """Say what a run would do: stages to run or skip, and from a sample how long, how much disk, what share is kept."""
    from curation.recipe_file import load_recipe
    from pipelines.plan import plan_run, print_plan
    from pipelines.recipe_book import recipe_path
    from pipelines.stores.objects import on_this_machine

    on_this_machine(to, "plan")
    loaded = load_recipe(recipe_path(str(recipe)), set_ or [])
    print_plan(plan_run(loaded, to or Path("runs") / loaded.name, workers, sample))

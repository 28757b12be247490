"""The command that runs a study."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["ablate", "someone_watches"]


def ablate(
    study: Annotated[Path, typer.Argument(help="A study in YAML, or the name of one that comes with Gristmill.")],
    to: Annotated[Optional[Path], typer.Option("--to", help="Study directory; runs/NAME by default.")] = None,  # noqa: UP045
    set_: Annotated[Optional[list[str]], typer.Option("--set", help="Change one value: path=value.")] = None,  # noqa: UP045
    workers: Annotated[Optional[int], typer.Option(min=1, help="Processes; one a core by default.")] = None,  # noqa: UP045
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    check: Annotated[bool, typer.Option("--check", help="Validate and estimate; run nothing.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the report, where a browser has a screen.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure on trained models what stages, rules and defects do: arms, matched runs, statistics, one report.

    Does what is left to do of a study, and ends with the verdicts and the report's path.
    """
    from pipelines.ablation.ablate import ablate as run_study
    from pipelines.ablation.plan import planned
    from pipelines.ablation.study_file import load_study
    from pipelines.runner import Options

    loaded, recipe = load_study(study, set_ or [])
    chosen = {"workers": workers} if workers is not None else {}
    options = Options(quiet=quiet, **chosen)  # type: ignore[arg-type]
    for line in planned(loaded, options.workers, device):
        typer.echo(line)
    if check:
        return
    root = to or Path("runs") / loaded.name
    run_study(root, loaded, recipe, options, device)
    from training.ablation.report import write_report

    report = write_report(root)
    typer.echo(f"report  {report}")
    if open_ and someone_watches():
        webbrowser.open(report.resolve().as_uri())


def someone_watches() -> bool:
    """Whether a person at a screen started this: a browser in a terminal would take the terminal away."""
    graphical = sys.platform in ("darwin", "win32") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return graphical and sys.stdout.isatty()

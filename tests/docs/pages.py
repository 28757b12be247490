"""A page of the documentation, followed from top to bottom in a folder of its own."""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
import typer.main
from typer.testing import CliRunner

from curation.errors import GristmillError
from pipelines.cli import app
from tests.docs.blocks import Block, blocks

__all__ = ["PageError", "follow", "parse_command"]

_SHELL = set("|>&;$`*(<")
_WIDTH = "100"
_UsageError = typer.BadParameter.__mro__[1]


class PageError(AssertionError):
    """A command that does not work, or does not print what the page shows."""


def follow(page: Path, folder: Path, *, slow: bool = False) -> int:
    """Do what the page says; the number of blocks that were run or parsed."""
    done = 0
    with contextlib.chdir(folder), _environment():
        printed = ""
        found = blocks(page)
        for block, after in zip(found, [*found, None][1:], strict=True):
            shows_error = after is not None and after.language == "output" and "gristmill: " in after.body
            try:
                printed, counted = _do(block, printed, slow, shows_error)
            except (PageError, GristmillError) as error:
                raise PageError(f"{page.name}:{block.line}: {error}") from None
            done += counted
    return done


def _do(block: Block, printed: str | None, slow: bool, shows_error: bool) -> tuple[str | None, bool]:
    if block.language == "output":
        if printed is not None:
            _compare(block.body, printed)
        return printed, True
    if block.language == "sh":
        if block.mark and not (slow and block.mark.startswith(("Takes", "耗时"))):
            for command in block.commands():
                parse_command(command)
            return None, True
        return "".join([_run(command, shows_error) for command in block.commands()]), True
    if block.file:
        Path(block.file).parent.mkdir(parents=True, exist_ok=True)
        Path(block.file).write_text(block.body, "utf-8")
        return printed, True
    if block.language == "python" and not block.mark:
        return _run_python(block.body), True
    return printed, False


def _run(command: str, may_fail: bool) -> str:
    """What it prints. A plain `gristmill …` runs in this process; anything else in a shell."""
    if command.startswith("gristmill ") and not _SHELL & set(command):
        return _run_here(shlex.split(command)[1:], may_fail)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], capture_output=True, text=True)
    if done.returncode:
        raise PageError(f"`{command}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _run_here(arguments: list[str], may_fail: bool) -> str:
    """A user's mistake is a line, as on the command line, where the page shows it."""
    result = CliRunner().invoke(app, arguments)
    if may_fail and isinstance(result.exception, GristmillError):
        return f"{result.stdout}gristmill: {result.exception}\n"
    if result.exit_code:
        said = f"{result.output}\n{result.exception}"
        raise PageError(f"`gristmill {shlex.join(arguments)}` ended with {result.exit_code}:\n{said}")
    return result.stdout


def _run_python(body: str) -> str:
    """Run as a file, so that processes which it starts find its functions."""
    path = Path("example.py")
    path.write_text(body, "utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(path), run_name="example")
    return printed.getvalue()


def _compare(expected: str, printed: str) -> None:
    """Line by line but for white space and the width of tables; … is anything, alone on a line any lines."""
    pattern = "".join(_line_pattern(line) for line in expected.splitlines())
    if not re.fullmatch(pattern, "".join(f"{_plain(line)}\n" for line in printed.splitlines())):
        raise PageError(f"the page shows\n{expected}\nbut the command prints\n{printed}")


def _line_pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in _plain(line).split("…")) + r"\n"


def _plain(line: str) -> str:
    return re.sub(r"([━─═])\1+", r"\1", re.sub(r"\s+", " ", line)).strip()


def parse_command(command: str) -> None:
    """Hold a command that is not run against the real command line, and its recipe against the real loader."""
    words = shlex.split(command)
    if "gristmill" not in words:
        return
    arguments = words[words.index("gristmill") + 1 :]
    # What stands after a pipe or goes into a file is the shell's.
    ends = [place for place, word in enumerate(arguments) if word in ("|", ">", ">>", "&&", ";", "&")]
    arguments = arguments[: ends[0]] if ends else arguments
    parsed = _parsed(arguments)
    recipe = parsed.get("recipe")
    if recipe is not None and Path(recipe).is_file():
        _check_recipe(arguments[0], Path(recipe), parsed.get("set_") or [])


def _parsed(arguments: list[str]) -> dict[str, object]:
    command, name = typer.main.get_command(app), "gristmill"
    while hasattr(command, "commands"):
        if not arguments or arguments[0] not in command.commands:
            raise PageError(f"there is no command `{name} {' '.join(arguments[:1])}`")
        name, command, arguments = arguments[0], command.commands[arguments[0]], arguments[1:]
    try:
        return dict(command.make_context(name, list(arguments)).params)
    except _UsageError as error:
        raise PageError(f"`gristmill {name} {shlex.join(arguments)}`: {error}") from None


def _check_recipe(command: str, path: Path, changes: list[str]) -> None:
    if command in ("train", "finetune"):
        from training.finetuning.recipe import FinetuneRecipe
        from training.recipe import TrainRecipe
        from training.recipe_file import load_recipe

        load_recipe(TrainRecipe if command == "train" else FinetuneRecipe, path, changes)
    else:
        from curation.recipe_file import load_recipe as load

        load(path, changes)


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """A terminal of a known width, and this environment's commands first."""
    before = dict(os.environ)
    os.environ.update(COLUMNS=_WIDTH, PATH=f"{Path(sys.executable).parent}:{before.get('PATH', '')}")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

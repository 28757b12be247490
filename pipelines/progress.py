"""Progress, read from receipts, so that it is the same on every runner: a bar on a terminal, a JSON line elsewhere."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from curation.manifest import Unit, receipt_path

__all__ = ["Progress", "display"]

_BAR_EVERY, _LINE_EVERY = 0.2, 10.0

Show = Callable[[str, int, int, bool], None]


class Progress:
    """`quiet` says nothing at all. Elsewhere than on a terminal, one JSON line at each end and every ten seconds."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._quiet, self._stream = quiet, stream or sys.stderr

    @contextlib.contextmanager
    def stage(self, name: str, units: Sequence[Unit], root: Path) -> Iterator[None]:
        """Watch the receipts of a stage while the block runs."""
        if self._quiet:
            yield
            return
        paths = {receipt_path(root, name, unit.index) for unit in units}
        with display(self._stream) as (show, every):
            ended = threading.Event()
            watch = threading.Thread(target=_watch, args=(every, show, name, paths, ended), daemon=True)
            watch.start()
            try:
                yield
            finally:
                ended.set()
                watch.join()

    @contextlib.contextmanager
    def counting(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """For work without receipts: the block says how many of `total` are done."""
        if self._quiet or not total:
            yield lambda done: None
            return
        with display(self._stream) as (show, _):
            show(name, 0, total, False)
            yield lambda done: show(name, done, total, done == total)

    def skipped(self, name: str, units: int) -> None:
        if self._quiet:
            return
        if self._stream.isatty():
            self._stream.write(f"{name:<10} up to date, {units} units\n")
        else:
            self._stream.write(json.dumps({"stage": name, "units": units, "up_to_date": True}) + "\n")


def _watch(every: float, show: Show, stage: str, paths: set[Path], ended: threading.Event) -> None:
    done: set[Path] = set()
    while True:
        last = ended.wait(every)
        done |= {path for path in paths - done if path.exists()}
        show(stage, len(done), len(paths), last)
        if last:
            return


@contextlib.contextmanager
def display(stream: TextIO) -> Iterator[tuple[Show, float]]:
    """How to show progress on a stream, and how many seconds apart: a bar on a terminal, JSON lines elsewhere."""
    terminal = stream.isatty()
    with _bar(stream) if terminal else _lines(stream) as show:
        yield show, _BAR_EVERY if terminal else _LINE_EVERY


@contextlib.contextmanager
def _lines(stream: TextIO) -> Iterator[Show]:
    def show(stage: str, done: int, total: int, ended: bool) -> None:
        stream.write(json.dumps({"stage": stage, "done": done, "units": total, "ended": ended}) + "\n")
        stream.flush()

    yield show


@contextlib.contextmanager
def _bar(stream: TextIO) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(file=stream)) as bars:
        task = bars.add_task("", total=None)
        yield lambda stage, done, total, ended: bars.update(task, description=stage, completed=done, total=total)

"""The log of a run: one JSON object a line, on resume cut back to where the run goes on, and a bar on a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from curation.errors import ResourceError
from curation.files import whole_file

__all__ = ["Log", "TensorBoard", "read_log"]


class Log:
    """Appends entries; the first process of a run has one, the others none."""

    def __init__(self, path: Path, *, steps: int, resume_at: int = 0, quiet: bool = False, board: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_back(path, resume_at)
        self._file = path.open("a", encoding="utf-8")
        self._bar = _Bar(steps, resume_at) if not quiet and sys.stderr.isatty() else None
        self._board = TensorBoard(path.parent / "tensorboard") if board else None

    def write(self, kind: str, step: int, **values: Any) -> None:
        entry = {"kind": kind, "step": step, **{key: value for key, value in values.items() if value is not None}}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._file.flush()
        if self._bar is not None:
            self._bar.show(entry)
        if self._board is not None:
            self._board.write(entry)

    def close(self) -> None:
        self._file.close()
        if self._bar is not None:
            self._bar.close()
        if self._board is not None:
            self._board.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """Entries in order; a last line that was cut off by a kill is left out."""
    if not path.is_file():
        return []
    lines = path.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line.endswith("}")]


def _cut_back(path: Path, step: int) -> None:
    """Drop what a killed run logged after the checkpoint that is resumed."""
    kept = [entry for entry in read_log(path) if entry["step"] <= step]
    with whole_file(path) as file:
        file.write("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in kept).encode())


class _Bar:
    """A rich progress bar with loss and speed."""

    def __init__(self, steps: int, start: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (MofNCompleteColumn(), BarColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("train", total=steps, completed=start, note="")
        self._progress.start()

    def show(self, entry: dict[str, Any]) -> None:
        if entry["kind"] == "step":
            speed = f"{entry['tokens_per_second']:,.0f} tokens/s" if "tokens_per_second" in entry else ""
            self._progress.update(self._task, completed=entry["step"], note=f"loss {entry['loss']:.4f}  {speed}")

    def close(self) -> None:
        self._progress.stop()


class TensorBoard:
    """The numbers of the log as TensorBoard events."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            do = 'pip install "gristmill[tensorboard]", or leave `tensorboard` out'
            raise ResourceError("machine.tensorboard", "no tensorboard", "the extra `tensorboard`", do) from None
        self._writer = SummaryWriter(str(folder))

    def write(self, entry: dict[str, Any]) -> None:
        for key, value in entry.items():
            if key != "step" and isinstance(value, (int, float)):
                self._writer.add_scalar(f"{entry['kind']}/{key}", value, entry["step"])

    def close(self) -> None:
        self._writer.close()

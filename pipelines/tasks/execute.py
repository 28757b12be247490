"""One unit of work from start to receipt: what every runner calls, in whatever process it likes.

Calling it twice, also at the same time, does no harm: files appear by rename and have the same bytes each time.
"""

from __future__ import annotations

import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

from curation.manifest import Receipt, Unit
from curation.shards import FileRecord
from pipelines.tasks import failures

__all__ = ["emit", "execute", "execute_group"]

_seen: set[tuple[str | int, ...]] = set()  # states of files that have the bytes they should have


def execute(root: str, task: str, unit: str, settings: str) -> int:
    """Run a unit unless it has a true receipt; `unit` and `settings` are JSON. Returns the unit's index."""
    work = Unit.model_validate_json(unit)
    with failures.left(Path(root)):
        if Receipt.read(Path(root), work) is None:
            with _Timed(root, work):
                _check(Path(root), work.payload)
                _keep(Path(root), _function(task)(Path(root), work, json.loads(settings)))
    return work.index


def emit(root: str, task: str, unit: str, keys: tuple[int, int]) -> list[tuple[int, bytes]]:
    """Packed values of a unit for the keys in [first, last)."""
    work = Unit.model_validate_json(unit)
    with failures.left(Path(root)), _Timed(root, work):
        _check(Path(root), work.payload)
        pairs: list[tuple[int, bytes]] = _function(task)(Path(root), work, *keys)
    return pairs


def execute_group(root: str, task: str, unit: str, settings: str, values: list[bytes]) -> int:
    """Run a unit on the values that the engine brought together for it."""
    work = Unit.model_validate_json(unit)
    with failures.left(Path(root)), _Timed(root, work):
        _check(Path(root), work.payload)
        whole = [value for value in values if value]
        _keep(Path(root), _function(task)(Path(root), work, json.loads(settings), whole))
    return work.index


def _keep(root: Path, receipt: Receipt) -> None:
    receipt.write(root)
    _seen.update(_state(root, file) for file in receipt.files)


def _check(root: Path, payload: Any) -> None:
    """Every file of an earlier stage that a unit names has its bytes, or nothing would show what they led to.

    sha256 runs at a gigabyte a second, so a process reads again only what has changed since it last read or wrote it.
    """
    if isinstance(payload, list):
        for item in payload:
            _check(root, item)
    elif isinstance(payload, dict) and payload.keys() == FileRecord.model_fields.keys():
        file = FileRecord.model_validate(payload)
        file.check(root)
        if _state(root, file) not in _seen:
            file.check(root, sums=True)
            _seen.add(_state(root, file))
    elif isinstance(payload, dict):
        _check(Path(payload.get("root", root)), list(payload.values()))


def _state(root: Path, file: FileRecord) -> tuple[str | int, ...]:
    """Any write into the file changes it: the system sets the last time itself."""
    status = (root / file.path).stat()
    times = status.st_mtime_ns, status.st_ctime_ns
    return (file.sha256, status.st_dev, status.st_ino, status.st_size, *times)


def _function(task: str) -> Any:
    module, _, name = task.partition(":")
    return getattr(importlib.import_module(module), name)


class _Timed:
    """Adds a line to logs/units.jsonl: seconds of CPU and wall, kept apart from everything that is compared."""

    def __init__(self, root: str, unit: Unit) -> None:
        self._path, self._unit = Path(root) / "logs" / "units.jsonl", unit

    def __enter__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._note(time.process_time() - self._cpu, time.perf_counter() - self._wall)

    def _note(self, cpu: float, wall: float) -> None:
        line = {"stage": self._unit.stage, "unit": self._unit.index, "cpu_s": round(cpu, 4), "wall_s": round(wall, 4)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, (json.dumps(line) + "\n").encode())
        finally:
            os.close(handle)

"""A stage whose receipts are looked at as they appear, to stop a run that has gone wrong before the stage has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from curation.manifest import Receipt, Unit, receipt_path
from pipelines.watch import Watch

__all__ = ["Alarm", "heeded"]

_EVERY = 0.5

# Looks at one more receipt of a run; raises a GristmillError to stop it.
Alarm = Callable[[Path, Receipt], None]


def heeded(alarm: Alarm | None, units: Sequence[Unit], root: Path) -> AbstractContextManager[object]:
    """While the block runs, the alarm sees every true receipt of the units once, those of an earlier run as well."""
    return nullcontext() if alarm is None else Watch(_Receipts(alarm, units, root).look, _EVERY)


class _Receipts:
    def __init__(self, alarm: Alarm, units: Sequence[Unit], root: Path) -> None:
        self._alarm, self._root = alarm, root
        self._waiting = {receipt_path(root, unit.stage, unit.index): unit for unit in units}

    def look(self) -> None:
        for path in [path for path in self._waiting if path.exists()]:
            receipt = Receipt.read(self._root, self._waiting[path])
            if receipt is not None:
                del self._waiting[path]
                self._alarm(self._root, receipt)

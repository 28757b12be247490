"""What stages ask of Beam, without Beam: whoever only looks at stages does not wait a second for its import.

Local runs name FnApiRunner (the name DirectRunner tries to download a binary) and hand their units to the run's pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.manifest import Unit

__all__ = ["LOCAL", "Engine", "Grouping", "Work"]

LOCAL = "FnApiRunner"


@dataclass(frozen=True)
class Work:
    """A function for units, by name, and what it is told besides the unit."""

    root: str
    task: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Grouping:
    """Keys come out of units by `emit`; each key of [first, last) has a unit that `work` runs on the key's values."""

    emit: str
    work: Work
    first: int
    last: int
    units: dict[int, Unit]


@dataclass(frozen=True)
class Engine:
    """`runner` is Beam's name of a runner; `options` are that runner's own; `log` is where its job server writes."""

    runner: str = LOCAL
    options: tuple[str, ...] = ()
    log: Path | None = None

    @property
    def is_local(self) -> bool:
        return self.runner == LOCAL

    def map(self, work: Work, units: Sequence[Unit]) -> None:
        """Run every unit. Returns when all have receipts."""
        from pipelines.graph import map_units

        map_units(self, work, units)

    def group(self, units: Sequence[Unit], grouping: Grouping) -> None:
        """Bring the packed values of each key together and run the key's unit on them."""
        from pipelines.graph import group_units

        group_units(self, units, grouping)

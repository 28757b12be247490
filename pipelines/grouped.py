"""Stages whose units are fed by key through the engine's own GroupByKey.

Of a table that is sorted by its key only the place of each range goes through (pipelines.tasks.packed), and the unit
reads it there. Rows that are made on the way go through themselves: on one machine in waves, so that what is in flight
fits the memory budget; on a cluster in one wave. How many ranges of keys there are depends on the data alone, so every
machine leaves the same files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from curation.files import digest_of
from curation.manifest import Unit
from pipelines.engine import Engine, Grouping, Work
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, content_of, units_of

__all__ = ["Feed", "grouped_stage", "ranges"]

ROWS_PER_RANGE = 500_000
# Packed rows in the engine, on their way to a worker, and sorted there; measured on `benchmarks/dedup.py`.
_COPIES = 5


@dataclass(frozen=True)
class Feed:
    """Where values come from: payloads for `emit`, which gives (key, packed), and how many bytes of rows it packs."""

    emit: str
    payloads: Sequence[dict[str, Any]]
    bytes: int


def ranges(rows: int) -> int:
    return max(1, -(-rows // ROWS_PER_RANGE))


def grouped_stage(
    name: str,
    definition: Any,
    run: RunDirectory,
    settings: dict[str, Any],
    feed: Feed,
    task: str,
    payloads: Sequence[dict[str, Any]],
    common: dict[str, Any],
) -> Stage:
    """Unit number k runs `task` on the values of key k. `common` tells where to look and decides nothing."""
    # A unit gets the values of its number, so the number is part of what it is.
    identities = [[index, content_of(payload)] for index, payload in enumerate(payloads)]
    units = units_of(name, definition, [{**common, **payload} for payload in payloads], identities)
    emitters = [
        Unit(stage=f"{name}-feed", index=index, fingerprint="", payload=payload)
        for index, payload in enumerate(feed.payloads)
    ]
    work = Work(str(run.root), task, settings)
    each = max(1, feed.bytes // max(1, len(units))) * _COPIES

    def work_off(engine: Engine, todo: Sequence[Unit]) -> None:
        size = max(1, settings["memory_bytes"] // each) if engine.is_local else len(todo)
        for wave in _waves(todo, size):
            engine.group(emitters, Grouping(feed.emit, work, min(wave), max(wave) + 1, wave))

    return Stage(name, digest_of([name, [unit.fingerprint for unit in units]]), units, work_off)


def _waves(todo: Sequence[Unit], size: int) -> Iterator[dict[int, Unit]]:
    for start in range(0, len(todo), size):
        yield {unit.index: unit for unit in todo[start : start + size]}

"""All there is of Beam: units go through a map, or keys of units through the engine's own GroupByKey.

An element is a unit of work or a packed array of keys, never a document. Local runs name FnApiRunner (the name
DirectRunner tries to download a binary) and hand each bundle to the run's pool; on a cluster a worker does its units
itself. Parameters travel in the elements: Beam gives subprocess workers no global options.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from curation.manifest import Unit
from pipelines import pool
from pipelines.tasks import execute

__all__ = ["Engine", "Grouping", "Work"]

logger = logging.getLogger(__name__)

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
    """`runner` is Beam's name of a runner; `options` are that runner's own."""

    runner: str = LOCAL
    options: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        return self.runner == LOCAL

    def map(self, work: Work, units: Sequence[Unit]) -> None:
        """Run every unit. Returns when all have receipts."""
        with self._pipeline() as pipeline:
            (
                pipeline
                | "Units" >> beam.Create([unit.model_dump_json() for unit in units], reshuffle=False)
                | "Spread" >> beam.Reshuffle()
                | "RunUnit" >> beam.ParDo(_RunUnits(work))
            )

    def group(self, units: Sequence[Unit], grouping: Grouping) -> None:
        """Bring the packed values of each key together and run the key's unit on them."""
        elements = ["", *(unit.model_dump_json() for unit in units)]
        with self._pipeline() as pipeline:
            (
                pipeline
                | "Units" >> beam.Create(elements, reshuffle=False)
                | "Spread" >> beam.Reshuffle()
                | "EmitKeys" >> beam.ParDo(_EmitKeys(grouping)).with_output_types(tuple[int, bytes])
                | "ByKey" >> beam.GroupByKey()
                | "RunKey" >> beam.ParDo(_RunKeys(grouping))
            )

    def _pipeline(self) -> beam.Pipeline:
        flags = [f"--runner={self.runner}", *self.options]
        return beam.Pipeline(options=PipelineOptions(flags))


class _Pooled(beam.DoFn):
    """Gathers a bundle's calls for the pool where there is one, and makes them at once where there is none."""

    function: Any

    def start_bundle(self) -> None:
        self._calls: list[tuple[Any, ...]] = []

    def _call(self, arguments: tuple[Any, ...]) -> Iterator[Any]:
        if pool.current() is None:
            yield self.function(*arguments)
        else:
            self._calls.append(arguments)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        workers = pool.current()
        if workers is not None and self._calls:
            for result in workers.run(self.function, self._calls):
                for value in result if isinstance(result, list) else [result]:
                    yield WindowedValue(value, 0, [GlobalWindow()])


class _RunUnits(_Pooled):
    function = staticmethod(execute.execute)

    def __init__(self, work: Work) -> None:
        self._work = work

    def process(self, unit: str) -> Iterator[int]:
        yield from self._call((self._work.root, self._work.task, unit, json.dumps(self._work.settings)))


class _EmitKeys(_Pooled):
    function = staticmethod(execute.emit)

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping

    def process(self, unit: str) -> Iterator[tuple[int, bytes]]:
        keys = (self._grouping.first, self._grouping.last)
        if not unit:  # the one element that makes every key exist
            yield from ((key, b"") for key in self._grouping.units)
            return
        for pairs in self._call((self._grouping.work.root, self._grouping.emit, unit, keys)):
            yield from pairs


class _RunKeys(_Pooled):
    function = staticmethod(execute.execute_group)

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[int]:
        key, values = element
        work, unit = self._grouping.work, self._grouping.units.get(key)
        if unit is not None:
            call = (work.root, work.task, unit.model_dump_json(), json.dumps(work.settings), list(values))
            yield from self._call(call)

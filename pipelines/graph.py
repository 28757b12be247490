"""The module that imports Beam: units go through a map, or keys of units through Beam's own GroupByKey.

An element is a unit of work or a packed array of keys, never a document. On one machine the pool spreads the units, so
the graph is as small as it can be: a pipeline of two steps takes Beam 15 ms, one with Create and Reshuffle 75. On a
cluster a Reshuffle spreads them, and a worker does its units itself. Parameters travel in the elements: Beam gives
subprocess workers no global options.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from curation.errors import GristmillError
from curation.manifest import Unit
from pipelines import pool
from pipelines.engine import Engine, Grouping, Work
from pipelines.lean import without
from pipelines.tasks import execute, failures

# For data frames, a database and stores, which nobody asks for here.
with without("pandas", "pymongo", "boto3", "apache_beam.io.gcp"):
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.transforms.window import GlobalWindow
    from apache_beam.utils.windowed_value import WindowedValue

__all__ = ["group_units", "map_units"]


def map_units(engine: Engine, work: Work, units: Sequence[Unit]) -> None:
    with _pipeline(engine) as pipeline:
        _spread(pipeline, units, engine) | "RunUnit" >> beam.ParDo(_RunUnits(work))


def group_units(engine: Engine, units: Sequence[Unit], grouping: Grouping) -> None:
    with _pipeline(engine) as pipeline:
        (
            _spread(pipeline, units, engine)
            | "EmitKeys" >> beam.ParDo(_EmitKeys(grouping)).with_output_types(tuple[int, bytes])
            | "ByKey" >> beam.GroupByKey()
            | "RunKey" >> beam.ParDo(_RunKeys(grouping))
        )


@contextlib.contextmanager
def _pipeline(engine: Engine) -> Iterator[beam.Pipeline]:
    """Runs when the block ends. Whoever interrupts the run does not leave a job behind on a cluster."""
    pipeline = beam.Pipeline(options=_options(engine))
    try:
        with pipeline:
            yield pipeline
    except KeyboardInterrupt:
        job = getattr(pipeline, "result", None)
        if job is not None and not engine.is_local:
            job.cancel()
        raise


def _spread(pipeline: beam.Pipeline, units: Sequence[Unit], engine: Engine) -> beam.PCollection:
    """The units as JSON; the empty text comes first, for what must happen once."""
    elements = pipeline | "Begin" >> beam.Impulse() | "Units" >> beam.ParDo(_Units(units))
    return elements if engine.is_local else elements | "Spread" >> beam.Reshuffle()


class _Options(PipelineOptions):
    """Beam asks some ninety times per pipeline for a view of its options, and parses them anew each time; not here."""

    def view_as(self, cls: type[Any]) -> Any:
        views = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]


@cache
def _options(engine: Engine) -> _Options:
    return _Options([f"--runner={engine.runner}", *engine.options])


class _Units(beam.DoFn):
    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = [unit.model_dump_json() for unit in units]

    def process(self, impulse: bytes) -> Iterator[str]:
        yield ""
        yield from self._units


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
            for result in self._results(workers):
                for value in result if isinstance(result, list) else [result]:
                    yield WindowedValue(value, 0, [GlobalWindow()])

    def _results(self, workers: pool.Pool) -> Iterator[Any]:
        try:
            yield from workers.run(self.function, self._calls)
        except (GristmillError, OSError) as error:
            failures.leave(Path(self._calls[0][0]), error)
            raise


class _RunUnits(_Pooled):
    function = staticmethod(execute.execute)

    def __init__(self, work: Work) -> None:
        self._work = work

    def process(self, unit: str) -> Iterator[int]:
        if unit:
            yield from self._call((self._work.root, self._work.task, unit, json.dumps(self._work.settings)))


class _EmitKeys(_Pooled):
    function = staticmethod(execute.emit)

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping

    def process(self, unit: str) -> Iterator[tuple[int, bytes]]:
        keys = (self._grouping.first, self._grouping.last)
        if not unit:  # makes every key exist
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

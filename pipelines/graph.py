"""The module that imports Beam: units go through a map, or keys of units through Beam's own GroupByKey.

An element is a unit of work or a packed array of keys, never a document. On one machine the pool spreads the units, so
the graph is as small as it can be, and Beam builds it once for all stages. On a cluster a Reshuffle spreads the units,
and a worker does its own. Parameters travel in the elements: Beam gives subprocess workers no global options.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from curation.errors import GristmillError
from curation.manifest import Unit
from pipelines import pool
from pipelines.engine import Engine, Grouping, Work
from pipelines.lean import without
from pipelines.tasks import execute, failures

# For data frames, a database and stores, which nobody asks for here.
with without("pandas", "pymongo", "bson", "boto3", "apache_beam.io.gcp"):
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.portability.api import beam_runner_api_pb2
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.transforms.core import get_function_args_defaults
    from apache_beam.transforms.window import GlobalWindow
    from apache_beam.utils.windowed_value import WindowedValue

__all__ = ["group_units", "map_units"]


@dataclass(frozen=True)
class _Job:
    """What a pipeline does: units, and what becomes of them: `Work` for a map, `Grouping` for a group."""

    units: Sequence[Unit]
    to_do: Any


_Graph = Callable[[beam.Pipeline, Engine, _Job | None], None]


def map_units(engine: Engine, work: Work, units: Sequence[Unit]) -> None:
    _run(engine, _Job(units, work), _mapped)


def group_units(engine: Engine, units: Sequence[Unit], grouping: Grouping) -> None:
    _run(engine, _Job(units, grouping), _grouped)


def _mapped(pipeline: beam.Pipeline, engine: Engine, job: _Job | None) -> None:
    _spread(pipeline, engine, job) | "RunUnit" >> beam.ParDo(_RunUnits(job))


def _grouped(pipeline: beam.Pipeline, engine: Engine, job: _Job | None) -> None:
    (
        _spread(pipeline, engine, job)
        | "EmitKeys" >> beam.ParDo(_EmitKeys(job)).with_output_types(tuple[int, bytes])
        | "ByKey" >> beam.GroupByKey()
        | "RunKey" >> beam.ParDo(_RunKeys(job))
    )


def _spread(pipeline: beam.Pipeline, engine: Engine, job: _Job | None) -> beam.PCollection:
    """The units as JSON; the empty text comes first, for what must happen once."""
    elements = pipeline | "Begin" >> beam.Impulse() | "Units" >> beam.ParDo(_Units(job))
    return elements if engine.is_local else elements | "Spread" >> beam.Reshuffle()


def _run(engine: Engine, job: _Job, graph: _Graph) -> None:
    if engine.is_local:
        _here(graph).run_job(engine, job)
        return
    pipeline = beam.Pipeline(options=_options(engine))
    try:
        with pipeline:
            graph(pipeline, engine, job)
    except KeyboardInterrupt:  # whoever interrupts the run does not leave a job behind on a cluster
        running = getattr(pipeline, "result", None)
        if running is not None:
            running.cancel()
        raise


@cache
def _here(graph: _Graph) -> _Here:
    return _Here(graph)


class _Here(FnApiRunner):
    """Runs jobs of one graph in this process: Beam builds, checks and translates the graph once, and finds the job."""

    job: ClassVar[_Job | None] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, graph: _Graph) -> None:
        super().__init__()
        self._graph, self._translated = graph, b""

    def run_job(self, engine: Engine, job: _Job) -> None:
        with self._lock:
            _Here.job = job
            if self._translated:
                proto = beam_runner_api_pb2.Pipeline.FromString(self._translated)
                super().run_via_runner_api(proto, _options(engine))
            else:
                with beam.Pipeline(runner=self, options=_options(engine)) as pipeline:
                    self._graph(pipeline, engine, None)

    def run_via_runner_api(self, pipeline_proto: Any, options: PipelineOptions) -> Any:
        self._translated = pipeline_proto.SerializeToString()
        return super().run_via_runner_api(pipeline_proto, options)


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


def _given(job: _Job | None) -> _Job:
    """The job that a pipeline was built for, or the one of this process."""
    job = job or _Here.job
    assert job is not None
    return job


class _Plain(beam.DoFn):
    """Beam inspects every method of a DoFn for state and timers, time and again; here, once."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_inspect_"):
            raise AttributeError(name)
        return lambda: _arguments(type(self), name.removeprefix("_inspect_"))


@cache
def _arguments(kind: type[Any], method: str) -> Any:
    return get_function_args_defaults(getattr(kind(None), method))


class _Units(_Plain):
    def __init__(self, job: _Job | None) -> None:
        self._job = job

    def process(self, impulse: bytes) -> Iterator[str]:
        yield ""
        yield from (unit.model_dump_json() for unit in _given(self._job).units)


class _Pooled(_Plain):
    """Gathers a bundle's calls for the pool where there is one, and makes them at once where there is none."""

    function: Any

    def __init__(self, job: _Job | None) -> None:
        self._job = job and _Job((), job.to_do)  # units come as elements

    @property
    def _to_do(self) -> Any:
        return _given(self._job).to_do

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

    def process(self, unit: str) -> Iterator[int]:
        work: Work = self._to_do
        if unit:
            yield from self._call((work.root, work.task, unit, json.dumps(work.settings)))


class _EmitKeys(_Pooled):
    function = staticmethod(execute.emit)

    def process(self, unit: str) -> Iterator[tuple[int, bytes]]:
        grouping: Grouping = self._to_do
        if not unit:  # makes every key exist
            yield from ((key, b"") for key in grouping.units)
            return
        for pairs in self._call((grouping.work.root, grouping.emit, unit, (grouping.first, grouping.last))):
            yield from pairs


class _RunKeys(_Pooled):
    function = staticmethod(execute.execute_group)

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[int]:
        key, values = element
        grouping: Grouping = self._to_do
        work, unit = grouping.work, grouping.units.get(key)
        if unit is not None:
            call = (work.root, work.task, unit.model_dump_json(), json.dumps(work.settings), list(values))
            yield from self._call(call)

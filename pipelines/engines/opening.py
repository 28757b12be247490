"""From `--runner NAME` to an engine that is ready for units, and back: what was started for the run ends with it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.errors import RecipeError, ResourceError
from pipelines.engine import LOCAL, Engine
from pipelines.engines.jars import find_jars
from pipelines.engines.names import RUNNERS, beam_name, value_of
from pipelines.engines.needs import check_dataflow, check_workers, find_prism, reach
from pipelines.engines.quiet import quiet_goodbyes
from pipelines.engines.server import job_server

__all__ = ["EngineChoice", "opened"]

_MASTER = {"flink": "--flink_master", "spark": "--spark_master_url"}
_HERE = {"flink": "[local]", "spark": "local[{}]"}
_IS_HERE = re.compile(r"\[(local|auto)\]|local(\[.*\])?")
# A list of the packages installed here would travel with every pipeline: a second for each, and nobody reads it.
_ALWAYS = ("--experiments=disable_logging_submission_environment",)
_IN_THIS_PROCESS = "--environment_type=LOOPBACK"


@dataclass(frozen=True)
class EngineChoice:
    """What the user said: a runner, its own options, and for those with a job server where it is or what it is."""

    runner: str = LOCAL
    options: tuple[str, ...] = ()
    jars: Path | None = None
    job_endpoint: str | None = None

    @property
    def is_local(self) -> bool:
        return beam_name(self.runner) == LOCAL


@contextlib.contextmanager
def opened(choice: EngineChoice, workers: int, log: Path) -> Iterator[Engine]:
    """The engine, for as long as the block runs. `log` is where a job server that is started here writes."""
    name = beam_name(choice.runner)
    short = next((short for short, long in RUNNERS.items() if long == name), choice.runner)
    if name == LOCAL:
        _check_local(choice)
        yield Engine(name, choice.options)
        return
    with contextlib.ExitStack() as stack:
        stack.enter_context(quiet_goodbyes())
        options = (*_ALWAYS, *choice.options)
        if short in _MASTER:
            options += _served(short, choice, workers, log, stack)
        elif short == "portable":
            options += _portable(choice)
        elif short == "prism" and value_of(options, "--prism_location") is None:
            options += (f"--prism_location={find_prism()}",)
        elif short == "dataflow":
            check_dataflow(options)
            check_workers(short, options)
        yield Engine(name, options, log)


def _check_local(choice: EngineChoice) -> None:
    """Whoever names a job server and forgets the engine would run here without noticing."""
    if choice.jars is not None or choice.job_endpoint is not None:
        found = "--jars" if choice.jars is not None else "--job-endpoint"
        raise RecipeError("--runner direct", found, "an engine that has a job server", "add --runner flink or spark")


def _endpoint(choice: EngineChoice) -> str | None:
    return choice.job_endpoint or value_of(choice.options, "--job_endpoint")


def _portable(choice: EngineChoice) -> tuple[str, ...]:
    endpoint = _endpoint(choice)
    if endpoint is None:
        expected = "--job-endpoint HOST:PORT"
        raise ResourceError("--runner portable", "no job server", expected, "or try it here: --job-endpoint embed")
    if endpoint == "embed":
        return (f"--job_endpoint={endpoint}", *_loopback(choice))
    reach("portable", endpoint)
    check_workers("portable", choice.options)
    return (f"--job_endpoint={endpoint}",)


def _served(engine: str, choice: EngineChoice, workers: int, log: Path, stack: contextlib.ExitStack) -> tuple[str, ...]:
    """For Flink and Spark: the user's job server, or one that is started here."""
    given = value_of(choice.options, _MASTER[engine])
    endpoint = _endpoint(choice)
    master = given or (None if endpoint else _HERE[engine].format(workers))
    is_here = master is not None and _IS_HERE.fullmatch(master) is not None
    if not is_here:
        check_workers(engine, choice.options)
    if endpoint is not None:
        reach(engine, endpoint)
    elif master is not None:
        endpoint = stack.enter_context(job_server(engine, find_jars(engine, choice.jars), master, log))
    options = (f"--job_endpoint={endpoint}", *([f"{_MASTER[engine]}={master}"] if master else []))
    return (*options, *_loopback(choice), *_parallelism(engine, choice, workers)) if is_here else options


def _loopback(choice: EngineChoice) -> tuple[str, ...]:
    return () if value_of(choice.options, "--environment_type") is not None else (_IN_THIS_PROCESS,)


def _parallelism(engine: str, choice: EngineChoice, workers: int) -> tuple[str, ...]:
    given = value_of(choice.options, "--parallelism") is not None
    return () if given or engine != "flink" else (f"--parallelism={workers}",)

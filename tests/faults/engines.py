"""Other ways to run units than the usual one: without Beam, which touches no file of a run, or with bundles retried."""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from curation.manifest import Unit
from pipelines import graph
from pipelines.engine import Engine, Grouping, Work
from pipelines.tasks import execute

__all__ = ["in_a_loop", "retried"]


class BrokenBundleError(Exception):
    """What a worker dies of in the middle of its work."""


def in_a_loop() -> None:
    """From now on this process runs its units one after the other, which takes a tenth of what Beam takes for few."""
    Engine.map, Engine.group = _map, _group  # type: ignore[method-assign]


def _map(engine: Engine, work: Work, units: Sequence[Unit]) -> None:
    for unit in units:
        execute.execute(work.root, work.task, unit.model_dump_json(), json.dumps(work.settings))


def _group(engine: Engine, units: Sequence[Unit], grouping: Grouping) -> None:
    work, values = grouping.work, {key: [] for key in grouping.units}
    for unit in units:
        pairs = execute.emit(work.root, grouping.emit, unit.model_dump_json(), (grouping.first, grouping.last))
        for key, value in pairs:
            values.setdefault(key, []).append(value)
    for key, unit in grouping.units.items():
        execute.execute_group(work.root, work.task, unit.model_dump_json(), json.dumps(work.settings), values[key])


def retried(seed: int) -> None:
    """From now on some calls for a unit are made twice, at once by two threads, or break off and are made again."""
    chance = random.Random(seed)
    for transform in (graph._RunUnits, graph._EmitKeys, graph._RunKeys):
        transform.function = staticmethod(_retried(transform.function, chance))


def _retried(function: Callable[..., Any], chance: random.Random) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        way = chance.choice(["once", "again", "together", "broken", "broken"])
        if way == "again":
            function(*arguments)
        elif way == "together":
            other = threading.Thread(target=function, args=arguments)
            other.start()
            result = function(*arguments)
            other.join()
            return result
        elif way == "broken":
            _break_off(function, arguments, chance.randrange(80))
        return function(*arguments)

    return call


def _break_off(function: Callable[..., Any], arguments: tuple[Any, ...], calls: int) -> None:
    """A first attempt that ends after so many calls of Python functions, wherever that is."""
    left = calls

    def trace(frame: Any, event: str, argument: Any) -> None:
        nonlocal left
        # Only in functions of ours: the interpreter's own, such as its compiler, do not expect an error there.
        ours = event == "call" and any(part in frame.f_code.co_filename for part in ("/pipelines/", "/curation/"))
        left -= ours
        if ours and left < 0:
            raise BrokenBundleError

    sys.setprofile(trace)
    try:
        function(*arguments)
    except BrokenBundleError:
        pass
    finally:
        sys.setprofile(None)

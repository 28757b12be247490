"""One pool of worker processes for the whole run: it outlives every pipeline, and survives a killed worker.

Processes, not threads: clean recipes spend part of their time in Python, where threads share one lock. Workers are
forked from a clean server process, so they carry neither Beam nor the driver's memory, and end when the driver ends.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver, resource_tracker
from typing import Any, TypeVar, cast

from curation.errors import ResourceError
from pipelines.lean import slim_process

__all__ = ["Pool", "call", "current", "use"]

T = TypeVar("T")

_ATTEMPTS = 3
_PRELOAD = ["pipelines.worker_server", "numpy", "pyarrow", "pyarrow.compute", "pydantic", "numba"]
_PRELOAD += ["pipelines.tasks.execute", "pipelines.lean"]

_current: Pool | None = None


class Pool:
    """`run` calls a function for every tuple of arguments, on all workers, and yields results as they come."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor: ProcessPoolExecutor | None = None

    def run(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        """Raises whatever a call raises; a worker that dies is replaced and its calls are made again, up to 3 times."""
        attempts = dict.fromkeys(range(len(calls)), 0)
        pending = list(attempts)
        while pending:
            running: dict[Future[Any], int] = {}
            try:
                yield from self._round(function, calls, pending, running)
            except BrokenProcessPool:
                self.close()
                # Which of the running calls killed the worker cannot be known; each of them is charged.
                for number in running.values():
                    attempts[number] += 1
                worst = max(attempts.values())
                if worst >= _ATTEMPTS:
                    found = f"a worker that died {worst} times on the same work (out of memory?)"
                    do = "use fewer --workers, or a machine with more memory"
                    raise ResourceError("worker pool", found, "workers that live", do) from None

    def _round(
        self,
        function: Callable[..., Any],
        calls: Sequence[tuple[Any, ...]],
        pending: list[int],
        running: dict[Future[Any], int],
    ) -> Iterator[Any]:
        """Keep a few calls in flight; `pending` and `running` tell what is left if the pool breaks."""
        waiting = list(reversed(pending))
        while waiting or running:
            while waiting and len(running) < 2 * self.workers:
                number = waiting.pop()
                running[self._started().submit(function, *calls[number])] = number
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                result = future.result()
                pending.remove(running.pop(future))
                yield result

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def kill(self) -> None:
        """End the workers in the middle of their work: units leave whole files or none."""
        for process in list((getattr(self._executor, "_processes", None) or {}).values()):
            process.kill()

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(_PRELOAD)
            _start_server()
            self._executor = ProcessPoolExecutor(self.workers, context, _begin_worker, (os.getpid(), dict(os.environ)))
        return self._executor


def _start_server() -> None:
    """The process that workers are forked from, and they, never see Ctrl-C: it is for the driver, which ends them.

    Without this the server would be interrupted, loudly, while it imports.
    """
    resource_tracker.ensure_running()  # now, as starting it would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker(driver: int, environment: dict[str, str]) -> None:
    """In a worker: leave when the driver is gone, also when it was killed.

    The process that workers are forked from may be older than the driver's environment, where keys of endpoints lie.
    """
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server may have been started by somebody else
    slim_process()

    def watch() -> None:
        while True:
            try:
                os.kill(driver, 0)
            except ProcessLookupError:
                os._exit(1)
            time.sleep(1)

    threading.Thread(target=watch, daemon=True).start()


def current() -> Pool | None:
    """The pool of this process, or None on a worker of a cluster."""
    return _current


def call(function: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """One call, by a worker where there are some, so that the driver stays small."""
    if _current is None:
        return function(*arguments, **named)
    (result,) = _current.run(functools.partial(function, **named), [arguments])
    return cast(T, result)


@contextlib.contextmanager
def use(workers: int) -> Iterator[None]:
    """A pool for the length of a run; with one worker the work is done in this process."""
    global _current
    _current = Pool(workers) if workers > 1 else None
    try:
        yield
    except BaseException:  # whatever ends the run ends what its workers are at
        if _current is not None:
            _current.kill()
        raise
    finally:
        if _current is not None:
            _current.close()
        _current = None

"""CPU seconds, wall seconds and peak memory of a command and everything it starts.

CPU seconds are those of the whole process tree: this process adopts orphans (a worker whose parent has ended), so that
none is missed. Memory is the sum over the tree of proportional set sizes, in which shared pages count once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

__all__ = ["CommandError", "Usage", "machine", "measured", "median_of"]

_PR_SET_CHILD_SUBREAPER = 36
_TAIL = 2000


class CommandError(Exception):
    """A measured command ended with an error; the message is the end of what it wrote."""


@dataclass(frozen=True)
class Usage:
    """`load` is the machine's load average when the command ended: other people's work inflates CPU seconds, too."""

    cpu_s: float
    wall_s: float
    peak_mib: int
    load: float


def measured(command: Sequence[str], folder: Path | None = None) -> Usage:
    """Run a command to its end. Raises CommandError unless it ends with 0."""
    others = {child.pid for child in psutil.Process().children()}
    before, began = _children_cpu(), time.perf_counter()
    with tempfile.TemporaryFile() as output, _adopting():
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        peak = _watch(process, others)
        wall = time.perf_counter() - began
        _reap_orphans(others)
        if process.returncode:
            output.seek(max(0, output.tell() - _TAIL))
            raise CommandError(output.read().decode(errors="replace").strip())
    return Usage(round(_children_cpu() - before, 2), round(wall, 2), peak >> 20, round(os.getloadavg()[0], 1))


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """Be the parent of descendants whose own has ended."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def median_of(repeats: int, run: Callable[[], Usage]) -> dict[str, Any]:
    """Medians of some runs, and the CPU seconds of each."""
    runs = [run() for _ in range(repeats)]
    medians = {name: statistics.median(asdict(each)[name] for each in runs) for name in asdict(runs[0])}
    return {**medians, "cpu_s_of_each": [each.cpu_s for each in runs]}


def machine() -> str:
    model = platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{model}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB"


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(process: subprocess.Popen[bytes], others: Collection[int]) -> int:
    """Wait for the process; the largest sum of proportional set sizes seen, in bytes."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_proportional_size(each) for child in _children(others) for each in _family(child)))
        time.sleep(0.2)
    return peak


def _children(others: Collection[int]) -> list[psutil.Process]:
    """Children of this process, adopted ones among them, that were not there before the command."""
    return [child for child in psutil.Process().children() if child.pid not in others]


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _proportional_size(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def _reap_orphans(others: Collection[int]) -> None:
    """Wait until no descendant is left, so that the CPU seconds of all are known."""
    while children := _children(others):
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)

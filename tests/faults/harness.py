"""Runs that something goes wrong in: the process that forks them, and what must be true of the outcome."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = [
    "EVERY",
    "OPEN",
    "READ",
    "RENAME",
    "SYNC",
    "WRITE",
    "Fault",
    "Ground",
    "Harness",
    "Result",
    "ended_well",
    "healed",
]

HERE = Path(__file__).parent
OPEN, READ, WRITE, SYNC, RENAME = 1, 2, 4, 8, 16
EVERY = OPEN | READ | WRITE | SYNC | RENAME


@dataclass(frozen=True)
class Fault:
    """What happens to a run.

    Of calls on files of these kinds, counted from 1, the one numbered `first` fails (0: none, they are only counted),
    and with `lasting` every later one; a negative `error` sends that signal instead. Or `signal` is sent after `at`
    seconds: to the driver, to its "group", as a terminal does it, or to a "worker". `delay` is before all, `retries`
    seeds bundles that are made again, `loop` leaves out Beam.
    """

    kinds: int = EVERY
    first: int = 0
    error: int = errno.EIO
    lasting: bool = False
    signal: int = 0
    at: float = 0.0
    whom: str = "driver"
    workers: int = 1
    delay: float = 0.0
    retries: int = 0
    loop: bool = True


@dataclass(frozen=True)
class Result:
    """`code` is -signal where one ended the run."""

    code: int
    calls: int
    seconds: float
    struck: bool
    printed: str


class Harness:
    """Does a recipe in forks of one process. Whatever may fail lies below `under`; logs lie elsewhere."""

    def __init__(self, folder: Path, recipe: Path, under: Path) -> None:
        self.folder, self.recipe, self.under = folder, recipe, under
        shim = folder / "shim.so"
        command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(shim), str(HERE / "shim.c"), "-ldl"]
        subprocess.run(command, check=True)
        paths = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "LD_PRELOAD": str(shim), "PYTHONPATH": paths}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "zygote.txt").open("w"),
            text=True,
            env=environment,
        )

    def warm(self, root: Path, recipe: Path | None = None) -> None:
        """Run in the process that is forked later, so that everything is loaded there."""
        order = {"warm": True, "recipe": str(recipe or self.recipe), "root": str(root), "workers": 1}
        (answer,) = self._ask([order])
        assert answer["code"] == 0, (self.folder / "zygote.txt").read_text()[-2000:]

    def run(self, root: Path, fault: Fault | None = None) -> Result:
        (result,) = self.together([root], [fault or Fault()])
        return result

    def together(self, roots: list[Path], faults: list[Fault]) -> list[Result]:
        """Several runs at the same time."""
        logs = [self.folder / f"log{number}.txt" for number in range(len(roots))]
        common = {"recipe": str(self.recipe), "under": str(self.under)}
        orders = [
            {**common, **asdict(fault), "lasting": int(fault.lasting), "root": str(root), "log": str(log)}
            for root, fault, log in zip(roots, faults, logs, strict=True)
        ]
        answers = self._ask(orders)
        printed = [log.read_text(errors="replace") for log in logs]  # the last words of a killed run may be cut
        return [Result(**answer, printed=text) for answer, text in zip(answers, printed, strict=True)]

    def _ask(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._process.stdin.write(json.dumps(orders) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, (self.folder / "zygote.txt").read_text()[-2000:]
        return json.loads(line)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)


@dataclass
class Ground:
    """A harness, the run directory that suffers, and what a whole run leaves there; calls on files, and writes."""

    harness: Harness
    root: Path
    digests: Callable[[Path], dict[str, str]]
    expected: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    writes: int = 0
    seconds: float = 0.0

    def measure(self) -> Ground:
        """One run without faults to count all calls on files, one to count writes."""
        for kinds in (WRITE, EVERY):
            self.clear()
            result = self.harness.run(self.root, Fault(kinds))
            assert result.code == 0, result.printed
            self.writes, self.calls = self.calls, result.calls
        self.expected = self.digests(self.root)
        self.seconds = result.seconds
        return self

    def clear(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


_SAID = {0: "", -signal.SIGKILL: "", 128 + signal.SIGINT: "interrupted", 128 + signal.SIGTERM: "terminated"}


def ended_well(ground: Ground, result: Result) -> str | None:
    """A clear end, nothing half under a final name; a run that says it is done is done.

    Behind -9 nobody is left to say anything; a worker that was just beginning may say so in Python's words.
    """
    root, digests, expected = ground.root, ground.digests, ground.expected
    loud = "Traceback" in result.printed or "Exception ignored" in result.printed
    if result.code == 99 or (loud and result.code != -signal.SIGKILL):
        return f"a traceback: {result.printed[-1500:]}"
    if result.code == 0 and digests(root) != expected:
        return f"exit 0 with another result: {result.printed[-500:]}"
    if _SAID.get(result.code, "") not in result.printed:
        return f"exit {result.code} without its word: {result.printed[-500:]}"
    if result.code > 0 and "\ngristmill: " not in f"\n{result.printed.strip()}":
        return f"exit {result.code} without a clear message: {result.printed[-500:]}"
    wrong = [name for name, sha in _final(root, digests).items() if expected.get(name, sha) != sha]
    return f"half a file under a final name: {wrong}" if wrong else None


def healed(ground: Ground) -> str | None:
    """What is wrong after the same command once more, without a fault."""
    result, found = ground.harness.run(ground.root), ground.digests(ground.root)
    if result.code or found != ground.expected:
        differ = [n for n in found.keys() | ground.expected.keys() if found.get(n) != ground.expected.get(n)]
        return f"run again: exit {result.code}, files that differ: {sorted(differ)[:5]}: {result.printed[-500:]}"
    left = list(ground.root.rglob(".tmp-*"))
    return f"left behind: {left}" if left else None


def _final(root: Path, digests: Callable[[Path], dict[str, str]]) -> dict[str, str]:
    return {name: sha for name, sha in digests(root).items() if not Path(name).name.startswith(".tmp-")}

"""Runs with one planned fault each: compiled shim, a process that forks them, and what must be true of the outcome."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
OPEN, READ, WRITE, SYNC, RENAME = 1, 2, 4, 8, 16
EVERY = OPEN | READ | WRITE | SYNC | RENAME


@dataclass(frozen=True)
class Fault:
    """The call of these kinds, counted from 1, that fails; 0 only counts. `lasting`: every later one fails as well."""

    kinds: int = EVERY
    first: int = 0
    error: int = errno.EIO
    lasting: bool = False


class Harness:
    """`run` does the recipe in a fork with a fault; returns (exit code, matching calls, what was printed)."""

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
            text=True,
            env=environment,
        )

    def run(self, root: Path, fault: Fault | None = None) -> tuple[int, int, str]:
        fault, log = fault or Fault(), self.folder / "log.txt"
        order = {"recipe": str(self.recipe), "root": str(root), "under": str(self.under), "log": str(log)}
        order |= {"kinds": fault.kinds, "first": fault.first, "error": fault.error, "lasting": int(fault.lasting)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["calls"], log.read_text()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)


def outcome(harness: Harness, root: Path, fault: Fault, digests, expected: dict[str, str]) -> str | None:
    """What is wrong about a run with this fault, or None. The fault may have hit a call that nothing depends on."""
    shutil.rmtree(root, ignore_errors=True)
    code, _, printed = harness.run(root, fault)
    if code in (99, -1) or "Traceback" in printed:
        return f"a traceback: {printed[-1500:]}"
    if code == 0 and digests(root) != expected:
        return f"exit 0 with another result: {printed[-500:]}"
    if code and not printed.strip().startswith("gristmill: "):
        return f"exit {code} without a clear message: {printed[-500:]}"
    wrong = [name for name, sha in _final(root, digests).items() if expected.get(name, sha) != sha]
    if wrong:
        return f"half a file under a final name: {wrong}"
    code, _, printed = harness.run(root)
    if code or digests(root) != expected:
        return f"run again: exit {code}, same bytes: {digests(root) == expected}: {printed[-500:]}"
    left = list(root.rglob(".tmp-*"))
    return f"left behind: {left}" if left else None


def _final(root: Path, digests) -> dict[str, str]:
    return {name: sha for name, sha in digests(root).items() if not Path(name).name.startswith(".tmp-")}

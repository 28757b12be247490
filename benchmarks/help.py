"""CPU seconds of `gristmill --help` and of every sub-command's: `python -m benchmarks.help`.

The least of `--repeats` runs, as the machine's other work can only add; the slowest ten are kept. Exit code 1 if one
takes half a second or more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typer.main

from benchmarks.measure import machine, measured
from pipelines.cli import app

LIMIT = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/help.json"))
    options = parser.parse_args()
    command = str(Path(sys.executable).parent / "gristmill")
    names = list(_commands(typer.main.get_command(app), []))
    least = {" ".join(["gristmill", *name]): _least([command, *name, "--help"], options.repeats) for name in names}
    slowest = sorted(least.items(), key=lambda item: -item[1])
    result = {
        "command": f"python -m benchmarks.help {' '.join(sys.argv[1:])}".strip(),
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in ("gristmill", "typer")},
        "commands": len(least),
        "gristmill --help": least["gristmill"],
        "slowest": dict(slowest[:10]),
    }
    print(json.dumps(result, indent=2))
    options.output.write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(slowest[0][1] >= LIMIT)


def _commands(command: Any, path: list[str]) -> Iterator[list[str]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, [*path, name])


def _least(command: list[str], repeats: int) -> float:
    return min(measured(command).cpu_s for _ in range(repeats))


if __name__ == "__main__":
    main()

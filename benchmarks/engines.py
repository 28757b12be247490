"""What each engine costs: `python -m benchmarks.engines`.

Start-up is what a run pays once; a stage is a pipeline of one unit that does nothing; a unit is the slope from one unit
to many. Work is units that hash 256 MB each, on one and two slots. Engines that are not at hand are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from curation.manifest import Receipt, Unit, receipt_path
from pipelines import pool
from pipelines.engine import Engine, Work
from pipelines.engines.opening import EngineChoice, opened
from tests.engines.cluster import flink_cluster, missing, worker_pool

MANY, BLOCKS = 100, 256


@dataclass(frozen=True)
class Ground:
    """An engine to measure: how it is named, and how it is chosen for so many slots."""

    name: str
    choice: dict[int, EngineChoice]
    pooled: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--units", type=int, default=6, help="units that work")
    parser.add_argument("--only", help="one engine")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/engines.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, grounds(Path(name), options.only) as found:
        rows = [row for ground in found for row in measured(ground, Path(name), options.repeats, options.units)]
    measured_now = {row["engine"] for row in rows}
    before = json.loads(options.output.read_text())["rows"] if options.output.is_file() else []
    rows = [row for row in before if row["engine"] not in measured_now] + rows
    machine = f"{platform.machine()}, {psutil.cpu_count()} cores"
    command = f"python -m benchmarks.engines --repeats {options.repeats} --units {options.units}"
    result = {"command": command, "machine": machine, "repeats": options.repeats, "rows": rows}
    options.output.write_text(json.dumps(result, indent=2) + "\n")
    options.output.with_suffix(".md").write_text(table(result))


@contextlib.contextmanager
def grounds(folder: Path, only: str | None) -> Iterator[list[Ground]]:
    found = [
        Ground("direct", dict.fromkeys((1, 2), EngineChoice()), pooled=True),
        Ground("portable", {1: EngineChoice("portable", job_endpoint="embed")}),
    ]
    with contextlib.ExitStack() as stack:
        if missing("spark") is None:
            masters = {slots: (f"--spark_master_url=local[{slots}]",) for slots in (1, 2)}
            found.append(Ground("spark", {slots: EngineChoice("spark", masters[slots]) for slots in masters}))
        if missing("flink") is None:
            found.append(Ground("flink", dict.fromkeys((1, 2), EngineChoice("flink"))))
        if missing("flink") is None and only in (None, "flink cluster"):
            cluster = stack.enter_context(flink_cluster(folder / "cluster"))
            workers = stack.enter_context(worker_pool(folder))
            where = (f"--flink_master={cluster.master}", "--environment_type=EXTERNAL")
            where += (f"--environment_config={workers}",)
            choices = {slots: EngineChoice("flink", (*where, f"--parallelism={slots}")) for slots in (1, 2)}
            found.append(Ground("flink cluster", choices))
        yield [ground for ground in found if only in (None, ground.name)]


def measured(ground: Ground, folder: Path, repeats: int, count: int) -> Iterator[dict[str, Any]]:
    for slots, choice in ground.choice.items():
        began = spent()
        with opened(choice, slots, folder / "engine.log") as engine, pool.use(slots if ground.pooled else 1):
            row: dict[str, Any] = {"engine": ground.name, "slots": slots, "start": since(began)}
            row["first"] = timed(engine, folder, 1, "idle_unit")  # imports, and what the engine does only once
            if slots == 1:
                row["stage"] = median([timed(engine, folder, 1, "idle_unit") for _ in range(repeats)])
                many = median([timed(engine, folder, MANY, "idle_unit") for _ in range(repeats)])
                row["unit"] = tuple((b - a) / (MANY - 1) for a, b in zip(row["stage"], many, strict=True))
            row["work"] = median([timed(engine, folder, count, "hash_unit") for _ in range(repeats)])
        row["load"] = round(os.getloadavg()[0], 1)
        print(row, flush=True)
        yield {name: [round(p, 4) for p in each] if isinstance(each, tuple) else each for name, each in row.items()}


def timed(engine: Engine, folder: Path, count: int, task: str) -> tuple[float, float]:
    """Seconds of wall and of CPU for a pipeline of so many new units."""
    stage = f"s{time.time_ns()}"
    units = [Unit(stage=stage, index=index, fingerprint=stage, payload={}) for index in range(count)]
    began = spent()
    engine.map(Work(str(folder), f"benchmarks.engines:{task}"), units)
    took = since(began)
    assert all(receipt_path(folder, stage, index).is_file() for index in range(count))
    return took


def spent() -> tuple[float, float]:
    """Wall, and CPU of this process and all below it, those that have ended included."""
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return time.perf_counter(), total


def since(began: tuple[float, float]) -> tuple[float, float]:
    now = spent()
    return now[0] - began[0], now[1] - began[1]


def median(values: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(v[0] for v in values), statistics.median(v[1] for v in values)


def idle_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=())


def hash_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    digest, block = hashlib.sha256(), bytes(1 << 20)
    for _ in range(BLOCKS):
        digest.update(block)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=())


def table(result: dict[str, Any]) -> str:
    lines = [
        f"`{result['command']}`, {result['machine']}; medians of {result['repeats']}, seconds of wall / of CPU.",
        "",
        "| engine | slots | start | first stage | a stage | a unit, ms | work | load |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        cells = [_cell(row, "start"), _cell(row, "first"), _cell(row, "stage"), _cell(row, "unit", 1000)]
        cells += [_cell(row, "work"), f"{row['load']:.0f}"]
        lines.append(f"| {row['engine']} | {row['slots']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(row: dict[str, Any], name: str, factor: float = 1) -> str:
    return "" if name not in row else " / ".join(f"{value * factor:.2f}" for value in row[name])


if __name__ == "__main__":
    main()

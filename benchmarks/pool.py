"""Threads against processes for the same units: `python -m benchmarks.pool --megabytes 50`.

The units are those of the clean stage (operators written in kernels and in Python), run once on each kind of executor
with one and two workers, kernels compiled before.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import statistics
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import psutil

from benchmarks.corpus import make_corpus
from benchmarks.memory import RECIPE
from curation.recipe_file import parse_recipe
from pipelines.run_directory import RunDirectory
from pipelines.runner import Options, run_recipe
from pipelines.stages import clean_stage
from pipelines.tasks.clean import clean_unit

SETTINGS = {"batch_size": 1000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/pool.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = _measured(Path(name), options.megabytes, options.repeats)
    machine = f"{platform.machine()}, {psutil.cpu_count()} cores"
    command = f"python -m benchmarks.pool --megabytes {options.megabytes} --repeats {options.repeats}"
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"command": command, "machine": machine, "rows": rows}, indent=2) + "\n")


def _measured(folder: Path, megabytes: int, repeats: int) -> list[dict[str, object]]:
    make_corpus(folder / "corpus", megabytes, files=8)
    recipe = parse_recipe(RECIPE.format(folder=folder / "corpus").replace('corpus"', 'corpus", unit_bytes: 4000000'))
    run = RunDirectory(folder / "run")
    run_recipe(recipe, run.root, Options(workers=1, quiet=True))
    units = clean_stage(recipe, run, SETTINGS, run.manifest("collect")).units
    rows: list[dict[str, object]] = []
    for kind in ("threads", "processes"):
        for workers in (1, 2):
            with _executor(kind, workers) as executor:
                list(executor.map(_work, [str(run.root)] * 2, units[:2]))  # start, import, load
                walls = [_wall(executor, str(run.root), units) for _ in range(repeats)]
            rows.append(
                {"kind": kind, "workers": workers, "wall_s": round(statistics.median(walls), 2), "units": len(units)}
            )
            print(rows[-1], flush=True)
    return rows


def _executor(kind: str, workers: int) -> Executor:
    if kind == "threads":
        return ThreadPoolExecutor(workers)
    return ProcessPoolExecutor(workers, multiprocessing.get_context("forkserver"))


def _work(root: str, unit: object) -> None:
    clean_unit(Path(root), unit, SETTINGS)  # type: ignore[arg-type]


def _wall(executor: Executor, root: str, units: object) -> float:
    began = time.perf_counter()
    list(executor.map(_work, [root] * len(units), units))  # type: ignore[arg-type]
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

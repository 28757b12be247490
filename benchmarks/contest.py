"""What the comparisons with other tools have in common: inputs, our own command, rows of figures, the results file.

Every contestant is a process that reads a folder of JSON Lines and writes a folder. `start_up` is the same command on a
few documents: what remains without it is the cost of the work.
"""

from __future__ import annotations

import gzip
import json
import platform
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.corpus import make_corpus
from benchmarks.inputs import count_documents, folder_mb, slice_of
from benchmarks.measure import CommandError, Usage, machine, measured, median_of
from benchmarks.peers import Peer, peer
from curation.manifest import Manifest

__all__ = [
    "FLOOR",
    "Contestant",
    "Row",
    "contest",
    "corpus_of",
    "gristmill",
    "kept_arrow",
    "kept_json_lines",
    "peer_rows",
    "run_once",
    "stage_seconds",
    "tokens_of_run",
    "tokens_of_script",
    "write_results",
]

START_UP_DOCUMENTS = 20
_SHOWN = 0.01  # seconds of a stage
_MEASURABLE = 0.1  # seconds: less is noise beside a start-up of seconds

Row = dict[str, Any]
Kept = Callable[[Path], int]


@dataclass(frozen=True)
class Contestant:
    """`command` takes an input folder and an output folder; `kept` counts the documents that are left in the latter."""

    name: str
    command: Callable[[Path, Path], list[str]]
    kept: Kept


# The least that any tool does with JSON Lines; how fast it is says how fast the machine was just then.
FLOOR = Contestant(
    "floor: parse, hash, write",
    lambda source, target: [sys.executable, "-m", "benchmarks.scaling", "--floor", str(source), str(target)],
    lambda target: target.read_bytes().count(b"\n"),
)


def corpus_of(given: Path | None, megabytes: int, scratch: Path) -> Path:
    """The folder that was given, or a made one."""
    if given is not None:
        return given
    make_corpus(scratch / "corpus", megabytes, files=4)
    return scratch / "corpus"


def gristmill(name: str, recipe: str, workers: int = 1, kept: Kept | None = None) -> Contestant:
    """Our own command on a recipe in which `FOLDER` stands for the input, `TOKENIZER` for the one beside it."""

    def command(source: Path, target: Path) -> list[str]:
        path, text = target.with_suffix(".yaml"), recipe
        places = {"FOLDER": source, "TOKENIZER": source.parent / "tokenizer"}
        for name, place in places.items():
            text = text.replace(name, json.dumps(str(place)))
        path.write_text(text)
        run = ["run", str(path), "--to", str(target), "--workers", str(workers), "--quiet"]
        return [sys.executable, "-m", "pipelines", *run]

    return Contestant(name, command, kept or _kept_of_run)


def peer_rows(
    entrants: Sequence[tuple[str, str, str, Kept]], cache: Path, source: Path, scratch: Path, repeats: int
) -> tuple[list[Row], dict[str, str]]:
    """Rows of peers given as (label, environment, script with its words, how to count the kept), and their versions."""
    rows: list[Row] = []
    versions: dict[str, str] = {}
    for label, name, script, kept in entrants:
        environment = peer(name, cache)
        if environment.python is None:
            rows.append({"name": label, "problem": f"not installed: {environment.problem}"})
            continue
        versions |= environment.versions()
        command = partial(_peer_command, environment, script)
        rows.append(contest(Contestant(label, command, kept), source, scratch, repeats))
    return rows, versions


def _peer_command(environment: Peer, script: str, source: Path, target: Path) -> list[str]:
    name, *arguments = script.split()
    return environment.command(name, *arguments, str(source), str(target))


def _kept_of_run(run: Path) -> int:
    return int(Manifest.read(run / "dataset" / "manifest.json").facts["kept"])


def kept_json_lines(target: Path) -> int:
    """Lines of `documents.jsonl` or of the files in `documents/`, packed or not."""
    paths = [*target.glob("documents.jsonl"), *target.glob("documents/*.jsonl")]
    packed = sum(gzip.decompress(path.read_bytes()).count(b"\n") for path in target.glob("documents/*.gz"))
    return packed + sum(path.read_bytes().count(b"\n") for path in paths)


def tokens_of_run(run: Path) -> int:
    splits = Manifest.read(run / "dataset/tokens/manifest.json").facts["splits"]
    return sum(int(split["tokens"]) for split in splits.values())


def tokens_of_script(target: Path) -> int:
    return int((target / "tokens.json").read_text())


def kept_arrow(target: Path) -> int:
    rows = 0
    for path in target.glob("documents/*.arrow"):
        with pa.memory_map(str(path)) as source:
            rows += sum(batch.num_rows for batch in pa.ipc.open_stream(source))
    return rows


def contest(contestant: Contestant, source: Path, scratch: Path, repeats: int) -> Row:
    """A row of figures; `problem` instead of them where the contestant fails."""
    few = slice_of(source, scratch / "few", documents=START_UP_DOCUMENTS)
    target = scratch / "output"
    row: Row = {"name": contestant.name, "megabytes": folder_mb(source), "documents": count_documents(source)}
    try:
        run_once(contestant, few, target)  # compiled code and files of the interpreter into their caches
        start_up = median_of(repeats, lambda: run_once(contestant, few, target))
        row.update(median_of(repeats, lambda: run_once(contestant, source, target)))
        row["kept"] = contestant.kept(target)
    except CommandError as error:
        return {**row, "problem": str(error)[-300:]}
    rest = row["cpu_s"] - start_up["cpu_s"]
    row["start_up_cpu_s"] = start_up["cpu_s"]
    row["mb_per_cpu_s"] = round(row["megabytes"] / row["cpu_s"], 2)
    row["mb_per_cpu_s_without_start_up"] = round(row["megabytes"] / rest, 2) if rest >= _MEASURABLE else None
    if (target / "logs" / "units.jsonl").exists():
        row["cpu_s_by_stage"] = stage_seconds(target)
    print(json.dumps(row), flush=True)
    return row


def run_once(contestant: Contestant, source: Path, target: Path) -> Usage:
    target.unlink() if target.is_file() else shutil.rmtree(target, ignore_errors=True)
    return measured(contestant.command(source, target))


def stage_seconds(run: Path) -> dict[str, float]:
    """CPU seconds of the units of each stage: what is left of a run's total is start-up and the engine."""
    seconds: dict[str, float] = defaultdict(float)
    with (run / "logs" / "units.jsonl").open() as lines:
        for line in lines:
            unit = json.loads(line)
            seconds[unit["stage"].removesuffix("-feed")] += unit["cpu_s"]
    return {stage: round(total, 2) for stage, total in seconds.items() if total >= _SHOWN}


def write_results(path: Path, module: str, versions: dict[str, str], **parts: Any) -> None:
    own = ("gristmill", "apache-beam", "pyarrow", "numba", "numpy")
    result = {
        "command": f"python -m {module} {' '.join(sys.argv[1:])}".strip(),
        "machine": machine(),
        "python": platform.python_version(),
        "versions": {**{name: version(name) for name in own}, **versions},
        **parts,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")

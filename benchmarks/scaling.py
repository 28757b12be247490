"""How the cost of a whole run grows with its input and with cores: `python -m benchmarks.scaling --sizes 10 100 1000`.

chain     the recipe of `benchmarks.chain` on made corpora of each size, with each number of workers, whole process
start_up  the same on a few documents, with warm caches; `compile` is what empty caches add to it
floor     the least that any tool does to the same bytes: parse each line, hash its text, write the line again

The picture has CPU seconds over input without start-up, so a straight line of slope one is linear cost.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import xxhash

from benchmarks import chain
from benchmarks.contest import FLOOR, START_UP_DOCUMENTS, Row, folder_mb, gristmill, run_once
from benchmarks.corpus import make_corpus
from benchmarks.drawing import alone
from benchmarks.inputs import slice_of
from benchmarks.measure import machine, measured, median_of
from data_cards.pages import Series, line_chart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="megabytes")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=3, help="of sizes up to 100 MB; larger ones are run once")
    parser.add_argument("--to", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--floor", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.floor:
        floor(*options.floor)
        return
    with tempfile.TemporaryDirectory() as name:
        result = measure(options, Path(name))
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "scaling.json").write_text(json.dumps(result, indent=2) + "\n")
    (options.to / "scaling.svg").write_text(picture(result))


def measure(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    rows: list[Row] = []
    start_up: dict[str, float] = {}
    for size in options.sizes:
        corpus, repeats = scratch / f"corpus-{size}", options.repeats if size <= 100 else 1
        documents = make_corpus(corpus, size, files=max(4, size // 50))
        about = {"megabytes": folder_mb(corpus), "documents": documents}
        least = median_of(repeats, lambda corpus=corpus: _floor(corpus, scratch / "floor.jsonl"))
        few = slice_of(corpus, scratch / "few", documents=START_UP_DOCUMENTS)
        start = median_of(3, lambda few=few: _floor(few, scratch / "floor.jsonl"))["cpu_s"]
        rows.append({"name": "floor", "workers": 1, **about, **least, "start_up_cpu_s": start})
        for workers in options.workers:
            rows.append({"name": "chain", "workers": workers, **about, **_chain(corpus, scratch, workers, repeats)})
            print(json.dumps(rows[-1]), flush=True)
        start_up = start_up or chain.compiling(1, scratch / "few", scratch)
    return {
        "command": f"python -m benchmarks.scaling {' '.join(sys.argv[1:])}".strip(),
        "machine": machine(),
        "versions": {name: version(name) for name in ("gristmill", "apache-beam", "pyarrow", "numba")},
        "compile": start_up,
        "rows": rows,
    }


def _chain(corpus: Path, scratch: Path, workers: int, repeats: int) -> Row:
    ours, few = gristmill("chain", chain.RECIPE, workers), scratch / "few"
    run_once(ours, few, scratch / "output")  # into the caches
    start_up = median_of(3, lambda: run_once(ours, few, scratch / "output"))["cpu_s"]
    row = median_of(repeats, lambda: run_once(ours, corpus, scratch / "output"))
    work = row["cpu_s"] - start_up
    return {
        **row,
        "start_up_cpu_s": start_up,
        "mb_per_cpu_s_without_start_up": round(folder_mb(corpus) / max(work, 0.01), 2),
    }


def _floor(corpus: Path, target: Path) -> Any:
    used = measured(FLOOR.command(corpus, target))
    target.unlink()
    return used


def floor(corpus: Path, target: Path) -> int:
    """How many texts differ."""
    seen = set()
    with target.open("wb") as output:
        for path in sorted(corpus.glob("*.jsonl")):
            with path.open("rb") as lines:
                for line in lines:
                    seen.add(xxhash.xxh3_128_digest(orjson.loads(line)["text"].encode()))
                    output.write(line)
    return len(seen)


def picture(result: dict[str, Any]) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in result["rows"]:
        name = "floor: parse, hash, copy" if row["name"] == "floor" else f"chain, workers: {row['workers']}"
        lines.setdefault(name, []).append((row["megabytes"], row["cpu_s"] - row["start_up_cpu_s"]))
    series = [Series(name, points) for name, points in lines.items()]
    title = "CPU seconds without start-up over MB of input"
    drawn = line_chart(title, series, x_label="MB", y_label="CPU s", log_x=True, log_y=True)
    return alone(title, [(title, drawn, list(lines))])


if __name__ == "__main__":
    main()

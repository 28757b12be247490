"""How removal of near duplicates grows, and its worst cases: `python -m benchmarks.dedup`. Beside peers: `benchmarks`.

growth    short synthetic documents, one in five a copy or a near copy, with `--workers`
worst     copies of one page, and pages of one template with values of their own

16 bands of 7 hashes of word 5-grams, threshold .8, every pair verified. JSON Lines in, whole process with its start-up.
The recipes and peers of the comparison are here too: datatrove and text-dedup have no comparison behind the bands, so
the threshold is the bands' own.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.contest import (
    Row,
    gristmill,
    kept_arrow,
    kept_json_lines,
    run_once,
    stage_seconds,
    write_results,
)
from benchmarks.inputs import folder_mb

RECIPE = """
name: dedup
sources:
  - jsonl: {name: docs, path: FOLDER}
clean: []
rules: []
dedup:
  - GROUPING
"""
NEAR = RECIPE.replace("GROUPING", "minhash: {bands: 16, rows: 7, threshold: 0.8}")
EXACT = RECIPE.replace("GROUPING", "exact: {on: text}")

# (label, environment, script, how to count); the slow ones get a slice.
FAST = (("rensa script", "rensa", "rensa_minhash.py", kept_json_lines),)
SLOW = (
    ("datasketch script", "datasketch", "datasketch_minhash.py", kept_json_lines),
    ("text-dedup", "text-dedup", "text_dedup_minhash.py", kept_arrow),
    ("datatrove", "datatrove", "datatrove_minhash.py", kept_json_lines),
)
POLARS = (("polars unique", "polars", "polars_exact.py", kept_json_lines),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="growth")
    parser.add_argument("--worst", type=int, nargs="*", default=[10_000, 100_000], help="pages of the worst cases")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/dedup.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        growth = [_grown(_short(size), size, "short documents", options, scratch) for size in options.documents]
        worst = [_grown(_copies(size), size, "copies of one page", options, scratch) for size in options.worst]
        worst += [_grown(_template(size), size, "one template", options, scratch) for size in options.worst]
    write_results(options.output, "benchmarks.dedup", {}, growth=growth, worst=worst)


def _grown(texts: Iterator[str], documents: int, name: str, options: argparse.Namespace, scratch: Path) -> Row:
    """One run of ours: what is wanted is how figures grow. Seconds of units are those without start-up and engine."""
    source, target = scratch / "synthetic", scratch / "output"
    source.mkdir(exist_ok=True)
    with (source / "part-0000.jsonl").open("w") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    ours = gristmill(name, NEAR, options.workers)
    used = run_once(ours, source, target)
    size = {"documents": documents, "megabytes": folder_mb(source), "workers": options.workers}
    stages = stage_seconds(target)
    work = {"cpu_s_of_units": round(sum(stages.values()), 2), "cpu_s_by_stage": stages}
    row: Row = {"name": name, **size, **vars(used), "kept": ours.kept(target), **work}
    print(json.dumps(row), flush=True)
    return row


def _vocabulary(chance: random.Random) -> list[str]:
    return ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(20_000)]


def _short(documents: int) -> Iterator[str]:
    """Sixty words; one document in ten is a copy of an earlier one, one in ten the same with a word changed."""
    chance = random.Random(documents)
    words = _vocabulary(chance)
    recent: list[list[str]] = []
    for _ in range(documents):
        draw = chance.random()
        if recent and draw < 0.2:
            text = list(chance.choice(recent))
            if draw < 0.1:
                text[0] = chance.choice(words)
        else:
            text = chance.choices(words, k=60)
            recent = [*recent[-999:], text]
        yield " ".join(text)


def _copies(documents: int) -> Iterator[str]:
    chance = random.Random(0)
    page = " ".join(chance.choices(_vocabulary(chance), k=200))
    for _ in range(documents):
        yield page


def _template(documents: int) -> Iterator[str]:
    """Two hundred words, every twentieth of them a value of the page's own."""
    chance = random.Random(0)
    words = _vocabulary(chance)
    page = chance.choices(words, k=200)
    for _ in range(documents):
        for place in range(0, 200, 20):
            page[place] = chance.choice(words)
        yield " ".join(page)


if __name__ == "__main__":
    main()

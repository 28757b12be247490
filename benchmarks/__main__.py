"""Ours beside the peers, in one run: `python -m benchmarks [--quick] [--only rules] [--megabytes 200]`.

Every contestant is a process that reads a folder of JSON Lines and writes a folder; peers have environments of their
own (`benchmarks.peers`). Slow ones get the first `--peer-megabytes`, on which ours is run as well. Leaves
`bench.json`, `bench.md` and `bench.svg`; with `--only`, the other subjects of an earlier run stay, each with its own
command, machine and versions.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contest import FLOOR, contest, gristmill, peer_rows
from benchmarks.inputs import slice_of
from benchmarks.measure import machine
from benchmarks.peers import DEFAULT_CACHE
from benchmarks.side_by_side import markdown, picture
from benchmarks.subjects import SUBJECTS, Subject


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="5 MB, once: to see that everything runs")
    parser.add_argument("--only", action="append", choices=SUBJECTS, help="may be given more than once")
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--peer-megabytes", type=float, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--to", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    if options.quick:
        options.megabytes, options.peer_megabytes, options.repeats = 5, 1, 1
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for subject in options.only or SUBJECTS:
            _keep(options.to, subject, measure(SUBJECTS[subject], scratch, options))


def measure(subject: Subject, scratch: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Rows of ours and of every peer, with all that is needed to read them."""
    repeats, cache = options.repeats, options.cache
    corpus = subject.input(scratch, options.megabytes, cache)
    part = slice_of(corpus, scratch / "slice", megabytes=options.peer_megabytes)
    ours = gristmill("gristmill", subject.recipe, kept=subject.counted)
    rows = [contest(ours, corpus, scratch, repeats)]
    rows += [contest(FLOOR, corpus, scratch, repeats)] if any(corpus.glob("*.jsonl")) else []
    fast, fast_versions = peer_rows(subject.fast, cache, corpus, scratch, repeats)
    slow, slow_versions = peer_rows(subject.slow, cache, part, scratch, repeats)
    rows += fast + ([contest(ours, part, scratch, repeats), *slow] if subject.slow else [])
    rows += [{"name": name, "problem": reason} for name, reason in subject.absent]
    return {
        "title": subject.title,
        "command": f"python -m benchmarks {' '.join(sys.argv[1:])}".strip(),
        "machine": machine(),
        "repeats": repeats,
        "versions": {"gristmill": version("gristmill"), **fast_versions, **slow_versions},
        "rows": rows,
    }


def _keep(folder: Path, name: str, result: dict[str, Any]) -> None:
    """At once after each subject: a run that is broken off leaves what it has."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bench.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results = {each: {**results, name: result}[each] for each in SUBJECTS if each in {**results, name: result}}
    path.write_text(json.dumps(results, indent=2) + "\n")
    (folder / "bench.md").write_text(markdown(results))
    (folder / "bench.svg").write_text(picture(results))


if __name__ == "__main__":
    main()

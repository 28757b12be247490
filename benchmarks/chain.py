"""A whole run like FineWeb's, and what compiling adds to the first run of a machine: `python -m benchmarks.chain`.

The recipe is that of `python -m benchmarks --only chain`: collect, repair of broken text, language, all rules of
Gopher, C4 and FineWeb, personal data, MinHash with every pair verified, shards. Here it runs on a few documents, once
with empty caches and once with those that the first run left: in one process, and with a pool that shares the work.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from benchmarks.contest import START_UP_DOCUMENTS, Contestant, Row, gristmill, run_once, write_results
from benchmarks.corpus import make_corpus
from benchmarks.inputs import slice_of

RECIPE = """
name: chain
sources:
  - jsonl: {name: docs, path: FOLDER}
clean:
  - repair_mojibake
  - normalize_unicode
  - language
  - gate:
      - {reason: not_english, attribute: language.label, allow: [en]}
      - {reason: uncertain_language, attribute: language.confidence, min: 0.65}
  - use: gopher_repetition/datatrove
  - use: gopher_quality/datatrove
  - use: c4/paper
  - use: fineweb/2024-12
  - redact_personal_data: {kinds: [email, ip_address], action: replace}
rules:
  - use: gopher_repetition/datatrove
  - use: gopher_quality/datatrove
  - use: c4/paper
  - use: fineweb/2024-12
dedup:
  - minhash: {bands: 14, rows: 8, threshold: 0.75}
dataset:
  splits: {train: 0.98, validation: 0.01, test: 0.01}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/compile.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        make_corpus(scratch / "corpus", 1, files=1)
        few = slice_of(scratch / "corpus", scratch / "few", documents=START_UP_DOCUMENTS)
        rows = [compiling(workers, few, scratch) for workers in (1, 2)]
    write_results(options.output, "benchmarks.chain", {}, compile=rows)


def compiling(workers: int, few: Path, scratch: Path) -> Row:
    """Seconds of a first and a second run on a few documents, and the files that each leaves in the caches."""
    ours, caches = gristmill("gristmill", RECIPE, workers), scratch / f"caches-{workers}"
    with_caches = Contestant(
        ours.name,
        lambda source, target: ["env", f"NUMBA_CACHE_DIR={caches}", *ours.command(source, target)],
        ours.kept,
    )
    row: Row = {"workers": workers, "load": round(os.getloadavg()[0], 1)}
    for which in ("first", "second"):
        used = run_once(with_caches, few, scratch / "output")
        row |= {f"{which}_cpu_s": used.cpu_s, f"{which}_wall_s": used.wall_s}
        row[f"compiled_after_{which}"] = sum(1 for _ in caches.rglob("*.nbc"))
    for unit in ("cpu_s", "wall_s"):
        row[f"compile_{unit}"] = round(row[f"first_{unit}"] - row[f"second_{unit}"], 2)
    print(json.dumps(row), flush=True)
    return row


if __name__ == "__main__":
    main()

"""A whole run like FineWeb's, and what compiling adds to the first run of a machine: `python -m benchmarks.chain`.

The recipe is that of `python -m benchmarks --only chain`: collect, repair of broken text, language, all rules of
Gopher, C4 and FineWeb, personal data, MinHash with every pair verified, shards. Here it runs on a few documents, once
with empty caches and once with those that the first run left.
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
        row = _compiling(gristmill("gristmill", RECIPE), few, scratch)
    print(json.dumps(row))
    write_results(options.output, "benchmarks.chain", {}, compile=row)


def _compiling(ours: Contestant, few: Path, scratch: Path) -> Row:
    """CPU seconds of a first and a second run on a few documents, and the files that each leaves in the caches."""
    caches = scratch / "caches"
    with_caches = Contestant(
        ours.name,
        lambda source, target: ["env", f"NUMBA_CACHE_DIR={caches}", *ours.command(source, target)],
        ours.kept,
    )
    row: Row = {"name": ours.name, "load": round(os.getloadavg()[0], 1)}
    for which in ("first", "second"):
        row[f"{which}_cpu_s"] = run_once(with_caches, few, scratch / "output").cpu_s
        row[f"compiled_after_{which}"] = sum(1 for _ in caches.rglob("*.nbc"))
    row["compile_cpu_s"] = round(row["first_cpu_s"] - row["second_cpu_s"], 2)
    return row


if __name__ == "__main__":
    main()

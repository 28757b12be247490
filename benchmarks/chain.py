"""A whole run like FineWeb's, from JSON Lines to shards: `python -m benchmarks.chain --megabytes 200`.

chain     collect, repair of broken text, language, all rules of Gopher, C4 and FineWeb, personal data, MinHash with
          every pair verified, shards; one worker, whole process with its start-up
compile   CPU seconds that compiling adds to the first run of a machine, whose caches are empty, and how many kernels a
          second run compiles

Peers are slow, so they get the first `--peer-megabytes`; ours is run on these as well.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.contest import (
    START_UP_DOCUMENTS,
    Contestant,
    Kept,
    Row,
    contest,
    corpus_of,
    gristmill,
    options_of,
    peer_rows,
    run_once,
    write_results,
)
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

# (label, environment, script, how to count)
PEERS: tuple[tuple[str, str, str, Kept], ...] = ()


def main() -> None:
    parser = options_of(__doc__, "chain.json", 10)
    parser.add_argument("--corpus", type=Path, help="a folder of JSON Lines instead of a made corpus")
    options = parser.parse_args()
    ours = gristmill("gristmill", RECIPE)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        corpus = corpus_of(options.corpus, options.megabytes, scratch)
        rows = [contest(ours, corpus, scratch, options.repeats)]
        versions: dict[str, str] = {}
        if PEERS:
            part = slice_of(corpus, scratch / "slice", megabytes=options.peer_megabytes)
            rows.append(contest(ours, part, scratch, 1))
            peers, versions = peer_rows(PEERS, options.cache, part, scratch, options.repeats)
            rows += peers
        first = _compiling(ours, slice_of(corpus, scratch / "few", documents=START_UP_DOCUMENTS), scratch)
    write_results(options.output, "benchmarks.chain", versions, chain=rows, compile=first)


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

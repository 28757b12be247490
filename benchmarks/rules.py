"""All rules of Gopher, C4 and FineWeb beside datatrove and plain Python: `python -m benchmarks.rules --megabytes 200`.

JSON Lines in, ledger, decisions and dataset out, one worker, whole process with its start-up. Ours evaluates every rule
for every document and keeps the scores; the others stop at the first rule that a document fails. Peers are slow, so
they get the first `--peer-megabytes`; ours is run on these as well, so that documents kept can be compared.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.contest import (
    contest,
    corpus_of,
    gristmill,
    kept_json_lines,
    options_of,
    peer_rows,
    slice_of,
    write_results,
)

RECIPE = """
name: rules
sources:
  - jsonl: {name: docs, path: FOLDER}
clean:
  - use: gopher_repetition/datatrove
  - use: gopher_quality/datatrove
  - use: fineweb/2024-12
  - use: c4/paper
rules:
  - use: gopher_repetition/datatrove
  - use: gopher_quality/datatrove
  - use: fineweb/2024-12
  - use: c4/paper
"""

PEERS = (
    ("datatrove", "datatrove", "datatrove_rules.py", kept_json_lines),
    ("plain Python", "plain", "plain_rules.py", kept_json_lines),
)


def main() -> None:
    parser = options_of(__doc__, "rules.json", 10)
    parser.add_argument("--corpus", type=Path, help="a folder of JSON Lines instead of a made corpus")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        corpus = corpus_of(options.corpus, options.megabytes, scratch)
        part = slice_of(corpus, scratch / "slice", megabytes=options.peer_megabytes)
        ours = gristmill("gristmill", RECIPE)
        rows = [contest(ours, corpus, scratch, options.repeats), contest(ours, part, scratch, 1)]
        peers, versions = peer_rows(PEERS, options.cache, part, scratch, options.repeats)
    write_results(options.output, "benchmarks.rules", versions, rows=[*rows, *peers])


if __name__ == "__main__":
    main()

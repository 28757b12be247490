"""Audit pages on a ledger of a million rows: `python -m benchmarks.audit`.

The run is a real one: short documents from paragraphs of documentation, curated by the pipeline itself. Measured are
the report (seconds and memory of its process) and, within one server, the first and later answers of each kind. With
`--run DIR` a run made earlier is measured again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.corpus import paragraphs
from benchmarks.measure import measured

RECIPE = """
name: audit
sources:
  - jsonl: {{name: left, path: "{folder}/a.jsonl"}}
  - jsonl: {{name: right, path: "{folder}/b.jsonl"}}
clean:
  - normalize_unicode
  - clean_lines
  - language
  - gopher_quality
  - gopher_repetition
rules:
  - {{reason: empty_text, attribute: text.characters, min: 1}}
  - {{reason: uncertain_language, attribute: language.confidence, min: 0.5}}
  - {{reason: too_few_words, attribute: gopher_quality.words, min: 12}}
  - {{reason: words_too_long, attribute: gopher_quality.word_length, min: 3, max: 10}}
  - {{reason: too_few_alphabetic_words, attribute: gopher_quality.alphabetic_word_ratio, min: 0.7}}
  - {{reason: too_few_stop_words, attribute: gopher_quality.stop_words, min: 2}}
  - {{reason: repeated_bigram, attribute: gopher_repetition.top_2_gram_character_fraction, max: 0.2}}
  - {{reason: repeated_5_grams, attribute: gopher_repetition.duplicate_5_gram_character_fraction, max: 0.15}}
dedup:
  - exact: {{on: normalized}}
"""


def make_run(folder: Path, documents: int) -> Path:
    """A finished run over that many documents of one to three halves of paragraphs."""
    stock, draw = paragraphs(), random.Random("audit")
    for name in ("a", "b"):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(documents // 2):
                text = "\n".join(draw.choice(stock)[: draw.randrange(40, 400)] for _ in range(draw.randrange(1, 4)))
                file.write(json.dumps({"text": text, "url": f"https://example.org/{name}/{number}"}) + "\n")
    (folder / "audit.yaml").write_text(RECIPE.format(folder=folder))
    command = ["-m", "pipelines", "run", str(folder / "audit.yaml"), "--to", str(folder / "run"), "-q"]
    measured([sys.executable, *command])
    return folder / "run"


def report(run: Path) -> dict[str, object]:
    (run / "audit" / "report.html").unlink(missing_ok=True)
    usage = measured([sys.executable, "-m", "pipelines", "audit", str(run), "--report"])
    size = (run / "audit" / "report.html").stat().st_size
    return {"what": "report", "wall_s": usage.wall_s, "cpu_s": usage.cpu_s, "peak_mib": usage.peak_mib, "bytes": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/audit.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = options.run or make_run(Path(name), options.documents)
        rows = [report(run)]
    print(rows)


if __name__ == "__main__":
    main()

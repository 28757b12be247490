"""Audit pages on a ledger of a million rows: `python -m benchmarks.audit`.

The run is a real one: short documents from paragraphs of documentation, curated by the pipeline itself. Measured are
the report (seconds and memory of its process) and, within one server, the first and later answers of each kind. With
`--run DIR` a run made earlier is measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, measured
from benchmarks.peers import DEFAULT_CACHE
from benchmarks.stock import stock

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
    paragraphs, draw = [" ".join(run) for run in stock(DEFAULT_CACHE).prose], random.Random("audit")
    for name in ("a", "b"):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(documents // 2):
                text = "\n".join(
                    part[: draw.randrange(40, 400)] for part in draw.choices(paragraphs, k=draw.randrange(1, 4))
                )
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


def pages(run: Path, repeats: int) -> list[dict[str, object]]:
    """Answers of the live pages within one process: opening, single questions, and whole pages."""
    from data_cards.audit.ui.filters import Filter
    from data_cards.audit.ui.site import Site
    from pipelines.audit import audited_run

    for old in [*(run / "audit").glob("ledger-*.duckdb"), *(run / "audit").glob("words-*.sqlite")]:
        old.unlink()
    rows = [_timed("open, first time", 1, lambda: Site(audited_run(run)))]
    rows.append(_timed("open, later", repeats, lambda: Site(audited_run(run))))
    site = Site(audited_run(run))
    narrow = Filter(choices={"state": ("dropped",), "source": ("left",)}, ranges={"gopher_quality.words": (5.0, 40.0)})
    text, pattern = Filter(text="return value", how="substring"), Filter(text="retur.{1,9}value", how="regex")
    questions: dict[str, Callable[[], object]] = {
        "filter: count": lambda: site.store.count(narrow, None),
        "filter: first documents": lambda: site.store.page(narrow, None, 25),
        "facet: reasons": lambda: site.store.facet(narrow, None, "reason"),
        "histogram, all documents": lambda: site.store.histogram(Filter(), None, "gopher_quality.words"),
        "histogram, filtered": lambda: site.store.histogram(narrow, None, "gopher_quality.word_length"),
        "order by an attribute": lambda: site.store.page(Filter(order="gopher_quality.words"), None, 25),
        "substring in all texts": lambda: site.store.matching(text),
        "pattern in all texts": lambda: site.store.matching(pattern),
        "page of documents with histogram": lambda: site.browse(
            [("state", "dropped"), ("attribute", "text.characters")]
        ),
        "page of a document": lambda: site.document([("n", "1000")]),
        "page of clusters": lambda: site.clusters(0),
    }
    rows += [_timed(name, repeats, ask) for name, ask in questions.items()]
    rows.append(_timed("index of words, made once", 1, lambda: _words_ready(site)))
    rows.append(_timed("words in all texts", repeats, lambda: site._searches._words.search("return value")))
    return rows


def _words_ready(site: Any) -> None:
    while not site._searches._words.prepare(60):
        pass


def _timed(what: str, repeats: int, ask: Callable[[], object]) -> dict[str, object]:
    """Median wall and CPU seconds of this process; the first call stands apart, as it may fill caches."""
    wall, cpu = [], []
    for _ in range(repeats):
        began, used = time.perf_counter(), time.process_time()
        ask()
        wall.append(round(time.perf_counter() - began, 3))
        cpu.append(round(time.process_time() - used, 3))
    row = {"what": what, "wall_s": statistics.median(wall), "cpu_s": statistics.median(cpu), "first_wall_s": wall[0]}
    print(row, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/audit.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = (options.run or make_run(Path(name), options.documents)).absolute()
        ledger = json.loads((run / "ledger" / "manifest.json").read_bytes())
        rows = [report(run), *pages(run, options.repeats)]
    found = {
        "command": f"python -m benchmarks.audit --documents {options.documents}",
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        "scheduling": "ordinary" if os.sched_getscheduler(0) == os.SCHED_OTHER else "before all others (real time)",
        "versions": {name: version(name) for name in ("gristmill", "duckdb", "pyarrow")},
        "ledger_rows": ledger["counts"]["rows"],
        "rows": rows,
    }
    options.output.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

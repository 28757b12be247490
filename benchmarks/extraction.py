"""Extraction of main content side by side: quality on pages with truth, pages per CPU second.

    python -m benchmarks.extraction FOLDER [--truth evaldata.json] [--repeats 5]

FOLDER holds HTML pages. The truth is a JSON object whose values name a page's `file`, segments that the main content
holds (`with`) and segments that it does not (`without`). Precision and recall count segments over all pages, as
trafilatura's own evaluation does. Times are medians of CPU seconds over rounds in which every contestant has its turn,
after a round that is not counted; the ratio is to trafilatura as it comes. datatrove runs in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contest import Row, write_results
from benchmarks.measure import measured
from benchmarks.peers import DEFAULT_CACHE, peer
from curation.collect.charset import decode
from curation.collect.extract.extractors import EXTRACTORS
from curation.collect.html import HtmlFiles

Pages = dict[str, str]
Truth = Sequence[dict[str, Any]]
RESULTS = Path(__file__).parent / "results" / "extraction.json"
PEER_ROUNDS = 5


def trafilatura_default(html: str) -> str:
    import trafilatura

    return trafilatura.extract(html) or ""


CONTESTANTS: dict[str, Callable[[str], str]] = {
    "trafilatura, as it comes": trafilatura_default,
    "trafilatura, precise and fast": EXTRACTORS["trafilatura"],
    "resiliparse": EXTRACTORS["resiliparse"],
    "Gristmill, cascade": EXTRACTORS["cascade"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--alone", action="store_true", help="Without tools that need an environment of their own.")
    options = parser.parse_args()
    pages = {path.name: decode(path.read_bytes()).text for path in sorted(options.folder.glob("*.html"))}
    truth = list(json.loads(options.truth.read_text()).values()) if options.truth else []
    truth = [page for page in truth if page["file"] in pages]
    speeds = pages_per_second(pages, options.repeats)
    rows: list[Row] = [
        {"name": name, **quality({page: extract(text) for page, text in pages.items()}, truth), **speeds[name]}
        for name, extract in CONTESTANTS.items()
    ]
    versions: dict[str, str] = {}
    if not options.alone:
        theirs, versions = datatrove(pages, truth, options.cache, options.repeats)
        rows.append(theirs)
    # Last: it leaves a child alive, for which whoever measures other commands would wait.
    rows.append({"name": "Gristmill, source `html` whole", **whole_source(options.folder, options.repeats)})
    for row in rows:
        row["ratio"] = round(row.get("pages_per_cpu_s", 0) / rows[0]["pages_per_cpu_s"], 2)
        print(json.dumps(row))
    own = {name: version(name) for name in ("trafilatura", "resiliparse", "lxml")}
    about = {"pages": len(pages), "characters": sum(map(len, pages.values())), "pages_with_truth": len(truth)}
    write_results(RESULTS, "benchmarks.extraction", {**own, **versions}, input=about, rows=rows)


def pages_per_second(pages: Pages, repeats: int) -> dict[str, Row]:
    """In each round every contestant has its turn, so that all share the machine's moods."""
    rounds: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for number in range(repeats + 1):
        for name, extract in CONTESTANTS.items():
            begun = time.process_time()
            for page in pages.values():
                extract(page)
            if number:
                rounds[name].append(time.process_time() - begun)
    return {name: {"pages_per_cpu_s": _rate(len(pages), statistics.median(s))} for name, s in rounds.items()}


def quality(texts: Pages, truth: Truth) -> Row:
    """Precision, recall, F1 over segments, white space aside."""
    kept = missed = taken = 0
    for page in truth:
        text = _flat(texts.get(page["file"], ""))
        found = [_flat(segment) in text for segment in page["with"]]
        kept, missed = kept + sum(found), missed + len(found) - sum(found)
        taken += sum(_flat(segment) in text for segment in page["without"])
    if not truth:
        return {}
    precision, recall = kept / max(1, kept + taken), kept / max(1, kept + missed)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def whole_source(folder: Path, repeats: int) -> Row:
    """Reading, charset, guards, metadata and the child process included."""
    source = HtmlFiles(name="bench", path=str(folder))
    sink = source.sink(lambda batch: None, lambda batch: None)
    pieces = [piece for unit in source.pieces() for piece in unit]
    spent = []
    for number in range(repeats + 1):
        begun = _with_child()
        for piece in pieces:
            source.read(piece, sink)
        if number:
            spent.append(_with_child() - begun)
    return {"pages_per_cpu_s": _rate(len(pieces), statistics.median(spent))}


def datatrove(pages: Pages, truth: Truth, cache: Path, repeats: int) -> tuple[Row, dict[str, str]]:
    """Its own processes; what one round costs beside many is its start-up, which is not counted."""
    name, environment = "datatrove, Trafilatura", peer("datatrove-web", cache)
    if environment.python is None:
        return {"name": name, "problem": environment.problem}, {}
    with tempfile.TemporaryDirectory() as scratch:
        folder, output = Path(scratch, "pages"), Path(scratch, "texts.json")
        folder.mkdir()
        for page, text in pages.items():
            (folder / page).write_text(text, "utf-8")

        def seconds(rounds: int) -> float:
            command = environment.command("datatrove_extract.py", str(folder), str(rounds), str(output))
            return statistics.median(measured(command).cpu_s for _ in range(repeats))

        spent = (seconds(1 + PEER_ROUNDS) - seconds(1)) / PEER_ROUNDS
        found = quality(json.loads(output.read_text()), truth)
    return {"name": name, **found, "pages_per_cpu_s": _rate(len(pages), spent)}, {
        f"peer {each}": known for each, known in environment.versions().items()
    }


def _with_child() -> float:
    """CPU seconds of this process and of the extracting child, which is alive and so not counted by `os.times`."""
    from curation.collect.extract.isolate import _children

    child = getattr(_children, "child", None)
    own = sum(os.times()[:4])
    if child is None:
        return own
    fields = Path(f"/proc/{child._process.pid}/stat").read_text().rpartition(")")[2].split()
    return own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1)


def _flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()

"""Extraction of main content side by side: quality on pages with truth, pages per CPU second; and reading of archives.

    python benchmarks/extraction.py FOLDER [--truth evaldata.json] [--repeat 5] [--archive crawl.warc.gz]

FOLDER holds HTML pages. The truth is a JSON object whose values name a page's `file`, segments that the main content
holds (`with`) and segments that it does not (`without`). Precision and recall count segments over all pages, as
trafilatura's own evaluation does. Times are CPU seconds, child processes included, after a first round that is not
counted; the ratio is to trafilatura as it comes. datatrove takes part where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from curation.collect.archive.records import ArchiveRecord, read_records
from curation.collect.charset import decode
from curation.collect.extract.extractors import EXTRACTORS
from curation.collect.html import HtmlFiles

Pages = dict[str, str]
MAX_BLOCK = 64 << 20


def trafilatura_default(html: str) -> str:
    import trafilatura

    return trafilatura.extract(html) or ""


def contestants() -> dict[str, Callable[[str], str]]:
    found: dict[str, Callable[[str], str]] = {
        "trafilatura, as it comes": trafilatura_default,
        "trafilatura, precise": EXTRACTORS["trafilatura"],
        "resiliparse": EXTRACTORS["resiliparse"],
        "cascade": EXTRACTORS["cascade"],
    }
    try:
        from datatrove.pipeline.extractors import Trafilatura
    except ImportError:
        return found
    return found | {"datatrove": Trafilatura().extract}


def cpu_seconds() -> float:
    return sum(os.times()[:4])


def pages_per_second(pages: Pages, repeat: int) -> dict[str, float]:
    """Medians over rounds; in each round every contestant has its turn, so that all share the machine's moods."""
    rounds: dict[str, list[float]] = {}
    for number in range(repeat + 1):
        for name, extract in contestants().items():
            begun = time.process_time()
            for page in pages.values():
                extract(page)
            if number:
                rounds.setdefault(name, []).append(time.process_time() - begun)
    return {name: len(pages) / statistics.median(times) for name, times in rounds.items()}


def quality(extract: Callable[[str], str], pages: Pages, truth: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """Precision, recall, F1 over segments, white space aside."""
    kept = missed = taken = 0
    for page in truth:
        text = _flat(extract(pages[page["file"]]))
        found = [_flat(segment) in text for segment in page["with"]]
        kept, missed = kept + sum(found), missed + len(found) - sum(found)
        taken += sum(_flat(segment) in text for segment in page["without"])
    precision, recall = kept / max(1, kept + taken), kept / max(1, kept + missed)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def _flat(text: str) -> str:
    return " ".join(text.split())


def compare(pages: Pages, truth: Sequence[dict[str, Any]], repeat: int) -> None:
    print(f"{len(pages)} pages, {sum(map(len, pages.values())) / 1e6:.1f} M characters, {len(truth)} with truth\n")
    print(f"{'extractor':26} {'F1':>6} {'prec.':>6} {'recall':>6} {'pages/CPU s':>12} {'ratio':>6}")
    speeds = pages_per_second(pages, repeat)
    for name, extract in contestants().items():
        speed, base = speeds[name], next(iter(speeds.values()))
        scores = quality(extract, pages, truth) if truth else ()
        shown = " ".join(f"{score:6.3f}" for score in (scores[2], scores[0], scores[1])) if scores else " " * 20
        print(f"{name:26} {shown} {speed:12.1f} {speed / base:6.2f}")


def whole_source(folder: Path, repeat: int) -> None:
    """The `html` source itself: reading, charset, guards, metadata and the child process included."""
    from curation.collect.source import Sink

    source = HtmlFiles(name="bench", path=str(folder))
    sink = Sink("bench", lambda batch: None, lambda batch: None, MAX_BLOCK)
    pieces = [piece for unit in source.pieces() for piece in unit]
    for piece in pieces:
        source.read(piece, sink)
    begun, child = cpu_seconds(), _child_seconds()
    for _ in range(repeat):
        for piece in pieces:
            source.read(piece, sink)
    spent = cpu_seconds() - begun + _child_seconds() - child
    print(f"\nsource `html`, cascade: {repeat * len(pieces) / spent:.1f} pages per CPU second")


def _child_seconds() -> float:
    """CPU seconds of the extracting child, which is still alive and so not counted by `os.times`."""
    from curation.collect.extract.isolate import _children

    child = getattr(_children, "child", None)
    if child is None:
        return 0.0
    fields = Path(f"/proc/{child._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def archive_speed(path: Path) -> None:
    """Records and unpacked megabytes per CPU second, beside fastwarc where it is installed."""

    def ours() -> tuple[int, int]:
        with path.open("rb") as raw:
            blocks = [len(each.block) for each in read_records(raw, MAX_BLOCK) if isinstance(each, ArchiveRecord)]
        return len(blocks), sum(blocks)

    def fastwarc() -> tuple[int, int]:
        from fastwarc.warc import ArchiveIterator

        with path.open("rb") as raw:
            blocks = [len(each.reader.read()) for each in ArchiveIterator(raw, parse_http=False)]
        return len(blocks), sum(blocks)

    for name, read in (("ours", ours), ("fastwarc", fastwarc)):
        begun = time.process_time()
        try:
            records, size = read()
        except ImportError:
            continue
        spent = time.process_time() - begun
        print(
            f"{name:10} {records} records, {size / spent / 1e6:.0f} MB/s, {records / spent:.0f} records per CPU second"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--archive", type=Path)
    options = parser.parse_args()
    pages = {path.name: decode(path.read_bytes()).text for path in sorted(options.folder.glob("*.html"))}
    truth = list(json.loads(options.truth.read_text()).values()) if options.truth else []
    compare(pages, [page for page in truth if page["file"] in pages], options.repeat)
    whole_source(options.folder, options.repeat)
    if options.archive:
        archive_speed(options.archive)


if __name__ == "__main__":
    main()

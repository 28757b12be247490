"""Reading of web archives side by side: records alone, pages decoded; and our own source with main content.

    python -m benchmarks.archives FOLDER [--records 1500] [--repeats 3]

An archive is made of the HTML pages in FOLDER over and over, each a gzip member of its own with a request, as crawlers
write them. Every contestant is a process that reads it once or several times; the difference is the cost without
start-up. Medians of CPU seconds of the process tree.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

from benchmarks.archives_read import CONTESTANTS
from benchmarks.contest import Row, write_results
from benchmarks.measure import measured
from benchmarks.peers import DEFAULT_CACHE, peer

RESULTS = Path(__file__).parent / "results" / "archives.json"
MORE_ROUNDS, MORE_ROUNDS_SLOW = 20, 3
_HEAD = "WARC/1.0\r\nWARC-Type: {}\r\nWARC-Target-URI: https://fox.example/{}\r\nWARC-Date: 2024-05-18T01:58:10Z\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, "crawl.warc.gz")
        unpacked = write_archive(archive, sorted(options.folder.glob("*.html")), options.records)
        about = {"pages": options.records, "packed_mb": round(archive.stat().st_size / 1e6, 1), "unpacked_mb": unpacked}
        rows, versions = contest(archive, unpacked, options.cache, options.repeats)
    versions |= {name: version(name) for name in ("fastwarc", "trafilatura", "resiliparse")}
    write_results(RESULTS, "benchmarks.archives", versions, input=about, rows=rows)


def write_archive(path: Path, pages: list[Path], records: int) -> float:
    """Returns megabytes before packing."""
    size = 0
    with path.open("wb") as file:
        for number, page in enumerate(islice(cycle(pages), records)):
            for record in _capture(number, page.read_bytes()):
                size += len(record)
                file.write(gzip.compress(record, 6, mtime=0))
    return round(size / 1e6, 1)


def _capture(number: int, body: bytes) -> Iterator[bytes]:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    for kind, block in (("request", b"GET / HTTP/1.1\r\nHost: fox.example\r\n\r\n"), ("response", answer)):
        fields = f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(block)}\r\n\r\n"
        yield (_HEAD.format(kind, number) + fields).encode() + block + b"\r\n\r\n"


def contest(archive: Path, unpacked: float, cache: Path, repeats: int) -> tuple[list[Row], dict[str, str]]:
    rows = []
    for name in CONTESTANTS:
        rows.append(_row(name, lambda rounds, name=name: _own(name, archive, rounds), unpacked, repeats))
    environment = peer("datatrove-web", cache)
    if environment.python is None:
        return [*rows, {"name": "datatrove", "problem": environment.problem}], {}

    def theirs(rounds: int) -> list[str]:
        output = str(archive.with_name("count"))
        return environment.command("datatrove_warc.py", str(archive.parent), archive.name, str(rounds), output)

    rows.append(_row("datatrove, WarcReader", theirs, unpacked, repeats))
    return rows, {f"peer {name}": known for name, known in environment.versions().items()}


def _row(name: str, command: Callable[[int], list[str]], unpacked: float, repeats: int) -> Row:
    further = MORE_ROUNDS_SLOW if "source" in name else MORE_ROUNDS
    one, more = (
        statistics.median(measured(command(rounds)).cpu_s for _ in range(repeats)) for rounds in (1, 1 + further)
    )
    row = {"name": name, "mb_per_cpu_s": round(unpacked * further / max(0.01, more - one), 1)}
    print(json.dumps(row), flush=True)
    return row


def _own(name: str, archive: Path, rounds: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.archives_read", name, str(archive), str(rounds)]


if __name__ == "__main__":
    main()

"""One contestant of `benchmarks.archives`: NAME ARCHIVE ROUNDS."""

from __future__ import annotations

import sys
from pathlib import Path

MAX_BLOCK = 64 << 20


def records(path: Path) -> int:
    from curation.collect.archive.records import read_records

    with path.open("rb") as raw:
        return sum(1 for _ in read_records(raw, MAX_BLOCK))


def fastwarc(path: Path) -> int:
    from fastwarc.warc import ArchiveIterator

    with path.open("rb") as raw:
        return sum(1 for record in ArchiveIterator(raw, parse_http=False) if record.reader.read() is not None)


def pages(path: Path) -> int:
    from curation.collect.archive.http import decode_body, parse_response
    from curation.collect.archive.records import ArchiveRecord, read_records
    from curation.collect.charset import decode

    found = 0
    with path.open("rb") as raw:
        for record in read_records(raw, MAX_BLOCK):
            if isinstance(record, ArchiveRecord) and record.kind == "response":
                decode(decode_body(parse_response(record.block), MAX_BLOCK, 1000.0))
                found += 1
    return found


def source(path: Path) -> int:
    from curation.collect.warc import Warc

    warc = Warc(name="bench", path=str(path))
    sink = warc.sink(lambda batch: None, lambda batch: None)
    for unit in warc.pieces():
        for piece in unit:
            warc.read(piece, sink)
    sink.flush()
    return sink.documents


CONTESTANTS = {
    "Gristmill, records": records,
    "fastwarc, records": fastwarc,
    "Gristmill, pages decoded": pages,
    "Gristmill, source `warc` with cascade": source,
}

if __name__ == "__main__":
    for _ in range(int(sys.argv[3])):
        CONTESTANTS[sys.argv[1]](Path(sys.argv[2]))

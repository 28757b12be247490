"""The process that extracts pages that may never end: reads a request, answers it, waits for the next.

It limits itself: the kernel ends it when a page has used up its CPU time, whatever code runs at that moment. A request
and an answer are each four bytes of length and that many bytes; a request is the extractor's name, a NUL and the page
(UTF-8) or file. The answer to a page is a line with the extractor that gave it, and the text; to a file it is JSON.
"""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import struct
import sys
from typing import IO, cast

from curation.collect.extract.documents import PARSERS
from curation.collect.extract.extractors import ExtractorName, extract_page
from curation.errors import DataError

__all__ = ["DONE", "FAILED", "LENGTH", "NO_MEMORY", "REFUSED"]

LENGTH = struct.Struct("<I")
DONE, NO_MEMORY, REFUSED, FAILED = b"+", b"m", b"r", b"-"


def main(cpu_seconds: float, memory_bytes: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # not every system limits memory
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while request := _receive(requests):
        extractor, _, page = request.partition(b"\0")
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = _answer(extractor.decode(), page)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _receive(requests: IO[bytes]) -> bytes:
    head = requests.read(LENGTH.size)
    return requests.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""


def _answer(extractor: str, content: bytes) -> bytes:
    try:
        if extractor in PARSERS:
            return DONE + json.dumps(PARSERS[extractor](content), default=str).encode()
        text, name = extract_page(cast(ExtractorName, extractor), content.decode())
        return DONE + f"{name}\n{text}".encode("utf-8", "replace")
    except MemoryError:
        return NO_MEMORY
    except DataError as error:
        return REFUSED + f"{error.reason} {error.detail}".encode()
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is one page's affair, and is reported
        return FAILED + type(error).__name__.encode()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))

"""Marks of a document's URL: lists of domains and URLs, and words in it. What RefinedWeb and FineWeb drop first.

Definitions (those of datatrove's filter): the URL in lower case, split at everything but ASCII letters and digits, is
its words. A hard word is enough to drop, of soft words it takes two different ones; a subword counts wherever it stands
in the letters and digits joined. Domain lists name registered domains (`example.co.uk`) or full host names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from curation.errors import ResourceError
from curation.operator import Contract, Operator, Resources

__all__ = ["UrlRules", "bare_url", "domains_of", "host_of", "read_list"]

_SPLIT = re.compile(r"[^a-z0-9]+")
_MEASURES = ("domain_listed", "url_listed", "hard_words", "soft_words", "subwords")


class UrlRules(Operator):
    """Each list is a text file, one entry a line, `#` starts a comment; a list that is not given counts nothing.

    `domain_listed`: 1 when the host or a domain above it is in `domains`. `url_listed`: 1 when the URL is in
    `urls`, with or without scheme, `www.` and final slash. `hard_words`, `soft_words`: different words of the URL that
    are in the list. `subwords`: entries found anywhere in the letters and digits of the URL. All null without a URL.
    """

    contract: ClassVar[Contract] = Contract(
        "url_rules", 1, "annotate", reads=("url",), adds={f"url_rules.{measure}": pa.int64() for measure in _MEASURES}
    )

    domains: str | None = None
    urls: str | None = None
    hard_words: str | None = None
    soft_words: str | None = None
    subwords: str | None = None

    def resources(self) -> Resources:
        return Resources.of(*(path for path in self._paths().values() if path is not None))

    def open(self) -> None:
        for path in self._paths().values():
            if path is not None:
                read_list(path)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        lists = {name: read_list(path) if path is not None else frozenset() for name, path in self._paths().items()}
        urls = batch.column("url").to_pylist()
        measured = np.array([_measure(url or "", lists) for url in urls], np.int64).reshape(-1, len(_MEASURES))
        missing = np.array([not url for url in urls], np.bool_)
        columns = {
            f"url_rules.{measure}": pa.array(measured[:, k], mask=missing) for k, measure in enumerate(_MEASURES)
        }
        return pa.RecordBatch.from_pydict(columns)

    def _paths(self) -> dict[str, str | None]:
        return self.model_dump()


def _measure(url: str, lists: dict[str, frozenset[str]]) -> tuple[int, ...]:
    lowered = url.lower()
    words = frozenset(_SPLIT.split(lowered))
    joined = _SPLIT.sub("", lowered)
    return (
        int(not lists["domains"].isdisjoint(domains_of(host_of(lowered)))),
        int(bare_url(lowered) in _bare(lists["urls"])),
        len(words & lists["hard_words"]),
        len(words & lists["soft_words"]),
        sum(entry in joined for entry in lists["subwords"]),
    )


def host_of(url: str) -> str:
    """Host name of a URL, with or without scheme, in lower case and without a final dot; empty when there is none."""
    try:
        return (urlsplit(url if "://" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def domains_of(host: str) -> list[str]:
    """The host and every domain above it but the last label, so that a listed domain covers what lies below it."""
    labels = host.split(".")
    return [".".join(labels[k:]) for k in range(max(1, len(labels) - 1))] if host else []


def bare_url(url: str) -> str:
    """Without scheme, `www.` and final slash."""
    return (
        url.partition("://")[2].removeprefix("www.").rstrip("/")
        if "://" in url
        else url.removeprefix("www.").rstrip("/")
    )


@lru_cache(maxsize=64)
def _bare(urls: frozenset[str]) -> frozenset[str]:
    return frozenset(bare_url(url) for url in urls)


@lru_cache(maxsize=64)
def read_list(path: str) -> frozenset[str]:
    """Entries of a list file, in lower case."""
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(f"list {path}", type(error).__name__, "a UTF-8 text file", "check the path") from error
    return frozenset(entry for line in lines if (entry := line.partition("#")[0].strip().lower()))

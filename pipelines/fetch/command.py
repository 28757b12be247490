"""The command `gristmill fetch`: addresses from a list or an index into one archive, and how it went."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.errors import RecipeError
from pipelines.fetch.common_crawl import Query, targets_of
from pipelines.fetch.fetcher import Fetcher, FetchOptions
from pipelines.fetch.targets import Target, read_list
from pipelines.progress import display

__all__ = ["Fetched", "fetch"]

_CRAWL = re.compile(r"CC-[A-Z]+-\d{4}-\d{2}")


@dataclass(frozen=True)
class Fetched:
    """`outcomes` of all targets, those of earlier runs included; `size` of the archive in bytes."""

    archive: Path
    outcomes: Counter[str]
    size: int


def fetch(to: Path, options: FetchOptions, urls: str | None, query: Query | None, *, quiet: bool = False) -> Fetched:
    """Fetch what is left to fetch. Exactly one of `urls` (a file of addresses) and `query` is given."""
    if (urls is None) == (query is None):
        raise RecipeError("fetch", "no list and no query, or both", "--urls or --common-crawl", "give one of them")
    if not to.name.endswith(".warc.gz"):
        raise RecipeError("fetch --to", f"`{to}`", "a name that ends in .warc.gz", "name the archive to write")
    fetcher = Fetcher(to, options)
    if query is not None:
        targets = targets_of(query, to.with_name(to.name + ".index.jsonl"), fetcher.ask)
    else:
        targets = list(read_list(str(urls)))
    with _watched(quiet) as watch:
        outcomes = fetcher.run(targets, _about(targets), watch)
    return Fetched(to, outcomes, to.stat().st_size)


def _about(targets: list[Target]) -> dict[str, str]:
    """The crawl that stretches of archives are part of."""
    crawls = {found[0] for target in targets if target.span and (found := _CRAWL.search(target.url))}
    return {"isPartOf": crawls.pop()} if len(crawls) == 1 else {}


@contextlib.contextmanager
def _watched(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Shows how far a fetch is: a bar on a terminal, a line now and then elsewhere."""
    if quiet:
        yield lambda done, total: None
        return
    with display(sys.stderr) as (show, every):
        shown = -every

        def watch(done: int, total: int) -> None:
            nonlocal shown
            if done == total or time.monotonic() - shown >= every:
                shown = time.monotonic()
                show("fetch", done, total, done == total)

        yield watch

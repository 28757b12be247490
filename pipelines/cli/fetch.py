"""The command that fetches pages or captures into an archive for the source `warc`: fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["fetch"]


def fetch(
    to: Annotated[Path, typer.Option(help="Archive to write, NAME.warc.gz; run again to go on or to take in more.")],
    agent: Annotated[
        str, typer.Option(help="Who asks, and where you can be reached: `fox/1.0 (+https://fox.example)`.")
    ],
    urls: Annotated[Optional[str], typer.Option(help="A file of addresses, one a line.")] = None,  # noqa: UP045
    common_crawl: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Captures of Common Crawl instead: an address or a pattern, `fox.example/*`, `*.fox.example`."
        ),
    ] = None,
    snapshot: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Which crawl, CC-MAIN-2024-22; the newest by default."),
    ] = None,
    filter_: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--filter", help="Filter of the index, `=mime-detected:text/html`. May be repeated. Default =status:200."
        ),
    ] = None,
    limit: Annotated[Optional[int], typer.Option(min=1, help="Captures at most.")] = None,  # noqa: UP045
    delay: Annotated[float, typer.Option(min=0.0, help="Seconds between requests to a host, at least.")] = 1.0,
    max_delay: Annotated[float, typer.Option(help="Hosts that ask for more are left alone.")] = 120.0,
    timeout: Annotated[float, typer.Option(help="Seconds for one page, however slowly it comes.")] = 30.0,
    max_size: Annotated[str, typer.Option(help="Largest page or capture.")] = "16MB",
    attempts: Annotated[int, typer.Option(min=1, help="Attempts at a page that times out or asks to come later.")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="Hosts asked at the same time.")] = 8,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask again for what is there, whether it has changed.")
    ] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also addresses of this machine and private networks.")
    ] = False,
    index: Annotated[str, typer.Option(help="Where Common Crawl's index is.")] = "https://index.commoncrawl.org",
    data: Annotated[str, typer.Option(help="Where its archives are.")] = "https://data.commoncrawl.org",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Fetch pages, or captures of Common Crawl, politely into a web archive that the source `warc` collects."""
    from pipelines.fetch.command import fetch as fetch_all
    from pipelines.fetch.common_crawl import Query
    from pipelines.fetch.exchange import Limits
    from pipelines.fetch.fetcher import FetchOptions
    from pipelines.sizes import parse_size, show_size

    limits = Limits(seconds=timeout, max_bytes=parse_size(max_size, "--max-size"), allow_private=allow_private)
    options = FetchOptions(
        agent=agent,
        limits=limits,
        min_delay=delay,
        max_delay=max_delay,
        attempts=attempts,
        threads=threads,
        refresh=refresh,
    )
    filters = {"filters": tuple(filter_)} if filter_ else {}
    query = None
    if common_crawl is not None:
        query = Query(url=common_crawl, snapshot=snapshot, limit=limit, index=index, data=data, **filters)
    fetched = fetch_all(to, options, urls, query, quiet=quiet)
    for outcome, count in fetched.outcomes.most_common():
        typer.echo(f"{outcome:<22} {count:>10,}")
    typer.echo(f"archive  {fetched.archive}, {show_size(fetched.size)}")

"""Captures of Common Crawl by a query of its index: which archive holds them, and where in it.

The index answers in pages of JSON lines (pywb's CDX server). What it answered is kept in a file beside the archive, so
that a fetch that is resumed asks for the same captures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError

from curation.errors import ResourceError
from curation.files import canonical_json, whole_file
from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import Answer
from pipelines.fetch.targets import Target

__all__ = ["Query", "captures", "targets_of"]

Ask = Callable[[str], Answer]


class Query(BaseModel):
    """`url` is an address or a pattern (`fox.example/*`, `*.fox.example`), `filters` are those of the index.

    A filter is `=status:200`, `mime-detected:text/html`, `!~url:.*\\?.*` and so on. Without a `snapshot` the newest
    counts. `limit` is a number of captures.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    snapshot: str | None = None
    filters: tuple[str, ...] = ("=status:200",)
    limit: int | None = None
    index: str = "https://index.commoncrawl.org"
    data: str = "https://data.commoncrawl.org"


def targets_of(query: Query, kept: Path, ask: Ask) -> list[Target]:
    """Stretches to fetch, from the file `kept` if the query has been asked before. One record that two captures name is
    one target."""
    lines = _known(query, kept)
    if lines is None:
        lines = list(captures(query, ask))
        with whole_file(kept) as file:
            file.write("".join(canonical_line(line) for line in [query.model_dump(mode="json"), *lines]).encode())
    return list(dict.fromkeys(_target(query, line) for line in lines))


def canonical_line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) + "\n"


def captures(query: Query, ask: Ask) -> Iterator[dict[str, str]]:
    """Lines of the index: url, filename, offset, length. Raises ResourceError for what it does not answer."""
    snapshot = query.snapshot or _newest(query, ask)
    pages, seen = int(_lines(query, ask, snapshot, showNumPages="true")[0].get("pages", 0)), 0
    for page in range(pages):
        for line in _lines(query, ask, snapshot, page=str(page)):
            if query.limit is not None and seen >= query.limit:
                return
            yield _whole(query, line)
            seen += 1


def _newest(query: Query, ask: Ask) -> str:
    found = _json(query, _asked(query, ask, f"{query.index}/collinfo.json").body)
    try:
        return str(found[0]["id"])
    except (KeyError, IndexError, TypeError) as error:
        raise _odd(query, "no list of crawls") from error


def _lines(query: Query, ask: Ask, snapshot: str, **more: str) -> list[dict[str, Any]]:
    """One answer of the index; a query without captures is one of no lines, which the index calls 404."""
    fields: list[tuple[str, str]] = [("url", query.url), ("output", "json"), *more.items()]
    fields += [("filter", each) for each in query.filters]
    answer = _asked(query, ask, f"{query.index}/{snapshot}-index?{urlencode(fields)}")
    if answer.status == 404:
        if b"captures" not in answer.body.lower():
            raise _odd(query, f"no crawl `{snapshot}`")
        return [{"pages": 0}] if "showNumPages" in more else []
    found = [_json(query, line) for line in answer.body.splitlines() if line.strip()]
    return [line if isinstance(line, dict) else {"pages": line} for line in found] or [{"pages": 0}]


def _asked(query: Query, ask: Ask, url: str) -> Answer:
    try:
        answer = ask(url)
    except Refused as refused:
        raise _odd(query, refused.outcome) from refused
    if answer.status not in (200, 404):
        raise _odd(query, f"status {answer.status}")
    return answer


def _json(query: Query, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _odd(query, "an answer that is not JSON") from error


def _whole(query: Query, line: dict[str, Any]) -> dict[str, str]:
    try:
        return {"filename": line["filename"], "offset": str(int(line["offset"])), "length": str(int(line["length"]))}
    except (KeyError, ValueError, TypeError) as error:
        raise _odd(query, "a capture without file, offset and length") from error


def _target(query: Query, line: dict[str, str]) -> Target:
    return Target(f"{query.data}/{line['filename']}", (int(line["offset"]), int(line["length"])), is_page=False)


def _known(query: Query, kept: Path) -> list[dict[str, str]] | None:
    """What the index answered before. Raises ResourceError when that was another query."""
    if not kept.exists():
        return None
    try:
        first, *lines = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
        same = Query.model_validate(first) == query
    except (ValueError, ValidationError):
        same, lines = False, []
    if not same:
        do = "fetch to another file, or remove this one and its archive"
        raise ResourceError(str(kept), "the answer to another query", canonical_json(query.model_dump()).strip(), do)
    return lines


def _odd(query: Query, found: str) -> ResourceError:
    return ResourceError(f"index {query.index}", found, "an answer to the query", "check snapshot and address")

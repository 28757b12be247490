"""Fetch a list of addresses politely: robots.txt, one request to a host at a time, waits as long as hosts ask.

Every address ends with one outcome in the journal. A run that was stopped goes on where it was; a run with `refresh`
asks again for what it has, and takes `304 Not Modified` for an answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin

from curation.errors import RecipeError
from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import Answer, Limits, origin_of, request
from pipelines.fetch.hosts import Hosts
from pipelines.fetch.journal import Journal
from pipelines.fetch.robots import RobotsRules, read_robots

__all__ = ["FetchOptions", "Fetcher"]

logger = logging.getLogger(__name__)
_REDIRECTS = (301, 302, 303, 307, 308)
_LATER = (429, 503)
_PASSING = ("timeout", "truncated", "connection_error", "dns_error")


@dataclass(frozen=True, kw_only=True)
class FetchOptions:
    """`agent` names the crawler and where its owner can be reached, such as `fox/1.0 (+https://fox.example/bot)`.

    Delays in seconds. A host that asks for more than `max_delay` is left alone. `attempts` counts the first one too.
    """

    agent: str
    limits: Limits = field(default_factory=Limits)
    min_delay: float = 1.0
    max_delay: float = 120.0
    attempts: int = 3
    max_redirects: int = 5
    threads: int = 8
    refresh: bool = False

    def __post_init__(self) -> None:
        if not self.agent.isascii() or "\n" in self.agent or not ("+http" in self.agent or "@" in self.agent):
            do = "add an address where you can be reached"
            raise RecipeError("fetch.agent", f"`{self.agent}`", "a name with a contact, `bot/1.0 (+https://…)`", do)


class Fetcher:
    """Fetches into `<output>.warc.gz` and the journal beside it."""

    def __init__(self, output: Path, options: FetchOptions) -> None:
        self._output, self._options = output, options
        self._robots: dict[str, RobotsRules] = {}
        self._attempts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def run(self, urls: Iterable[str]) -> Counter[str]:
        """Outcomes by name, of this run and those before it. Raises what stopped a thread, a full disk say."""
        wanted = list(dict.fromkeys(urls))
        self._journal = Journal(self._output)
        try:
            known = self._journal.entries
            hosts = Hosts(url for url in wanted if self._options.refresh or url not in known)
            threads = [threading.Thread(target=self._work, args=(hosts,)) for _ in range(self._options.threads)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if self._failure is not None:
                raise self._failure
            return Counter(known[url]["outcome"] for url in wanted if url in known)
        finally:
            self._journal.close()

    def _work(self, hosts: Hosts) -> None:
        while self._failure is None and (turn := hosts.take()) is not None:
            host, url = turn
            delay, again = 0.0, None
            try:
                delay, again = self._one(url)
            except BaseException as failure:  # noqa: BLE001 - raised again by `run`
                self._failure = failure
            finally:
                hosts.done(host, delay, again)

    def _one(self, url: str) -> tuple[float, str | None]:
        """Fetch one address; returns how long its host wants to wait, and the address if it has to be tried again."""
        self._attempts[url] += 1
        delay, answer, final = self._options.min_delay, None, url
        try:
            answer, final, delay = self._follow(url)
            outcome = _outcome(answer)
        except Refused as refused:
            outcome = refused.outcome
        last = self._attempts[url] >= self._options.attempts
        if not last and (outcome in _PASSING or (answer is not None and answer.status in _LATER)):
            wait = _retry_after(answer) if answer is not None else None
            backoff = self._options.min_delay * 2 ** self._attempts[url]
            delay = max(delay, wait if wait is not None else backoff)
            if delay <= self._options.max_delay:
                return delay, url
        with self._lock:
            self._journal.store(url, outcome, answer, final)
        logger.debug("fetched: %s", outcome)
        return min(delay, self._options.max_delay), None

    def _follow(self, url: str) -> tuple[Answer, str, float]:
        """The answer behind all redirects, its address, and the delay its host asks for; robots asked at each step."""
        known = self._journal.entries.get(url, {}) if self._options.refresh else {}
        headers = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        here = url
        for step in range(self._options.max_redirects + 1):
            delay = self._allowed(here)
            if step:
                time.sleep(min(delay, self._options.max_delay))
            answer = request(here, self._headers(headers), self._options.limits)
            target = answer.header("location")
            if answer.status not in _REDIRECTS or not target:
                return answer, here, delay
            try:
                here = urljoin(here, target).partition("#")[0]
            except ValueError as error:
                raise Refused("bad_url") from error
        raise Refused("too_many_redirects")

    def _allowed(self, url: str) -> float:
        """Seconds between requests to this host. Refuses what its robots.txt refuses."""
        origin, _ = origin_of(url)
        rules = self._robots.get(origin)
        if rules is None or rules.until < time.monotonic():
            rules = read_robots(origin, lambda place: request(place, self._headers({}), self._options.limits))
            self._robots[origin] = rules
        if not rules.allows(url, self._options.agent):
            raise Refused("robots_disallowed")
        delay = max(self._options.min_delay, rules.delay(self._options.agent))
        if delay > self._options.max_delay:
            raise Refused("delay_too_long")
        return delay

    def _headers(self, more: dict[str, str | None]) -> dict[str, str]:
        headers = {"User-Agent": self._options.agent, "Accept": "text/html,*/*;q=0.5", "Accept-Encoding": "gzip"}
        return headers | {name: value for name, value in more.items() if value}


def _outcome(answer: Answer) -> str:
    if answer.status == 304:
        return "not_modified"
    return "ok" if 200 <= answer.status < 300 else "http_error"


def _retry_after(answer: Answer) -> float | None:
    """Seconds that an answer asks to wait, by a number or a date."""
    value = (answer.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None

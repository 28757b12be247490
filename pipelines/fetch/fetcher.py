"""Fetch a list of addresses politely: robots.txt, one request to a host at a time, waits as long as hosts ask.

Every address ends with one outcome in the journal. A run that was stopped goes on where it was; a run with `refresh`
asks again for what it has, and takes `304 Not Modified` for an answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from curation.errors import RecipeError
from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import Answer, Limits, origin_of, request
from pipelines.fetch.hosts import Hosts, Pace, host_of
from pipelines.fetch.journal import Journal
from pipelines.fetch.outcomes import LATER, PASSING, is_open, outcome_of, retry_after
from pipelines.fetch.reservations import Reservations, read_reservations
from pipelines.fetch.robots import RobotsRules, product_token, read_robots
from pipelines.fetch.targets import Target, archived_record

__all__ = ["FetchOptions", "Fetcher"]

logger = logging.getLogger(__name__)
_REDIRECTS = (301, 302, 303, 307, 308)
_WATCH_SECONDS = 0.2


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
        if not product_token(self.agent):
            do = "begin with the name that sites write their rules for"
            raise RecipeError("fetch.agent", f"`{self.agent}`", "a name of letters in front, `bot/1.0 …`", do)


class Fetcher:
    """Fetches into `<output>.warc.gz` and the journal beside it."""

    def __init__(self, output: Path, options: FetchOptions) -> None:
        self._output, self._options = output, options
        self._robots: dict[str, RobotsRules] = {}
        self._reservations: dict[str, Reservations] = {}
        self._attempts: Counter[str] = Counter()
        self._pace, self._left_alone = Pace(), set[str]()
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def run(
        self,
        wanted: Iterable[str | Target],
        about: Mapping[str, str] | None = None,
        watch: Callable[[int, int], None] = lambda done, total: None,
    ) -> Counter[str]:
        """Outcomes by name, of this run and those before it. Raises what stopped a thread, a full disk say.

        `about` goes into the archive's first record. `watch` is told now and then how many are done, and of how many.
        """
        targets = list(dict.fromkeys(Target(each) if isinstance(each, str) else each for each in wanted))
        with closing(Journal(self._output, {"software": self._options.agent, **(about or {})})) as self._journal:
            known = self._journal.entries
            left = [target for target in targets if self._options.refresh or is_open(known.get(target.name))]
            self._left = len(left)
            self._all_threads(Hosts(left), lambda: watch(len(targets) - self._left, len(targets)))
            return Counter(known[target.name]["outcome"] for target in targets if target.name in known)

    def ask(self, url: str) -> Answer:
        """One answer of an interface, redirects followed, tried again as politely as pages are."""
        for attempt in range(1, self._options.attempts + 1):
            try:
                answer = self._follow(Target(url, is_page=False), {})[0]
                outcome = "later" if answer.status in LATER else "ok"
            except Refused as refused:
                answer, outcome = None, refused.outcome
            wait = self._wait(answer, attempt)
            if (
                outcome not in (*PASSING, "later")
                or attempt == self._options.attempts
                or wait > self._options.max_delay
            ):
                break
            time.sleep(wait)
        if answer is None:
            raise Refused(outcome)
        return answer

    def _all_threads(self, hosts: Hosts, watch: Callable[[], None]) -> None:
        threads = [threading.Thread(target=self._work, args=(hosts,)) for _ in range(self._options.threads)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    watch()
                    thread.join(_WATCH_SECONDS)
        finally:  # also on a key press: nobody begins another page
            hosts.stop()
            for thread in threads:
                thread.join()
        watch()
        if self._failure is not None:
            raise self._failure

    def _work(self, hosts: Hosts) -> None:
        while self._failure is None and (turn := hosts.take()) is not None:
            host, target = turn
            delay, again = 0.0, None
            try:
                delay, again = self._one(target)
            except BaseException as failure:  # noqa: BLE001 - raised again by `run`
                self._failure = failure
            finally:
                hosts.done(host, delay, again)

    def _one(self, target: Target) -> tuple[float, Target | None]:
        """Fetch one target; returns how long its host wants to wait, and the target if it has to be tried again."""
        self._attempts[target.name] += 1
        delay, answer, final, packed = self._options.min_delay, None, target.url, b""
        try:
            answer, final, delay = self._follow(target, self._known_version(target))
            outcome = outcome_of(answer, target, bool(self._known_version(target)))
            if target.span is not None and outcome == "ok":
                packed = archived_record(answer, target.span)
        except Refused as refused:
            outcome = refused.outcome
        asked_later = answer is not None and answer.status in LATER
        if outcome in PASSING or asked_later:
            wait = max(delay, self._wait(answer, self._attempts[target.name]))
            if asked_later and wait > self._options.max_delay:
                outcome = self._leave_alone(final)
            elif self._attempts[target.name] < self._options.attempts:
                return min(wait, self._options.max_delay), target
        self._store(target, outcome, answer, final, packed)
        return min(delay, self._options.max_delay), None

    def _leave_alone(self, url: str) -> str:
        """A host that asks to come back later than we wait is not asked for anything else in this run."""
        self._left_alone.add(host_of(url))
        return "delay_too_long"

    def _store(self, target: Target, outcome: str, answer: Answer | None, final: str, packed: bytes) -> None:
        with self._lock:
            self._left -= 1
            if packed:
                self._journal.store_packed(target.name, packed)
                return
            signals = self._reservations.get(origin_of(final)[0], Reservations()).headers(final) if answer else {}
            self._journal.store(target.name, outcome, answer, final, signals)
        logger.debug("fetched: %s", outcome)

    def _wait(self, answer: Answer | None, attempt: int) -> float:
        """Seconds before another attempt: what the host asks for, or twice as long each time."""
        asked = retry_after(answer) if answer is not None else None
        return asked if asked is not None else self._options.min_delay * 2**attempt

    def _known_version(self, target: Target) -> dict[str, str]:
        known = self._journal.entries.get(target.name, {}) if self._options.refresh else {}
        asked = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        return {name: value for name, value in asked.items() if value}

    def _follow(self, target: Target, known: Mapping[str, str]) -> tuple[Answer, str, float]:
        """The answer behind all redirects, its address, and the delay its host asks for; robots asked at each step."""
        here = target.url
        for _ in range(self._options.max_redirects + 1):
            if host_of(here) in self._left_alone:
                raise Refused("delay_too_long")
            delay = self._allowed(here) if target.is_page else self._options.min_delay
            answer = self._request(here, {**known, **target.headers}, delay)
            to = answer.header("location")
            if answer.status not in _REDIRECTS or not to:
                return answer, here, delay
            try:
                here = urljoin(here, to.strip().replace(" ", "%20")).partition("#")[0]
            except ValueError as error:
                raise Refused("bad_url") from error
        raise Refused("too_many_redirects")

    def _allowed(self, url: str) -> float:
        """Seconds between requests to this host. Refuses what its robots.txt refuses, or may refuse."""
        origin, _ = origin_of(url)
        rules = self._robots.get(origin)
        if rules is None or rules.until < time.monotonic():
            rules = self._robots[origin] = self._rules(origin)
        if not rules.allows(url):
            raise Refused("robots_disallowed" if rules.reached else "robots_unreachable")
        delay = max(self._options.min_delay, rules.delay)
        if delay > self._options.max_delay:
            raise Refused("delay_too_long")
        if origin not in self._reservations:
            self._reservations[origin] = read_reservations(origin, lambda url: self._request(url, {}, delay))
        return delay

    def _rules(self, origin: str) -> RobotsRules:
        """Tried as often as a page is: rules that cannot be read forbid a whole site."""
        for attempt in range(1, self._options.attempts + 1):
            delay = self._options.min_delay * 2 ** (attempt - 1)
            rules = read_robots(origin, lambda url, delay=delay: self._request(url, {}, delay), self._options.agent)  # type: ignore[misc]
            if rules.reached:
                break
        return rules

    def _request(self, url: str, headers: Mapping[str, str], delay: float) -> Answer:
        """One request, when it is the host's turn."""
        own = {"User-Agent": self._options.agent, "Accept": "text/html,*/*;q=0.5", "Accept-Encoding": "gzip"}
        self._pace.wait(host_of(url), delay)
        return request(url, own | dict(headers), self._options.limits)

"""robots.txt as RFC 9309 has it: missing means everything, unreachable means nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from protego import Protego

from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import Answer, origin_of

__all__ = ["RobotsRules", "read_robots"]

_MAX_BYTES = 500 << 10
_MAX_UNPACKED = 16 << 20
_MAX_REDIRECTS = 5
_VALID_SECONDS = 24 * 3600.0
_NO_SUCH_HOST = ("private_address", "dns_error", "bad_url")


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """Rules of one origin. `until` is when they have to be read again, on the monotonic clock."""

    rules: Protego | None
    allow_all: bool
    until: float

    def allows(self, url: str, agent: str) -> bool:
        return self.allow_all if self.rules is None else bool(self.rules.can_fetch(url, agent))

    def delay(self, agent: str) -> float:
        """Seconds between requests that the origin asks for, 0 if it asks for none."""
        if self.rules is None:
            return 0.0
        rate = self.rules.request_rate(agent)
        return max(float(self.rules.crawl_delay(agent) or 0), rate.seconds / rate.requests if rate else 0.0)


def read_robots(origin: str, get: Callable[[str], Answer]) -> RobotsRules:
    """The rules of `scheme://host:port`; `get` makes one request and follows nothing.

    Refuses a host that does not exist or must not be asked at all.
    """
    until = time.monotonic() + _VALID_SECONDS
    url = f"{origin}/robots.txt"
    try:
        for _ in range(_MAX_REDIRECTS + 1):
            answer = get(url)
            target = answer.header("location")
            if not (300 <= answer.status < 400 and target):
                break
            url = urljoin(url, target)
            origin_of(url)
        else:
            return RobotsRules(None, True, until)
    except (Refused, ValueError) as error:
        if isinstance(error, Refused) and error.outcome in _NO_SUCH_HOST and url == f"{origin}/robots.txt":
            raise
        return RobotsRules(None, False, until)
    if answer.status >= 500 or answer.status == 429:
        return RobotsRules(None, False, until)
    if answer.status >= 300:
        return RobotsRules(None, True, until)
    try:
        body = answer.unpacked(_MAX_UNPACKED)[:_MAX_BYTES]
    except Refused:
        return RobotsRules(None, False, until)
    return RobotsRules(Protego.parse(body.decode("utf-8", "replace")), True, until)

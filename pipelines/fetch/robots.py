"""robots.txt as RFC 9309 has it: missing means everything, unreachable means nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from protego import Protego

from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import Answer, origin_of

__all__ = ["RobotsRules", "product_token", "read_robots"]

_MAX_BYTES = 500 << 10
_MAX_UNPACKED = 16 << 20
_MAX_REDIRECTS = 5
_VALID_SECONDS = 24 * 3600.0
_NO_SUCH_HOST = ("private_address", "dns_error", "bad_url")
_TOKEN = re.compile(r"[A-Za-z_-]+")
_GROUP = re.compile(r"((?:^|(?<=\r))[ \t]*user[- ]?agent[ \t]*:?[ \t]*)([^\r\n#]*)", re.IGNORECASE | re.MULTILINE)
_NOBODY = "nobody!"  # no part of any name


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """Rules of one origin for one agent. `until` is when they have to be read again, on the monotonic clock.

    Without `rules`, `reached` says whether there are none or nobody knows them.
    """

    rules: Protego | None
    reached: bool
    until: float
    name: str = "*"

    def allows(self, url: str) -> bool:
        return self.reached if self.rules is None else bool(self.rules.can_fetch(url, self.name))

    @property
    def delay(self) -> float:
        """Seconds between requests that the origin asks for, 0 if it asks for none."""
        if self.rules is None:
            return 0.0
        rate = self.rules.request_rate(self.name)
        return max(float(self.rules.crawl_delay(self.name) or 0), rate.seconds / rate.requests if rate else 0.0)


def product_token(agent: str) -> str:
    """The name that groups of rules are for: `fox` of `fox/1.0 (+https://fox.example)`; empty if there is none."""
    found = _TOKEN.match(agent)
    return found[0].lower() if found else ""


def read_robots(origin: str, get: Callable[[str], Answer], agent: str) -> RobotsRules:
    """The rules of `scheme://host:port` for an agent; `get` makes one request and follows nothing.

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
        body = answer.unpacked(_MAX_UNPACKED)
    except Refused:
        return RobotsRules(None, False, until)
    name = product_token(agent)
    return RobotsRules(Protego.parse(_groups_for(name, _text(body))), True, until, name)


def _text(body: bytes) -> str:
    """What is read of a file: whole lines, without the mark that some editors begin a file with."""
    if len(body) > _MAX_BYTES:
        body = body[: max(body.rfind(b"\n", 0, _MAX_BYTES), body.rfind(b"\r", 0, _MAX_BYTES)) + 1]
    return body.decode("utf-8-sig", "replace")


def _groups_for(ours: str, text: str) -> str:
    """The file with groups of other names given to nobody: the parser takes a name for ours if it is a part of it."""

    def renamed(line: re.Match[str]) -> str:
        name = line[2].strip()
        return line[1] + ("*" if name == "*" else ours if product_token(name) == ours else _NOBODY)

    return _GROUP.sub(renamed, text)

"""Reservations of text and data mining for a whole site, by the file of the TDM Reservation Protocol (W3C TDMRep)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import Answer

__all__ = ["Reservations", "read_reservations"]

_MAX_BYTES = 4 << 20
_MAX_RULES = 1000
_MAX_PATTERN = 500


@dataclass(frozen=True, slots=True)
class Reservations:
    """(pattern of paths, reserved or not, address of a policy), the first that fits counts."""

    rules: tuple[tuple[re.Pattern[str], str, str], ...] = ()

    def headers(self, url: str) -> dict[str, str]:
        """The signals for a page, by the names they have as HTTP headers."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        for pattern, reserved, policy in self.rules:
            if pattern.match(path):
                return {"TDM-Reservation": reserved, **({"TDM-Policy": policy} if policy else {})}
        return {}


def read_reservations(origin: str, get: Callable[[str], Answer]) -> Reservations:
    """Those of `scheme://host:port`; none where there is no such file, or it cannot be read."""
    try:
        answer = get(f"{origin}/.well-known/tdmrep.json")
        found = json.loads(answer.unpacked(_MAX_BYTES)) if answer.status == 200 else []
    except (Refused, ValueError, RecursionError):
        return Reservations()
    rules = found[:_MAX_RULES] if isinstance(found, list) else []
    return Reservations(tuple(_rule(rule) for rule in rules if _is_rule(rule)))


def _is_rule(rule: Any) -> bool:
    return isinstance(rule, dict) and isinstance(rule.get("location"), str) and len(rule["location"]) <= _MAX_PATTERN


def _rule(rule: dict[str, Any]) -> tuple[re.Pattern[str], str, str]:
    """Patterns are those of robots.txt: a beginning of a path, with `*` for anything and `$` for its end."""
    location = re.sub(r"\*+", "*", rule["location"])
    end = "$" if location.endswith("$") else ""
    pattern = ".*".join(re.escape(part) for part in location.removesuffix("$").split("*")) + end
    policy = rule.get("tdm-policy")
    reserved = "1" if str(rule.get("tdm-reservation")) == "1" else "0"
    return re.compile(pattern), reserved, "".join(policy.split()) if isinstance(policy, str) else ""

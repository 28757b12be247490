"""What an answer means for an address: taken, refused, or to be asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pipelines.fetch.exchange import Answer
from pipelines.fetch.targets import Target

__all__ = ["LATER", "PASSING", "is_open", "outcome_of", "retry_after"]

LATER = (429, 503)
# What may be otherwise the next time: tried again in this run, and by a run that goes on where this one ended.
PASSING = ("timeout", "truncated", "connection_error", "dns_error")
_LEFT_FOR_NOW = (*PASSING, "robots_unreachable", "delay_too_long")


def is_open(entry: Mapping[str, Any] | None) -> bool:
    """Whether a target still has to be asked for: never asked, or in vain for a reason that passes."""
    return entry is None or entry["outcome"] in _LEFT_FOR_NOW or entry.get("status") in LATER


def outcome_of(answer: Answer, target: Target, conditional: bool) -> str:
    if answer.status == 304 and conditional:
        return "not_modified"
    if answer.status == 206 and target.span is None:
        return "http_error"  # a part of a page that was asked for whole
    return "ok" if 200 <= answer.status < 300 else "http_error"


def retry_after(answer: Answer) -> float | None:
    """Seconds that an answer asks to wait, by a number or a date."""
    value = (answer.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None

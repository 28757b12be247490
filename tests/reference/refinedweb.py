"""Slow twin of curation.kernels.refinedweb: one pass over the page for each correction, as DCLM runs them."""

from __future__ import annotations

import re
from collections.abc import Callable

COUNTER = re.compile(
    r"^\W*\d(?:,|\.|\d)*(?:K|k|M|m|B|b)?\s+(?:likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes"
    r"|downloads|views|followers)\W*$"
)
PHRASES = [r"\s?items in cart", r"\s?read more\.\.\.$", r"^sign-in\s?"]


def share(line: str, kind: Callable[[str], bool]) -> float:
    return sum(map(kind, line)) / len(line)


def correct(page: str) -> str:
    page = keep(page, lambda line: not line or share(line, str.isupper) <= 0.5).strip()
    page = keep(page, lambda line: not line or share(line, str.isdigit) <= 0.999999).strip()
    page = keep(page, lambda line: not COUNTER.search(line.lower())).strip()
    page = keep(page, lambda line: not line or len(line.split()) >= 2)
    for phrase in PHRASES:
        page = take_out(page, re.compile(phrase, re.IGNORECASE)).strip()
    return page


def keep(page: str, good: Callable[[str], bool]) -> str:
    return "\n".join(filter(good, page.split("\n")))


def take_out(page: str, phrase: re.Pattern[str]) -> str:
    lines = []
    for line in page.split("\n"):
        if len(line.split()) > 10:
            lines.append(line)
            continue
        changed = phrase.sub("", line)
        if line and not changed.strip():
            continue
        lines.append(changed)
    return "\n".join(lines)


def words(page: str) -> int:
    return sum(field[0].isalnum() for field in page.split())

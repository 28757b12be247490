"""Where in a text a pattern may match at all: around the matches of a quicker one that it always contains.

A dozen patterns over a whole document cost a dozen readings of it; over windows they cost next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["matches_near"]


def matches_near(
    text: str, sieve: re.Pattern[str], margin: int, patterns: Iterable[re.Pattern[str]]
) -> Iterator[re.Match[str]]:
    """Matches of the patterns, window by window and pattern by pattern.

    No match is lost when each contains a match of `sieve` and is at most `margin` long, looking ahead included.
    """
    chosen = tuple(patterns)
    for start, end in _windows(text, sieve, margin):
        for pattern in chosen:
            yield from pattern.finditer(text, start, end)


def _windows(text: str, sieve: re.Pattern[str], margin: int) -> Iterator[tuple[int, int]]:
    start = end = -1
    for match in sieve.finditer(text):
        if match.start() - margin > end:
            if end > 0:
                yield start, end
            start = max(0, match.start() - margin)
        end = min(len(text), match.end() + margin)
    if end > 0:
        yield start, end

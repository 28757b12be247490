"""Slow twins of curation.kernels.adjacent_repeats, over lists of lines and tokens."""

from __future__ import annotations

from collections.abc import Sequence


def longest_run(elements: Sequence[str], period: int) -> int:
    run = longest = 0
    for i in range(period, len(elements)):
        run = run + 1 if elements[i] == elements[i - period] else 0
        longest = max(longest, run)
    return longest


def words_loop(tokens: Sequence[str], max_words: int, copies: int) -> bool:
    return any(longest_run(tokens, period) >= copies * period for period in range(1, max_words + 1))


def lines_repeat(text: str, max_lines: int, min_bytes: int) -> bool:
    lines = [line.strip(" \t\n\v\f\r") for line in text.split("\n")]
    lines = [line for line in lines if line]
    for period in range(1, max_lines + 1):
        taken: list[str] = []
        for i in range(period, len(lines)):
            taken = [*taken, lines[i]] if lines[i] == lines[i - period] else []
            if len(taken) >= period and sum(len(line.encode()) for line in taken) >= min_bytes:
                return True
    half = len(lines) // 2
    doubled = half > 0 and lines[:half] == lines[half:]
    return doubled and sum(len(line.encode()) for line in lines[:half]) >= min_bytes


def character_run(text: str, limit: int) -> bool:
    return any(text[i : i + limit + 1] == text[i] * (limit + 1) for i in range(len(text) - limit))

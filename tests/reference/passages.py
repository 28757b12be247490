"""Slow twin of repeated passages: every run of k tokens of every text, compared as tuples of strings."""

from __future__ import annotations

from collections import defaultdict

Place = tuple[int, int]


def repeated_runs(texts: list[list[str]], length: int) -> dict[tuple[str, ...], list[Place]]:
    """Runs that occur more than once, and all their places (text, first token)."""
    places: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for row, tokens in enumerate(texts):
        for start in range(len(tokens) - length + 1):
            places[tuple(tokens[start : start + length])].append((row, start))
    return {run: found for run, found in places.items() if len(found) > 1}


def lost_runs(texts: list[list[str]], length: int, owners: list[int]) -> set[Place]:
    """All places of repeated runs but the one in the text with the smallest owner."""
    lost = set()
    for found in repeated_runs(texts, length).values():
        lost |= set(found) - {min(found, key=lambda place: (owners[place[0]], *place))}
    return lost

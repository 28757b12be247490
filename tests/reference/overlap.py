"""Slow twin of curation.kernels.overlap, on lists of words."""

from __future__ import annotations

GAP, MISSES, RARE = 3, 11, 4


def find_overlaps(
    documents: list[list[str]], needles: list[list[str]], n: int, enough: list[int], long_run: int
) -> set[tuple[int, ...]]:
    """(row, needle, first, last, matched, run) of every alignment that counts."""
    found = set()
    for row, document in enumerate(documents):
        until: dict[int, int] = {}
        counted: dict[int, bool] = {}
        for j in range(len(document) - n + 1):
            places = [
                (which, i)
                for which, needle in enumerate(needles)
                for i in range(len(needle) - n + 1)
                if needle[i : i + n] == document[j : j + n]
            ]
            for which, i in places:
                covered = j < until.get(which, 0)
                if covered and (counted[which] or len(places) > RARE):
                    continue
                met, first, last, run = align(needles[which], i, document, j)
                until[which] = max(until.get(which, 0), last + 1)
                counted[which] = met >= enough[which] or run >= long_run
                if counted[which]:
                    found.add((row, which, first, last, met, run))
    return found


def align(needle: list[str], i: int, document: list[str], j: int) -> tuple[int, int, int, int]:
    right = follow(needle[i:], document[j:])
    left = follow(needle[:i][::-1], document[:j][::-1])
    first = j if left[1] < 0 else j - 1 - left[1]
    return right[0] + left[0], first, j + right[1], max(right[2] + left[2], right[3], left[3])


def follow(needle: list[str], document: list[str]) -> tuple[int, int, int, int]:
    """Tokens met, last document token met, length of the first run, longest run."""
    met, reached, misses = 0, -1, 0
    runs = [0]
    i = j = 0
    while i < len(needle) and j < len(document) and misses <= MISSES:
        if needle[i] == document[j]:
            met, reached, misses = met + 1, j, 0
            runs[-1] += 1
            i, j = i + 1, j + 1
            continue
        runs.append(0)
        di, dj = shift(needle[i:], document[j:])
        misses += max(di, dj)
        i, j = i + di, j + dj
    return met, reached, runs[0], max(runs)


def shift(needle: list[str], document: list[str]) -> tuple[int, int]:
    for skip in range(1, GAP + 1):
        for di, dj in ((skip, skip), (0, skip), (skip, 0)):
            two = needle[di : di + 2]
            if two and two == document[dj : dj + len(two)]:
                return di, dj
    return 1, 1

"""A blind rating sheet: two models' texts side by side, which is which kept in a file of its own.

The sheet is a CSV to fill in: `a`, `b` or `same` in the column `better`. Sides are drawn by seed and item; the key says
which model stood on which side. `rate` puts both together and tests the preferences by their signs.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.errors import IntegrityError
from curation.files import read_json, whole_file, write_json
from training.data.order import key_of
from training.generation.generate import Sample

__all__ = ["Preference", "key_beside", "rate", "write_sheet"]

_COLUMNS = ("item", "prompt", "a", "b", "better")


@dataclass(frozen=True)
class Preference:
    """How often each model was preferred; `p` is the two-sided sign test's, without the ties."""

    wins: dict[str, int]
    ties: int
    p: float


def write_sheet(
    sheet: Path, key: Path, models: tuple[str, str], pairs: Sequence[tuple[Sample, Sample]], seed: int
) -> None:
    """Write the sheet for raters and the key for the one who counts."""
    sides, text = {}, io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    order = sorted(range(len(pairs)), key=lambda number: key_of("order", seed, number))
    for item, number in enumerate(order, 1):
        swapped = key_of("side", seed, number) & 1
        left, right = pairs[number][::-1] if swapped else pairs[number]
        writer.writerow([item, *map(_harmless, (left.prompt, left.text, right.text)), ""])
        sides[str(item)] = models[::-1] if swapped else models
    with whole_file(sheet) as file:
        file.write(text.getvalue().encode())
    write_json(key, {item: {"a": a, "b": b} for item, (a, b) in sides.items()})


def key_beside(sheet: Path) -> Path:
    return sheet.with_suffix(".key.json")


def rate(sheet: Path, key: Path) -> Preference:
    """Count a sheet that was filled in; items without an answer are left out."""
    sides = read_json(key)
    wins = dict.fromkeys(sorted({model for side in sides.values() for model in side.values()}), 0)
    ties = 0
    with sheet.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            answer = (row.get("better") or "").strip().lower()
            if answer == "same":
                ties += 1
            elif answer in ("a", "b") and row["item"] in sides:
                wins[sides[row["item"]][answer]] += 1
            elif answer:
                where, do = f"{sheet.name} item {row['item']}", "mend the answer"
                raise IntegrityError(where, f"`{answer}`", "a, b, same or nothing", do)
    return Preference(wins, ties, sign_test(max(wins.values()), sum(wins.values())))


def sign_test(wins: int, count: int) -> float:
    """Two-sided probability of at least that many wins of `count` fair coins."""
    tail = sum(math.comb(count, k) for k in range(wins, count + 1)) / 2**count
    return min(1.0, 2 * tail)


def _harmless(text: str) -> str:
    """A text that spreadsheets do not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

"""CSV that a spreadsheet takes for text and nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["to_csv"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def to_csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Every field quoted; text that a spreadsheet might run as a formula begins with an apostrophe."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(headings)
    writer.writerows([_safe(value) for value in row] for row in rows)
    return file.getvalue()


def _safe(value: Any) -> Any:
    if not isinstance(value, str):
        return "" if value is None else value
    plain = value.replace("\0", "")
    return f"'{plain}" if plain.lstrip(" \ufeff\u200b").startswith(_FORMULA) else plain

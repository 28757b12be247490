"""Numbers as people read them. Nothing here rounds a count."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["show_count", "show_share", "show_short", "show_size", "show_value"]


def show_count(number: int | None) -> str:
    """All digits, in groups of three."""
    return "–" if number is None else f"{number:,}"


def show_size(size: float) -> str:
    """Bytes in the largest unit that leaves at least one."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


def show_share(part: float, whole: float) -> str:
    """Per cent with one decimal; what is neither none nor all is never shown as either."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.05:
        return "<0.1 %"
    if 99.95 <= share < 100:
        return ">99.9 %"
    return f"{share:.1f} %"


def show_value(value: Any) -> str:
    """A measured value: integers whole, other numbers to six digits, a dash for a missing one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value.is_integer() and 1_000 <= abs(value) < 1e15 else f"{value:.6g}"


def show_short(value: float) -> str:
    """For the ticks of an axis: 1.2k, 30M, 0.05."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.4g}{unit}"
    return f"{value:.4g}"

"""Scores as a table: a row a task, and the task that does worst by its first metric."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["score_table"]


def score_table(scores: Mapping[str, Mapping[str, float]]) -> str:
    names = list(dict.fromkeys(name for found in scores.values() for name in found))
    rows = [["task", *names]]
    for task, found in scores.items():
        rows.append([task, *(_shown(found[name]) if name in found else "" for name in names)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if len(scores) > 1:
        lines.append(f"highest loss: {max(scores, key=lambda task: scores[task]['loss'])}")
    return "\n".join(lines)


def _shown(value: float) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)

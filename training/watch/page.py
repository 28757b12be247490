"""A page of curves for a run: one file, inline SVG, no script and no network."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.files import whole_file
from training.watch.log import read_log

__all__ = ["write_page"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 240, 64, 28
_POINTS = 600

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
:root { color-scheme: light dark }
svg { width: 100%; height: auto } svg text { font-size: 11px; fill: currentColor }
.axis { stroke: currentColor; stroke-opacity: .25 } .curve { fill: none; stroke: #2a78c2; stroke-width: 1.5 }
.held { stroke: #c2552a }
table { border-collapse: collapse } td, th { padding: .15rem .9rem .15rem 0; text-align: left }
"""


def write_page(log: Path, page: Path, title: str) -> None:
    """Draw what the log holds."""
    with whole_file(page) as file:
        file.write(_page(read_log(log), title).encode())


def _page(entries: Sequence[dict[str, Any]], title: str) -> str:
    steps = [entry for entry in entries if entry["kind"] == "step"]
    held = [entry for entry in entries if entry["kind"] == "evaluation"]
    charts = [
        _chart("Training loss, nats per token", [("training", _series(steps, "loss"))]),
        _chart("Held-out bits per byte", [(name, _series(part, "bits_per_byte")) for name, part in _by_split(held)]),
        _chart("Learning rate", [("learning rate", _series(steps, "lr"))]),
        _chart("Gradient norm", [("gradient norm", _series(steps, "gradient_norm"))]),
        _chart("Tokens per second", [("tokens per second", _series(steps, "tokens_per_second"))]),
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{html.escape(title)}</h1>{_facts(entries)}{''.join(charts)}</html>\n"
    )


def _by_split(held: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    names = dict.fromkeys(entry.get("split", "held-out") for entry in held)
    return [(name, [entry for entry in held if entry.get("split", "held-out") == name]) for name in names]


def _series(entries: Sequence[dict[str, Any]], key: str) -> list[tuple[float, float]]:
    return [(entry["step"], entry[key]) for entry in entries if isinstance(entry.get(key), (int, float))]


def _facts(entries: Sequence[dict[str, Any]]) -> str:
    """Last values in a table: the picture's numbers for those who do not see it."""
    rows: dict[str, Any] = {}
    for entry in entries:
        name = entry.get("split", "")
        rows.update({f"{key} {name}".strip(): value for key, value in entry.items() if key not in ("kind", "split")})
    cells = "".join(
        f"<tr><th>{html.escape(key.replace('_', ' '))}</th><td>{html.escape(_shown(value))}</td></tr>"
        for key, value in rows.items()
    )
    return f"<table>{cells}</table>"


def _chart(title: str, series: Sequence[tuple[str, list[tuple[float, float]]]]) -> str:
    drawn = [(name, _thinned(points)) for name, points in series if points]
    if not drawn:
        return ""
    xs = [x for _, points in drawn for x, _ in points]
    ys = [y for _, points in drawn for _, y in points if math.isfinite(y)]
    if not ys:
        return ""
    low, high = min(ys), max(ys)
    left, right = min(xs), max(xs)
    lines = "".join(
        _line(points, (left, right), (low, high), "curve held" if number else "curve")
        for number, (_, points) in enumerate(drawn)
    )
    label = html.escape(f"{title}: from {_shown(drawn[0][1][0][1])} to {_shown(drawn[0][1][-1][1])}")
    return (
        f'<h2>{html.escape(title)}</h2><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f"{_axes((left, right), (low, high))}{lines}</svg>"
    )


def _line(
    points: Sequence[tuple[float, float]], across: tuple[float, float], up: tuple[float, float], kind: str
) -> str:
    def place(point: tuple[float, float]) -> str:
        x = _LEFT + (_WIDTH - _LEFT - 8) * (point[0] - across[0]) / ((across[1] - across[0]) or 1)
        y = 8 + (_HEIGHT - _BOTTOM - 8) * (1 - (point[1] - up[0]) / ((up[1] - up[0]) or 1))
        return f"{x:.1f},{y:.1f}"

    return (
        f'<polyline class="{kind}" points="{" ".join(place(point) for point in points if math.isfinite(point[1]))}"/>'
    )


def _axes(across: tuple[float, float], up: tuple[float, float]) -> str:
    parts = []
    for share in (0, 0.5, 1):
        y = 8 + (_HEIGHT - _BOTTOM - 8) * (1 - share)
        value = _shown(up[0] + (up[1] - up[0]) * share)
        parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    for share, anchor in ((0, "start"), (1, "end")):
        x = _LEFT + (_WIDTH - _LEFT - 8) * share
        value = _shown(across[0] + (across[1] - across[0]) * share)
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">step {value}</text>')
    return "".join(parts)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `_POINTS` points, the last one among them."""
    stride = -(-len(points) // _POINTS)
    return points[::-1][::stride][::-1]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)

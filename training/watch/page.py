"""A page of curves for a run: one file, inline SVG, no script and no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from curation.files import whole_file
from data_cards.pages import Series, line_chart, render_page, section, table
from training.watch.log import read_log

__all__ = ["write_page"]

_CURVES = (
    ("Training loss", "nats per token", "loss"),
    ("Learning rate", "", "lr"),
    ("Gradient norm", "", "gradient_norm"),
    ("Throughput", "tokens per second", "tokens_per_second"),
)
_POINTS = 600


def write_page(log: Path, page: Path, title: str) -> None:
    """Draw what the log holds."""
    with whole_file(page) as file:
        file.write(_page(read_log(log), title).encode())


def _page(entries: Sequence[dict[str, Any]], title: str) -> str:
    steps = [entry for entry in entries if entry["kind"] == "step"]
    held = [entry for entry in entries if entry["kind"] == "evaluation"]
    charts = [_chart(name, unit, [_series(name.lower(), steps, key)]) for name, unit, key in _CURVES]
    charts.insert(1, _chart("Held-out loss", "bits per byte", _by_split(held)))
    return render_page(title, [section("last", "Last values", _facts(entries)), section("curves", "Curves", *charts)])


def _by_split(held: Sequence[dict[str, Any]]) -> list[Series]:
    names = dict.fromkeys(entry.get("split", "held-out") for entry in held)
    parts = {name: [entry for entry in held if entry.get("split", "held-out") == name] for name in names}
    return [_series(name, part, "bits_per_byte") for name, part in parts.items()]


def _series(name: str, entries: Sequence[dict[str, Any]], key: str) -> Series:
    points = [(entry["step"], entry[key]) for entry in entries if isinstance(entry.get(key), (int, float))]
    return Series(name, _thinned(points))


def _chart(title: str, unit: str, series: Sequence[Series]) -> Markup:
    if not any(line.points for line in series):
        return Markup("")
    return line_chart(title, series, x_label="step", y_label=unit)


def _facts(entries: Sequence[dict[str, Any]]) -> Markup:
    """Last values in a table: the pictures' numbers at a glance."""
    rows: dict[str, Any] = {}
    for entry in entries:
        name = entry.get("split", "")
        rows.update({f"{key} {name}".strip(): value for key, value in entry.items() if key not in ("kind", "split")})
    return table(["", "value"], [[key.replace("_", " "), value] for key, value in rows.items()])


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `_POINTS` points, the last one among them."""
    stride = max(1, -(-len(points) // _POINTS))
    return points[::-1][::stride][::-1]

"""Pictures as inline SVG: no script, no style attribute, text labels, and a table of the numbers beside each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from data_cards.pages.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, frame, span
from data_cards.pages.numbers import show_count, show_value
from data_cards.pages.tables import beside, table

__all__ = ["Bar", "Series", "bar_chart", "figure", "histogram", "interval_chart", "legend", "line_chart", "picture"]

_COLOURS = 8
_BAR, _NAME = 26, 190


@dataclass(frozen=True)
class Series:
    """A named line. `low` and `high`, of one length with `points`, draw a band around it."""

    name: str
    points: Sequence[tuple[float, float]]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True)
class Bar:
    """A named value; `low` and `high` are the ends of its interval."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def figure(
    title: str, drawing: Markup, numbers: Markup, keys: Markup | str = "", note: str = "", *, long: bool = False
) -> Markup:
    """A picture with its title, legend and the table of its numbers."""
    below = Markup('<p class="note">{}</p>').format(note) if note else ""
    return Markup("<figure><figcaption>{}</figcaption>{}{}{}{}</figure>").format(
        title, keys, drawing, below, beside(numbers, long=long)
    )


def picture(title: str, content: Markup, height: float = HEIGHT) -> Markup:
    """An SVG that scales with the page and is named for those who do not see it."""
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        WIDTH, round(height), title, title, content
    )


def legend(names: Sequence[str], classes: Sequence[str] | None = None) -> Markup:
    """Names beside their colours; `classes` as the marks have them, those of the series by default."""
    if len(names) < 2 and classes is None:
        return Markup("")
    chosen = classes or [_series(number) for number in range(len(names))]
    items = Markup("").join(
        Markup(
            '<li><svg class="key" viewBox="0 0 24 10" aria-hidden="true"><path class="line {}" d="M1 5H23"/></svg>'
            "{}</li>"
        ).format(kind, name)
        for name, kind in zip(names, chosen, strict=True)
    )
    return Markup('<ul class="legend">{}</ul>').format(items)


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str = "",
    y_label: str = "",
    log_x: bool = False,
    log_y: bool = False,
    zero: bool = False,
    most_rows: int = 200,
) -> Markup:
    """Lines over a common axis, with bands where they have them; points that are not finite are left out.

    The table beside it holds every point, evenly thinned to `most_rows` a line. Logarithmic axes take values above 0.
    """
    shown = [line for line in series if line.points]
    xs = [x for line in shown for x, _ in line.points if x > 0 or not log_x]
    ys = [y for line in shown for y in (*(y for _, y in line.points), *line.low, *line.high) if y > 0 or not log_y]
    across = Scale(*span(xs), LEFT, WIDTH - RIGHT, log_x)
    up = Scale(*span(ys, zero=zero and not log_y), HEIGHT - BOTTOM, TOP, log_y)
    drawn = [_band(line, across, up, number) + _line(line, across, up, number) for number, line in enumerate(shown)]
    drawing = picture(title, frame(across, up, x_label, y_label) + Markup("").join(drawn))
    return figure(title, drawing, _points(shown, x_label or "x", most_rows), legend([line.name for line in shown]))


def _line(line: Series, across: Scale, up: Scale, number: int) -> Markup:
    places = [(x, y) for x, y in line.points if _drawable(x, across) and _drawable(y, up)]
    points = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in places)
    return Markup('<polyline class="line {}" points="{}"><title>{}</title></polyline>').format(
        _series(number), points, line.name
    )


def _band(line: Series, across: Scale, up: Scale, number: int) -> Markup:
    if not line.low:
        return Markup("")
    ends = [
        (x, low, high)
        for (x, _), low, high in zip(line.points, line.low, line.high, strict=True)
        if _drawable(x, across) and _drawable(low, up) and _drawable(high, up)
    ]
    there = [f"{across(x):.1f},{up(high):.1f}" for x, _, high in ends]
    back = [f"{across(x):.1f},{up(low):.1f}" for x, low, _ in reversed(ends)]
    return Markup('<polygon class="band {}" points="{}"/>').format(_series(number), " ".join(there + back))


def _points(series: Sequence[Series], x_label: str, most: int) -> Markup:
    banded = any(line.low for line in series)
    rows: list[list[object]] = []
    for line in series:
        low, high = (list(ends) or [None] * len(line.points) for ends in (line.low, line.high))
        stride = -(-len(line.points) // most)
        for at in reversed(range(len(line.points) - 1, -1, -stride)):
            rows.append([line.name, *line.points[at], *([low[at], high[at]] if banded else [])])
    return table(["line", x_label, "value", *(["from", "to"] if banded else [])], rows)


def bar_chart(title: str, bars: Sequence[Bar], *, unit: str = "", classes: Sequence[str] = ()) -> Markup:
    """Horizontal bars with their values; whiskers where they have intervals."""
    low, high = span([x for bar in bars for x in (bar.value, bar.low, bar.high) if x is not None], zero=True)
    across = Scale(low, high, _NAME, WIDTH - 90)
    kinds = classes or [_series(0)] * len(bars)
    rows = [_bar(bar, across, number * _BAR, kind) for number, (bar, kind) in enumerate(zip(bars, kinds, strict=True))]
    return figure(title, picture(title, Markup("").join(rows), len(bars) * _BAR + 4), _bar_table(bars, unit))


def _bar(bar: Bar, across: Scale, y: float, kind: str) -> Markup:
    start, end = sorted((across(0), across(bar.value)))
    ends = _whisker(bar, across, y + 12) if bar.low is not None else ""
    right = max(end, across(bar.high) if bar.high is not None else end)
    return _named(bar.name, y) + Markup(
        '<rect class="bar {}" x="{:.1f}" y="{}" width="{:.1f}" height="16"><title>{}: {}</title></rect>{}'
        '<text x="{:.1f}" y="{}">{}</text>'
    ).format(kind, start, y + 4, end - start, bar.name, _number(bar.value), ends, right + 6, y + 16, _number(bar.value))


def interval_chart(title: str, bars: Sequence[Bar], *, unit: str = "", zero: bool = True) -> Markup:
    """Estimates as points with their intervals, one below the other; with `zero`, a line where there is no effect."""
    low, high = span([x for bar in bars for x in (bar.value, bar.low, bar.high) if x is not None], zero=zero)
    across = Scale(low, high, _NAME, WIDTH - RIGHT)
    height = len(bars) * _BAR
    grid = [
        Markup('<path class="grid" d="M{:.1f} 0V{}"/><text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            across(tick), height, across(tick), height + 16, show_value(round(tick, 12))
        )
        for tick in across.ticks()
    ]
    nought = [Markup('<path class="axis" d="M{:.1f} 0V{}"/>').format(across(0), height)] if zero else []
    rows = [_estimate(bar, across, number * _BAR) for number, bar in enumerate(bars)]
    return figure(title, picture(title, Markup("").join(grid + nought + rows), height + 22), _bar_table(bars, unit))


def _estimate(bar: Bar, across: Scale, y: float) -> Markup:
    dot = Markup('<circle class="mark series-0" cx="{:.1f}" cy="{}" r="4"><title>{}: {}</title></circle>')
    return (
        _named(bar.name, y)
        + _whisker(bar, across, y + 12)
        + dot.format(across(bar.value), y + 12, bar.name, show_value(bar.value))
    )


def _whisker(bar: Bar, across: Scale, y: float) -> Markup:
    if bar.low is None or bar.high is None:
        return Markup("")
    low, high = across(bar.low), across(bar.high)
    return Markup('<path class="whisker" d="M{:.1f} {}H{:.1f}M{:.1f} {}v8M{:.1f} {}v8"/>').format(
        low, y, high, low, y - 4, high, y - 4
    )


def _named(name: str, y: float) -> Markup:
    short = name if len(name) <= 28 else name[:27] + "…"
    text = Markup('<text x="{}" y="{}" text-anchor="end">{}<title>{}</title></text>')
    return text.format(_NAME - 8, y + 16, short, name)


def _bar_table(bars: Sequence[Bar], unit: str) -> Markup:
    banded = any(bar.low is not None for bar in bars)
    rows = [[bar.name, bar.value, *([bar.low, bar.high] if banded else [])] for bar in bars]
    return table(["", unit or "value", *(["from", "to"] if banded else [])], rows)


def histogram(
    title: str,
    edges: Sequence[float],
    counts: Sequence[tuple[str, str, Sequence[int]]],
    *,
    x_label: str = "",
    y_label: str = "documents",
    log_x: bool = False,
    note: str = "",
    over: Markup | str = "",
    below: Markup | str = "",
) -> Markup:
    """Stacked counts in bins; `counts` are (name, class of its marks, one count a bin), the lowest first.

    `over` is drawn on top of the picture, `below` stands under it.
    """
    across = Scale(edges[0], edges[-1], LEFT, WIDTH - RIGHT, log_x)
    totals = [sum(column) for column in zip(*(values for _, _, values in counts), strict=True)]
    up = Scale(0, max([1, *totals]), HEIGHT - BOTTOM, TOP)
    base = [0] * len(totals)
    bars = Markup("")
    for name, kind, values in counts:
        bars += Markup('<path class="bar {}" d="{}"><title>{}</title></path>').format(
            kind, _stack(edges, base, values, across, up), name
        )
        base = [low + count for low, count in zip(base, values, strict=True)]
    drawing = picture(title, frame(across, up, x_label, y_label) + bars + over)
    rows = [
        [f"{show_value(low)} to {show_value(high)}", *(show_count(int(values[at])) for _, _, values in counts)]
        for at, (low, high) in enumerate(itertools.pairwise(edges))
    ]
    keys = legend([name for name, _, _ in counts], [kind for _, kind, _ in counts])
    numbers = table([x_label or "from, to", *(name for name, _, _ in counts)], rows)
    return figure(title, drawing + below, numbers, keys, note, long=True)


def _stack(edges: Sequence[float], base: Sequence[int], values: Sequence[int], across: Scale, up: Scale) -> str:
    """Outlines of one bar a bin, as one path: a page may hold a hundred histograms."""
    parts = []
    for at, count in enumerate(values):
        if count:
            left, right = across(edges[at]) + 0.5, across(edges[at + 1]) - 0.5
            top, bottom = up(base[at] + count), up(base[at])
            parts.append(f"M{left:.1f} {bottom:.1f}V{top:.1f}H{max(right, left + 1):.1f}V{bottom:.1f}z")
    return "".join(parts)


def _drawable(value: float, scale: Scale) -> bool:
    return math.isfinite(value) and (value > 0 or not scale.log)


def _number(value: float) -> str:
    return show_value(int(value) if float(value).is_integer() else value)


def _series(number: int) -> str:
    return f"series-{number % _COLOURS}"

"""A forest plot: estimates with intervals in groups, a second one below each, a shaded band, and columns of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from data_cards.pages.axes import Scale, span
from data_cards.pages.charts import figure
from data_cards.pages.numbers import show_value
from data_cards.pages.tables import table

__all__ = ["Forest", "ForestRow", "Range", "forest_plot"]

_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD = 1030, 210, 560, 30, 30
_COLUMN = 165


@dataclass(frozen=True)
class Range:
    """A value and the ends of its interval, where it has one."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> list[float]:
        return [end for end in (self.value, self.low, self.high) if end is not None]


@dataclass(frozen=True)
class ForestRow:
    """`kind` is the class of its marks; `texts` fill the columns to the right."""

    name: str
    first: Range
    second: Range | None = None
    texts: Sequence[str] = ()
    kind: str = "open"


@dataclass(frozen=True)
class Forest:
    """What all rows share: columns' headings, names of the two estimates, the band around 0, and the axis."""

    columns: Sequence[str]
    names: tuple[str, str]
    band: float | None
    unit: str
    sides: tuple[str, str]


def forest_plot(
    title: str, groups: Sequence[tuple[str, Sequence[ForestRow]]], forest: Forest, note: str = ""
) -> Markup:
    """Groups are (heading, rows). The band reaches from -band to +band."""
    shown = [(heading, rows) for heading, rows in groups if rows]
    ends = [end for _, rows in shown for row in rows for each in (row.first, row.second) if each for end in each.ends]
    low, high = span([*ends, *([forest.band, -forest.band] if forest.band else [])], zero=True)
    across = Scale(low - 0.03 * (high - low), high + 0.03 * (high - low), _LEFT, _RIGHT)
    height = _HEAD + sum(_ROW * (len(rows) + bool(heading)) for heading, rows in shown)
    parts, y = [_ground(across, forest, height), _columns(forest)], float(_HEAD)
    for heading, rows in shown:
        if heading:
            parts.append(_heading(heading, y))
            y += _ROW
        for row in rows:
            parts.append(_row(row, across, y))
            y += _ROW
    svg = Markup('<svg class="broad" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        _WIDTH, round(height + 40), title, title, Markup("").join(parts)
    )
    return figure(title, svg, _numbers(shown, forest), _legend(forest), note)


def _ground(across: Scale, forest: Forest, height: float) -> Markup:
    parts = []
    if forest.band:
        left, right = across(-forest.band), across(forest.band)
        parts.append(
            Markup(
                '<rect class="floor" x="{:.1f}" y="{}" width="{:.1f}" height="{:.0f}"><title>{}</title></rect>'
            ).format(left, _HEAD - 6, right - left, height - _HEAD + 6, f"noise floor: ±{show_value(forest.band)}")
        )
    for tick in across.ticks(6):
        x = across(tick)
        parts.append(
            Markup(
                '<path class="grid" d="M{:.1f} {}V{:.0f}"/><text x="{:.1f}" y="{:.0f}" text-anchor="middle">{}</text>'
            ).format(x, _HEAD - 6, height, x, height + 16, show_value(round(tick, 12)))
        )
    parts.append(Markup('<path class="nought" d="M{:.1f} {}V{:.0f}"/>').format(across(0), _HEAD - 6, height))
    better, worse = forest.sides
    label = Markup('<text class="name" x="{:.0f}" y="{:.0f}" text-anchor="{}">{}</text>')
    parts.append(label.format(_LEFT, height + 34, "start", f"← {better}"))
    parts.append(label.format((_LEFT + _RIGHT) / 2, height + 34, "middle", forest.unit))
    parts.append(label.format(_RIGHT, height + 34, "end", f"{worse} →"))
    return Markup("").join(parts)


def _columns(forest: Forest) -> Markup:
    return Markup("").join(
        Markup('<text class="name" x="{}" y="14">{}</text>').format(_RIGHT + 16 + _COLUMN * at, heading)
        for at, heading in enumerate(forest.columns)
    )


def _heading(text: str, y: float) -> Markup:
    return Markup('<text class="group" x="0" y="{:.0f}">{}</text>').format(y + 20, text)


def _row(row: ForestRow, across: Scale, y: float) -> Markup:
    middle = y + _ROW / 2
    short = row.name if len(row.name) <= 30 else row.name[:29] + "…"
    name = Markup('<text x="{}" y="{:.0f}" text-anchor="end">{}<title>{}</title></text>').format(
        _LEFT - 10, middle + 4, short, row.name
    )
    texts = Markup("").join(
        Markup('<text class="{}" x="{}" y="{:.0f}">{}</text>').format(
            f"say {row.kind}" if at == 0 else "say", _RIGHT + 16 + _COLUMN * at, middle + 4, text
        )
        for at, text in enumerate(row.texts)
    )
    second = _second(row.second, across, middle + 6, row.kind) if row.second else Markup("")
    return name + second + _first(row, across, middle - (4 if row.second else 0)) + texts


def _first(row: ForestRow, across: Scale, y: float) -> Markup:
    return _interval(row.first, across, y, f"stem {row.kind}", 5) + Markup(
        '<rect class="point {}" x="{:.1f}" y="{:.1f}" width="9" height="9"><title>{}</title></rect>'
    ).format(row.kind, across(row.first.value) - 4.5, y - 4.5, _said(row.name, row.first))


def _second(estimate: Range, across: Scale, y: float, kind: str) -> Markup:
    return _interval(estimate, across, y, f"stem faint {kind}", 0) + Markup(
        '<circle class="hollow {}" cx="{:.1f}" cy="{:.1f}" r="3.2"/>'
    ).format(kind, across(estimate.value), y)


def _interval(estimate: Range, across: Scale, y: float, kind: str, cap: float) -> Markup:
    if estimate.low is None or estimate.high is None:
        return Markup("")
    low, high = across(estimate.low), across(estimate.high)
    ends = f"M{low:.1f} {y - cap:.1f}v{2 * cap:g}M{high:.1f} {y - cap:.1f}v{2 * cap:g}" if cap else ""
    return Markup('<path class="{}" d="M{:.1f} {:.1f}H{:.1f}{}"/>').format(kind, low, y, high, ends)


def _legend(forest: Forest) -> Markup:
    first, second = forest.names
    keys = [
        (Markup('<rect class="point open" x="8" y="1" width="8" height="8"/>'), first),
        (Markup('<circle class="hollow open" cx="12" cy="5" r="3.2"/>'), second),
        *([(Markup('<path class="floor" d="M0 0H24V10H0z"/>'), "noise floor")] if forest.band else []),
    ]
    item = Markup('<li><svg class="key" viewBox="0 0 24 10" aria-hidden="true">{}</svg>{}</li>')
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(item.format(*key) for key in keys))


def _numbers(groups: Sequence[tuple[str, Sequence[ForestRow]]], forest: Forest) -> Markup:
    first, second = forest.names
    headings = ["", f"{first}: value", "from", "to", f"{second}: value", "from", "to", *forest.columns]
    rows = [[row.name, *_cells(row.first), *_cells(row.second), *row.texts] for _, rows in groups for row in rows]
    return table(headings, rows)


def _cells(estimate: Range | None) -> list[float | None]:
    return [estimate.value, estimate.low, estimate.high] if estimate else [None, None, None]


def _said(name: str, estimate: Range) -> str:
    ends = f" [{show_value(estimate.low)}, {show_value(estimate.high)}]" if estimate.low is not None else ""
    return f"{name}: {show_value(estimate.value)}{ends}"

"""Pictures of few measured points: points with whiskers and a fitted curve, and lines over named levels."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from data_cards.pages.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, frame, span, x_ticks
from data_cards.pages.charts import Series, figure, legend, picture
from data_cards.pages.forest import Range
from data_cards.pages.numbers import show_value
from data_cards.pages.tables import table

__all__ = ["fit_chart", "levels_chart"]

_DODGE = 7


def fit_chart(
    title: str,
    points: Sequence[tuple[float, Range]],
    fit: Series | None,
    *,
    x_label: str,
    y_label: str,
    floor: float | None = None,
    note: str = "",
) -> Markup:
    """Measured points with intervals over a fitted curve with its band; `floor` shades what is no more than noise."""
    ends = [end for _, each in points for end in each.ends]
    ends += [y for _, y in fit.points] + [*fit.low, *fit.high] if fit else []
    xs = [x for x, _ in points] + ([x for x, _ in fit.points] if fit else [])
    across = Scale(0, 1.04 * max(xs), LEFT, WIDTH - RIGHT)
    up = Scale(*span([*ends, *([floor, -floor] if floor else [])], zero=True), HEIGHT - BOTTOM, TOP)
    parts = [_floor(floor, up) if floor else "", frame(across, up, x_label, y_label), _nought(up)]
    parts += [_curve(fit, across, up)] if fit else []
    parts += [_point(across(x), each, up) for x, each in points]
    rows = [[x, each.value, each.low, each.high] for x, each in points]
    return figure(
        title, picture(title, Markup("").join(parts)), table([x_label, y_label, "from", "to"], rows), note=note
    )


def levels_chart(
    title: str,
    levels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Range]]],
    *,
    x_label: str,
    y_label: str,
    note: str = "",
) -> Markup:
    """One line a name over evenly spaced levels, side by side enough that their whiskers can be told apart."""
    step = (WIDTH - RIGHT - LEFT) / max(1, len(levels))
    places = [LEFT + step * (at + 0.5) for at in range(len(levels))]
    up = Scale(*span([end for _, each in series for one in each for end in one.ends], zero=True), HEIGHT - BOTTOM, TOP)
    parts = [frame(_Bare(0, 1, LEFT, LEFT), up, x_label, y_label), x_ticks(list(zip(places, levels, strict=True)))]
    for number, (name, each) in enumerate(series):
        aside = (number - (len(series) - 1) / 2) * _DODGE
        parts.append(_levels(name, [x + aside for x in places], each, up, f"series-{number % 8}"))
    rows = [
        [name, level, one.value, one.low, one.high]
        for name, each in series
        for level, one in zip(levels, each, strict=True)
    ]
    numbers = table(["", x_label, y_label, "from", "to"], rows)
    return figure(title, picture(title, Markup("").join(parts)), numbers, legend([name for name, _ in series]), note)


class _Bare(Scale):
    """An axis whose ticks are drawn apart."""

    def ticks(self, about: int = 5) -> list[float]:
        return []


def _floor(floor: float, up: Scale) -> Markup:
    top, bottom = up(floor), up(-floor)
    return Markup('<rect class="floor" x="{}" y="{:.1f}" width="{}" height="{:.1f}"><title>{}</title></rect>').format(
        LEFT, top, WIDTH - RIGHT - LEFT, min(bottom, HEIGHT - BOTTOM) - top, f"noise floor: ±{show_value(floor)}"
    )


def _nought(up: Scale) -> Markup:
    return Markup('<path class="nought" d="M{} {:.1f}H{}"/>').format(LEFT, up(0), WIDTH - RIGHT)


def _curve(fit: Series, across: Scale, up: Scale) -> Markup:
    there = [f"{across(x):.1f},{up(high):.1f}" for (x, _), high in zip(fit.points, fit.high, strict=True)]
    back = [f"{across(x):.1f},{up(low):.1f}" for (x, _), low in zip(fit.points, fit.low, strict=True)]
    line = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in fit.points)
    return Markup(
        '<polygon class="band series-0" points="{}"/>'
        '<polyline class="line series-0" points="{}"><title>{}</title></polyline>'
    ).format(" ".join(there + back[::-1]), line, fit.name)


def _point(x: float, each: Range, up: Scale) -> Markup:
    return _stem(x, each, up, "whisker") + Markup(
        '<circle class="mark series-0" cx="{:.1f}" cy="{:.1f}" r="4.5"/>'
    ).format(x, up(each.value))


def _levels(name: str, places: Sequence[float], each: Sequence[Range], up: Scale, kind: str) -> Markup:
    line = " ".join(f"{x:.1f},{up(one.value):.1f}" for x, one in zip(places, each, strict=True))
    marks = Markup("").join(
        _stem(x, one, up, f"stem {kind}")
        + Markup('<circle class="mark {}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(kind, x, up(one.value))
        for x, one in zip(places, each, strict=True)
    )
    return Markup('<polyline class="line {}" points="{}"><title>{}</title></polyline>{}').format(
        kind, line, name, marks
    )


def _stem(x: float, each: Range, up: Scale, kind: str) -> Markup:
    if each.low is None or each.high is None:
        return Markup("")
    low, high = up(each.low), up(each.high)
    return Markup('<path class="{}" d="M{:.1f} {:.1f}V{:.1f}M{:.1f} {:.1f}h6M{:.1f} {:.1f}h6"/>').format(
        kind, x, low, high, x - 3, low, x - 3, high
    )

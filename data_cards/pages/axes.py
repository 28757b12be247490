"""Where data lies in a picture: linear and logarithmic scales with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from data_cards.pages.numbers import show_short

__all__ = ["BOTTOM", "HEIGHT", "LEFT", "RIGHT", "TOP", "WIDTH", "Scale", "frame", "span"]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 260, 64, 12, 12, 44


@dataclass(frozen=True)
class Scale:
    """Maps [low, high] to [start, end] in units of the picture."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (_log(x) if self.log else x for x in (self.low, self.high, value))
        return self.start + (self.end - self.start) * ((value - low) / ((high - low) or 1))

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the range, about that many."""
        if self.log:
            powers = range(math.floor(_log(self.low)), math.ceil(_log(self.high)) + 1)
            stride = -(-len(powers) // about)
            round_ones = [10.0**power for power in powers[::stride]]
            if len(powers) <= 3:
                round_ones = [factor * one for one in round_ones for factor in (1, 2, 5)]
            return [one for one in round_ones if self.low <= one * (1 + 1e-9) and one <= self.high * (1 + 1e-9)]
        step = _round_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def span(values: Iterable[float], *, zero: bool = False) -> tuple[float, float]:
    """Smallest and largest finite value, never equal; with `zero`, the range begins or ends at 0."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def frame(across: Scale, up: Scale, x_label: str = "", y_label: str = "") -> Markup:
    """Grid lines, tick labels and names of both axes."""
    parts = [
        Markup('<path class="grid" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            LEFT, up(tick), WIDTH - RIGHT, LEFT - 6, up(tick) + 4, show_short(tick)
        )
        for tick in up.ticks()
    ]
    parts += [x_ticks([(across(tick), show_short(tick)) for tick in across.ticks(8)])]
    parts.append(Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT))
    if x_label:
        parts.append(_label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x_label))
    if y_label:
        turned = Markup(' transform="rotate(-90 12 {})"').format((TOP + HEIGHT - BOTTOM) / 2)
        parts.append(_label(12, (TOP + HEIGHT - BOTTOM) / 2, y_label, turned))
    return Markup("").join(parts)


def x_ticks(places: Sequence[tuple[float, str]]) -> Markup:
    return Markup("").join(
        Markup('<path class="axis" d="M{:.1f} {}v4"/><text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 16, text
        )
        for x, text in places
    )


def _label(x: float, y: float, text: str, more: Markup | str = "") -> Markup:
    return Markup('<text class="name" x="{}" y="{}" text-anchor="middle"{}>{}</text>').format(x, y, more, text)


def _log(value: float) -> float:
    return math.log10(max(value, 1e-300))


def _round_step(step: float) -> float:
    """The smallest of 1, 2, 2.5, 5, 10 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step * (1 - 1e-9))

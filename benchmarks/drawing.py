"""Charts of the pages' kit as one SVG file that stands alone, for pages in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from data_cards.pages import asset

__all__ = ["alone"]

_SVG = re.compile(r'<svg viewBox="0 0 (\d+) (\d+)" role="img".*?</svg>', re.DOTALL)
_HEAD, _KEY = 26, 18


def alone(title: str, charts: Sequence[tuple[str, Markup, Sequence[str]]]) -> str:
    """Charts below each other, each with its heading and the names of its lines."""
    parts, y, width = [], 0, 0
    for heading, chart, names in charts:
        found = _SVG.search(str(chart))
        if found is None:
            raise ValueError(f"{heading}: no picture in it")
        wide, high = int(found[1]), int(found[2])
        parts.append(f'<text x="4" y="{y + 18}" font-weight="bold">{escape(heading)}</text>')
        keys = [_key(name, number, y + _HEAD + number * _KEY) for number, name in enumerate(names)]
        y += _HEAD + len(keys) * _KEY
        parts += [*keys, found[0].replace("<svg ", f'<svg y="{y}" width="{wide}" height="{high}" ', 1)]
        y, width = y + high + 8, max(width, wide)
    # Only what is drawn here: pages have rules for tables and text as well.
    style = "\n".join(line for line in asset("style.css").splitlines() if _draws(line))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" role="img"><title>{escape(title)}</title>'
        f"<style>:root {{ --card: #fff; --ink: #1d2125; --muted: #5c6670; --rule: #dcdad3; {_colours()} }}\n{style}"
        f'</style><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _key(name: str, number: int, y: int) -> str:
    return f'<path class="line series-{number}" d="M8 {y + 9}h24"/><text x="40" y="{y + 13}">{escape(name)}</text>'


def _draws(line: str) -> bool:
    return line.startswith(("svg", ".bar", ".series", ".line", ".grid", ".axis"))


def _colours() -> str:
    return next(line.strip() for line in asset("style.css").splitlines() if line.strip().startswith("--s0"))

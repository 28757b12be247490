"""A heat map that is a table: every cell has its number, colour only helps the eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

__all__ = ["HeatCell", "HeatRow", "heat_map"]

_STEPS = 5


@dataclass(frozen=True)
class HeatCell:
    """`shade` in [-1, 1] colours from better to worse; None leaves the cell plain."""

    text: str
    shade: float | None = None
    title: str = ""


@dataclass(frozen=True)
class HeatRow:
    """A `muted` row is greyed: its numbers are shown and not to be read."""

    name: str
    cells: Sequence[HeatCell]
    muted: bool = False
    note: str = ""


def heat_map(caption: str, columns: Sequence[str], rows: Sequence[HeatRow], note: str = "") -> Markup:
    """One cell a column in every row; `note` heads the last column, which holds each row's own note."""
    heads = Markup("").join(
        Markup('<th scope="col" class="turned"><span>{}</span></th>').format(each) for each in columns
    )
    last = Markup('<th scope="col" class="number">{}</th>').format(note) if note else ""
    return Markup(
        '<figure><figcaption>{}</figcaption><div class="wide" tabindex="0" role="group" aria-label="{}">'
        '<table class="heat"><thead><tr><th></th>{}{}</tr></thead><tbody>{}</tbody></table></div></figure>'
    ).format(caption, caption, heads, last, Markup("").join(_row(row, bool(note)) for row in rows))


def _row(row: HeatRow, noted: bool) -> Markup:
    cells = Markup("").join(_cell(cell, row.muted) for cell in row.cells)
    last = Markup('<td class="number note">{}</td>').format(row.note) if noted else ""
    kind = Markup(' class="muted"') if row.muted else ""
    return Markup('<tr{}><th scope="row">{}</th>{}{}</tr>').format(kind, row.name, cells, last)


def _cell(cell: HeatCell, muted: bool) -> Markup:
    shade = "" if muted or cell.shade is None else _shade(cell.shade)
    title = Markup(' title="{}"').format(cell.title) if cell.title else ""
    return Markup('<td class="{}"{}>{}</td>').format(f"cell {shade}".strip(), title, cell.text)


def _shade(value: float) -> str:
    step = min(_STEPS, round(abs(value) * _STEPS))
    return f"{'worse' if value > 0 else 'better'}-{step}" if step else ""

"""Tables of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from data_cards.pages.numbers import show_value

__all__ = ["beside", "table"]

_NUMERIC = re.compile(r"–|[+−±<>-]{0,2}\d[\d.,]*( .{1,24})?")
_NUMBER = Markup(' class="number"')


def table(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], *, caption: str = "", row_headings: bool = True
) -> Markup:
    """A table with its numbers to the right.

    A column is one of numbers when its first cell that is not empty is a number, or text that is one with
    or without a unit; the first column heads its rows. Cells are escaped unless they are Markup.
    """
    numbers = [_is_number(next((row[at] for row in rows if row[at] != ""), "")) for at in range(len(headings))]
    if row_headings and numbers:
        numbers[0] = False
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_NUMBER if number else "", heading)
        for heading, number in zip(headings, numbers, strict=True)
    )
    body = Markup("").join(_row(row, numbers, row_headings) for row in rows)
    title = Markup("<caption>{}</caption>").format(caption) if caption else ""
    return Markup('<div class="wide"><table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>').format(
        title, head, body
    )


def beside(numbers: Markup, *, long: bool = False) -> Markup:
    """The table that stands beside a picture, folded; paper shows it, unless it is a long one that nobody opened."""
    kind = Markup(' class="long"') if long else ""
    return Markup("<details{}><summary>Numbers</summary>{}</details>").format(kind, numbers)


def _row(row: Sequence[Any], numbers: Sequence[bool], row_headings: bool) -> Markup:
    return Markup("<tr>{}</tr>").format(
        Markup("").join(
            _cell(value, number, row_headings and not at)
            for at, (value, number) in enumerate(zip(row, numbers, strict=True))
        )
    )


def _cell(value: Any, number: bool, heads: bool) -> Markup:
    if heads:
        return Markup('<th scope="row">{}</th>').format(_shown(value))
    return Markup("<td{}>{}</td>").format(_NUMBER if number else "", _shown(value))


def _shown(value: Any) -> Markup:
    return value if isinstance(value, Markup) else escape(show_value(value))


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _NUMERIC.fullmatch(value.striptags() if isinstance(value, Markup) else value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)

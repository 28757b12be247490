"""A comparison of releases for people: on the terminal, and as one self-contained page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup
from rich.console import Console
from rich.table import Table

from data_cards.pages import Bar, bar_chart, render_page, section, show_count, show_size, show_value, table
from pipelines.diff import CHANGES, Difference

__all__ = ["difference_page", "print_difference"]

_MOST = 20


def print_difference(difference: Difference) -> None:
    console = Console()
    console.print(f"first   {difference.first}\nsecond  {difference.second}", highlight=False)
    for title, headings, rows in _tables(difference):
        if rows:
            console.print(_terminal_table(title, headings, rows[:_MOST]))
        if len(rows) > _MOST:
            console.print(f"and {len(rows) - _MOST} more; all of them with --json or --page")


def difference_page(difference: Difference) -> str:
    parts = [
        section(f"part-{number}", title, table(headings, rows))
        for number, (title, headings, rows) in enumerate(_tables(difference))
        if rows
    ]
    bars = [Bar(kind, difference.changes[kind].documents) for kind in CHANGES]
    lead = Markup('<p class="lead">From <code>{}</code> to <code>{}</code></p>').format(
        difference.first, difference.second
    )
    return render_page(
        "What changed", [section("changes", "In one look", bar_chart("Documents", bars)), *parts], lead=lead
    )


def _tables(difference: Difference) -> list[tuple[str, list[str], list[list[Any]]]]:
    changes = [[kind, show_count(each.documents), show_size(each.bytes)] for kind, each in difference.changes.items()]
    sources = [[name, *(counts[kind] for kind in CHANGES)] for name, counts in difference.sources.items()]
    reasons = [
        [f"{kind}, {'now' if kind == 'removed' else 'before'}: {reason}", count]
        for kind, counts in difference.reasons.items()
        for reason, count in counts.items()
    ]
    return [
        ("Documents", ["", "documents", "text"], changes),
        ("Sources", ["source", *CHANGES], sources),
        ("Why", ["documents", "count"], reasons),
        ("Counts", ["", "first", "second", "change"], _moved(difference.counts)),
        ("Languages", ["language", "first", "second", "change"], _moved(difference.languages)),
        ("Rules", ["rule"], [[line] for line in difference.rules]),
        ("Steps", ["step"], [[line] for line in difference.steps]),
        (
            "Scores of kept documents",
            ["attribute", "first: 5 %, half, 95 %", "second", "distance"],
            _shifts(difference),
        ),
        ("Examples", ["change", "id"], [[kind, each] for kind, ids in difference.examples.items() for each in ids]),
    ]


def _moved(counts: dict[str, tuple[int, int]]) -> list[list[Any]]:
    return [
        [name, before, after, f"{after - before:+,}"] for name, (before, after) in counts.items() if before != after
    ]


def _shifts(difference: Difference) -> list[list[Any]]:
    return [
        [shift.attribute, _levels(shift.before), _levels(shift.after), f"{shift.distance:.3f}"]
        for shift in difference.shifts
        if shift.distance > 0
    ]


def _levels(values: Iterable[float]) -> str:
    return ", ".join(show_value(round(value, 4)) for value in values)


def _terminal_table(title: str, headings: list[str], rows: list[list[Any]]) -> Table:
    shown = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if number and len(headings) > 2 else "left")
    for row in rows:
        shown.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return shown

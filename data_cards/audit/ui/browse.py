"""Documents under a filter: facets, a histogram, and the first of them with their beginnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from curation.decisions import KEPT
from data_cards.audit.figures import chart_of
from data_cards.audit.texts import masked
from data_cards.audit.ui.filters import FACETS, NONE, Filter
from data_cards.audit.ui.labels import Labels
from data_cards.audit.ui.search import Hits
from data_cards.audit.ui.store import Store
from data_cards.audit.ui.view import template
from data_cards.pages import show_value

__all__ = ["browse_page"]

_ROWS, _START = 25, 160
_HOWS = {
    "words": "all these words",
    "substring": "this very text",
    "regex": "a regular expression",
    "id": "id, URL or key",
}


def browse_page(store: Store, labels: Labels, asked: Filter, hits: Hits) -> Markup:
    total, kept = store.count(asked, hits.rows)
    found = store.page(asked, hits.rows, _ROWS)
    last = asked.offset + len(found)
    return template(
        "browse.html.jinja",
        asked=asked,
        hows=_HOWS,
        facets=_facets(store, labels, asked, hits),
        rules=store.rules,
        numbers=store.numbers,
        ranges=_ranges(asked),
        total=total,
        kept=kept,
        trouble=hits.trouble,
        waiting=hits.waiting,
        chips=_chips(asked),
        chart=_chart(store, asked, hits),
        as_rule=_as_rule(asked),
        rows=[_row(store, labels, asked, at, row) for at, row in enumerate(found, asked.offset)],
        before=f"/?{asked.query(offset=max(0, asked.offset - _ROWS))}" if asked.offset else "",
        after=f"/?{asked.query(offset=last)}" if last < total else "",
        csv=f"/documents.csv?{asked.query(offset=0)}",
    )


def _row(store: Store, labels: Labels, asked: Filter, at: int, row: dict[str, Any]) -> dict[str, Any]:
    shown = [name for name in dict.fromkeys((asked.attribute, asked.order)) if name in row]
    label = labels.of(row["id"])
    facts = [row["source"], row.get("language.label"), f"label {label.label}" if label else ""]
    return {
        "address": f"/document?n={row['n']}&at={at}&{asked.query(offset=0)}",
        "tone": "good" if row["state"] == KEPT else "bad",
        "fate": f"{row['state']}: {row['reason']}" if row["reason"] else row["state"],
        "facts": " · ".join(filter(None, [*facts, *(f"{name} {show_value(row[name])}" for name in shown)])),
        "start": masked(" ".join(_start(store, row["n"]).split())),
    }


def _start(store: Store, n: int) -> str:
    run = store.run
    return run.text("clean", n, _START) or run.text("collect", n, _START) or run.published(n, _START) or ""


def _facets(store: Store, labels: Labels, asked: Filter, hits: Hits) -> list[tuple[str, list[tuple[str, int, bool]]]]:
    """Names of facets with their values, documents under all other conditions, and whether they are chosen."""
    names = [name for name, column in FACETS.items() if column in store.columns]
    counts = {name: store.facet(asked, hits.rows, name) for name in names}
    if labels.all():
        counts["label"] = store.label_counts(asked, hits.rows)
    return [(name, _ticked(found, asked.choices.get(name, ()))) for name, found in counts.items()]


def _ticked(found: Sequence[tuple[str | None, int]], chosen: Sequence[str]) -> list[tuple[str, int, bool]]:
    values = {value if value is not None else NONE: count for value, count in found}
    values.update({value: 0 for value in chosen if value not in values})
    return [(value, count, value in chosen) for value, count in values.items()]


def _ranges(asked: Filter) -> list[tuple[str, str, str]]:
    names = dict.fromkeys([*([asked.attribute] if asked.attribute else []), *asked.ranges])
    ends = {name: asked.ranges.get(name, (None, None)) for name in names}
    return [(name, *("" if end is None else f"{end:.15g}" for end in pair)) for name, pair in ends.items()]  # type: ignore[misc]


def _chips(asked: Filter) -> list[tuple[str, str]]:
    """What the filter holds, each with the address of the page without it."""
    chips = [(f"“{asked.text}”", asked.query(text="", offset=0))] if asked.text else []
    for name, values in asked.choices.items():
        for value in values:
            rest = {**asked.choices, name: tuple(other for other in values if other != value)}
            chips.append((f"{name}: {value}", asked.query(choices=rest, offset=0)))
    for name, end, value in asked.ends():
        left = tuple(
            None if this == end else that for this, that in zip(("min", "max"), asked.ranges[name], strict=True)
        )
        sign = "≥" if end == "min" else "≤"
        chips.append((f"{name} {sign} {value:.15g}", asked.query(ranges={**asked.ranges, name: left}, offset=0)))
    chips += [(f"fails {asked.rule}", asked.query(rule="", offset=0))] if asked.rule else []
    return [(text, f"/?{query}") for text, query in chips]


def _chart(store: Store, asked: Filter, hits: Hits) -> Markup:
    if not asked.attribute:
        return Markup("")
    found = store.histogram(asked, hits.rows, asked.attribute)
    if found is None:
        return Markup('<p class="note">All values are the same, or none is there.</p>')
    return chart_of(asked.attribute, asked.attribute, found)


def _as_rule(asked: Filter) -> str:
    """The range of the shown attribute as a line of a recipe."""
    limits = [f"{end}: {value:.15g}" for name, end, value in asked.ends() if name == asked.attribute]
    return f"- {{reason: my_rule, attribute: {asked.attribute}, {', '.join(limits)}}}" if limits else ""

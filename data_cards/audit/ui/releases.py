"""Two releases side by side: what came, what went, what is judged otherwise."""

from __future__ import annotations

import functools
from typing import Any

import duckdb
import pyarrow as pa
from markupsafe import Markup

from data_cards.audit.run import AuditedRun
from data_cards.pages import section, show_count, show_share, table

__all__ = ["releases_page"]

_COLUMNS = ("n", "id", "state", "reason", "source", "language.label", "text.bytes", "text.characters")
_EXAMPLES = 60


def releases_page(new: AuditedRun, old: AuditedRun) -> Markup:
    """`new` is the run that is audited, `old` the one it is held against. Documents are matched by id."""
    database = duckdb.connect()
    try:
        for name, run in (("new", new), ("old", old)):
            database.register(name, _rows(run))
        database.execute("SET enable_external_access = false; SET lock_configuration = true")
        ask = functools.partial(_ask, database)
        parts = [_totals(new, old), _moves(ask), *(_shift(ask, *facet) for facet in _FACETS), _examples(ask)]
    finally:
        database.close()
    return Markup("").join(parts)


_FACETS = (("reason", "Reasons"), ("source", "Sources"), ("language", "Languages"))


def _rows(run: AuditedRun) -> pa.Table:
    present = [name for name in _COLUMNS if name in run.ledger.schema.names]
    rows = run.read.select(present)
    if "language.label" not in present:
        rows = rows.append_column("language.label", pa.nulls(rows.num_rows, pa.string()))
    return rows.rename_columns([name.replace("language.label", "language") for name in rows.column_names])


def _ask(database: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return list(database.sql(sql).to_arrow_table().to_pylist())


def _totals(new: AuditedRun, old: AuditedRun) -> Markup:
    names = ("collected", "kept", "dropped", "quarantined", "augmented")
    pairs = [(name, getattr(old.card, name), getattr(new.card, name)) for name in names]
    pairs.append(("bytes in the dataset", *(sum(split.bytes for split in run.card.splits) for run in (old, new))))
    headings = ["", "other release", "this run"]
    recipes = table(headings, [["recipe", *(run.card.recipe_fingerprint[:16] for run in (old, new))]])
    return section(
        "totals", "Totals", recipes, table([*headings, "change"], [[*pair, _change(*pair[1:])] for pair in pairs])
    )


def _change(before: int, after: int) -> str:
    if after == before:
        return "±0"
    return f"{after - before:+,} ({show_share(abs(after - before), before)})" if before else f"{after - before:+,}"


def _moves(ask: Any) -> Markup:
    """Documents by what they were and what they are."""
    sql = (
        "SELECT coalesce(old.state, '–') AS was, coalesce(new.state, '–') AS now, count(*) AS documents, "
        'count(*) FILTER (old."text.bytes" IS DISTINCT FROM new."text.bytes") AS resized '
        "FROM old FULL JOIN new USING (id) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    rows = [[row["was"], row["now"], show_count(row["documents"]), show_count(row["resized"])] for row in ask(sql)]
    note = Markup('<p class="note">A dash: the release does not have the document.</p>')
    return section("moves", "Fates", note, table(["other release", "this run", "documents", "of other length"], rows))


def _shift(ask: Any, column: str, title: str) -> Markup:
    sql = (
        f"SELECT coalesce(old.value, new.value) AS value, coalesce(old.all, 0) AS a, coalesce(new.all, 0) AS b, "  # noqa: S608
        f"coalesce(old.kept, 0) AS c, coalesce(new.kept, 0) AS d "
        f"FROM {_sums('old', column)} FULL JOIN {_sums('new', column)} "
        "ON old.value IS NOT DISTINCT FROM new.value ORDER BY greatest(a, b) DESC, 1 LIMIT 40"
    )
    rows = [[row["value"], row["a"], row["b"], _change(row["a"], row["b"]), row["c"], row["d"]] for row in ask(sql)]
    headings = [column, "other release", "this run", "change", "kept there", "kept here"]
    return section(column, title, table(headings, [["(none)" if row[0] is None else row[0], *row[1:]] for row in rows]))


def _sums(name: str, column: str) -> str:
    return (
        f"(SELECT {column} AS value, count(*) AS all, count(*) FILTER (state = 'kept') AS kept "  # noqa: S608
        f"FROM {name} GROUP BY 1) AS {name}"
    )


def _examples(ask: Any) -> Markup:
    """Documents whose fate or size is another, in an order that has nothing to do with their text."""
    sql = (
        "SELECT coalesce(old.id, new.id) AS id, old.n AS old_n, new.n AS new_n, old.state AS was, "  # noqa: S608
        "old.reason AS why_then, new.state AS now, new.reason AS why_now FROM old FULL JOIN new USING (id) "
        "WHERE old.state IS DISTINCT FROM new.state OR old.reason IS DISTINCT FROM new.reason "
        'OR old."text.bytes" IS DISTINCT FROM new."text.bytes" '
        f"ORDER BY hash(coalesce(old.id, new.id)), 1 LIMIT {_EXAMPLES}"
    )
    rows = []
    for row in ask(sql):
        then = _link(row["old_n"], "&amp;run=other", row["was"], row["why_then"])
        both = row["old_n"] is not None and row["new_n"] is not None
        texts = Markup('<a href="/document?n={}&amp;view=other">compare</a>').format(row["new_n"]) if both else "–"
        rows.append([row["id"], then, _link(row["new_n"], "", row["now"], row["why_now"]), texts])
    headings = ["document", "other release", "this run", "texts"]
    return section("examples", "Documents judged or cleaned otherwise", table(headings, rows))


def _link(n: int | None, more: str, state: str | None, reason: str | None) -> Markup | str:
    if n is None:
        return "–"
    text = f"{state}: {reason}" if reason else state
    return Markup('<a href="/document?n={}{}">{}</a>').format(n, Markup(more), text)  # noqa: S704

"""The ledger in DuckDB: filters, facets, histograms and pages of documents in fractions of a second.

A copy of the ledger's numbers and names (no text) lies beside the run in `audit/`, named by the digest of what it was
made from. The database may read no file but its own, and its configuration is locked before the first question.
"""

from __future__ import annotations

import functools
import math
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from data_cards.audit.counts import Distribution, bin_edges, measured_numbers
from data_cards.audit.run import AuditedRun
from data_cards.audit.ui.filters import FACETS, Filter, quoted
from data_cards.audit.ui.labels import LABELS

__all__ = ["SlowError", "Store"]

_LIMIT_S, _MOST_HITS = 10.0, 200_000
# Documents that quantiles are estimated from.
_SAMPLE = 1 << 16
_VERSION = 1


class SlowError(Exception):
    """A question took longer than it may."""


class Store:
    """One run. Questions wait for each other: there is one reader."""

    def __init__(self, run: AuditedRun) -> None:
        self.run = run
        self._lock = threading.Lock()
        path = run.root / "audit" / f"ledger-{run.manifest('ledger').digest[:16]}.{_VERSION}.duckdb"
        if not path.is_file():
            _build(run, path)
        self._database = duckdb.connect(str(path), read_only=True)
        self._database.execute("SET threads = 4; SET memory_limit = '2GB'; SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")
        self.labelled({})

    @functools.cached_property
    def numbers(self) -> list[str]:
        return measured_numbers(self.run)

    @functools.cached_property
    def columns(self) -> list[str]:
        return [name for name in self.run.ledger.schema.names if name != "failed_rules"]

    @property
    def rules(self) -> list[str]:
        return [rule.reason for rule in self.run.rules]

    def labelled(self, labels: dict[int, str]) -> None:
        """Say which documents have which label; filters see it from now on."""
        names = pa.array(list(labels.values()), pa.string())
        self._labels = pa.table({"n": pa.array(list(labels), pa.int64()), "label": names})

    def ask(self, sql: str, parameters: Sequence[object] = (), **tables: pa.Table) -> pa.Table:
        """An answer as a table. Raises SlowError after ten seconds, duckdb.Error for a pattern that is not one."""
        with self._lock:
            timer = threading.Timer(_LIMIT_S, self._database.interrupt)
            names = {"labels": self._labels, **tables}
            for name, table in names.items():
                self._database.register(name, table)
            timer.start()
            try:
                return self._database.sql(sql, params=list(parameters)).to_arrow_table()
            except duckdb.InterruptException:
                raise SlowError from None
            finally:
                timer.cancel()
                for name in names:
                    self._database.unregister(name)

    def count(self, asked: Filter, hits: pa.Table | None) -> tuple[int, int]:
        """Documents that a filter leaves, and how many of them were kept."""
        rows = self._over(asked, hits, "count(*) AS documents, count(*) FILTER (state = 'kept') AS kept")
        return rows["documents"][0].as_py(), rows["kept"][0].as_py()

    def page(self, asked: Filter, hits: pa.Table | None, rows: int) -> list[dict[str, Any]]:
        shown = ["n", "id", "state", "reason", "source", "key", "url", "split", "text.characters"]
        shown += [name for name in ("language.label", asked.attribute, asked.order) if name in self.columns]
        columns = ", ".join(quoted(name) for name in dict.fromkeys(shown))
        tail = f"ORDER BY {asked.ordering()} LIMIT {rows} OFFSET {asked.offset}"
        return list(self._over(asked, hits, columns, tail).to_pylist())

    def facet(self, asked: Filter, hits: pa.Table | None, facet: str, most: int = 30) -> list[tuple[str | None, int]]:
        """Values of a facet under all other conditions, most documents first."""
        columns = f"{quoted(FACETS[facet])} AS value, count(*) AS count"
        rows = self._over(asked.without(facet), hits, columns, f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most}")
        return list(zip(rows["value"].to_pylist(), rows["count"].to_pylist(), strict=True))

    def label_counts(self, asked: Filter, hits: pa.Table | None) -> list[tuple[str | None, int]]:
        """As `facet`, for labels."""
        columns = "n, (SELECT label FROM labels WHERE labels.n = ledger.n) AS value"
        rest = asked.without("label")
        labelled = replace(rest, choices={**rest.choices, "label": LABELS})
        found = Counter(self._over(labelled, hits, columns)["value"].to_pylist())
        return [(None, self.count(rest, hits)[0] - found.total()), *found.most_common()]

    def histogram(self, asked: Filter, hits: pa.Table | None, attribute: str) -> Distribution | None:
        """As `counts.distribution`, under a filter."""
        name = quoted(attribute)
        columns = (
            f"count({name}) AS known, count(*) AS rows, min({name}) AS low, max({name}) AS high, "
            f"min({name}) FILTER ({name} > 0) AS least"
        )
        facts = self._over(asked, hits, columns).to_pylist()[0]
        if not facts["known"] or facts["low"] == facts["high"]:
            return None
        edges, log = bin_edges(
            float(facts["low"]),
            float(facts["high"]),
            *self._quantiles(asked, hits, name, facts["known"]),
            least=float(facts["least"] or 0),
            whole=pa.types.is_integer(self.run.ledger.schema.field(attribute).type),
        )
        bins = len(edges) - 1
        columns = (
            f"{_bin(name, edges.tolist(), log)} AS bin, count(*) FILTER (state = 'kept') AS kept, count(*) AS rows"
        )
        kept, dropped = [0] * bins, [0] * bins
        for row in self._over(asked, hits, columns, "GROUP BY 1").to_pylist():
            if row["bin"] is not None:
                kept[row["bin"]], dropped[row["bin"]] = row["kept"], row["rows"] - row["kept"]
        return Distribution(tuple(edges.tolist()), tuple(kept), tuple(dropped), facts["rows"] - facts["known"], log)

    def _quantiles(self, asked: Filter, hits: pa.Table | None, name: str, known: int) -> tuple[float, float]:
        """The middle and the last thousandth of a column, of many documents by every so many: they only place bins."""
        step = max(1, known // _SAMPLE)
        columns = f"approx_quantile({name}, [0.5, 0.999]) FILTER (n % {step} = 0) AS some"
        some = self._over(asked, hits, columns)["some"][0].as_py()
        if some is None or None in some:
            some = self._over(asked, hits, f"approx_quantile({name}, [0.5, 0.999]) AS every")["every"][0].as_py()
        return float(some[0]), float(some[1])

    def row(self, n: int) -> dict[str, Any] | None:
        """A whole row of the ledger."""
        if not 0 <= n < self.run.ledger.num_rows:
            return None
        return dict(self.run.ledger.slice(n, 1).to_pylist()[0])

    def find(self, name: str) -> list[int]:
        """Rows whose id (or the beginning of it), URL or key is this."""
        begins = "OR starts_with(id, ?)" if len(name) >= 6 else ""
        sql = f"SELECT n FROM ledger WHERE id = ? OR url = ? OR key = ? {begins} ORDER BY n LIMIT {_MOST_HITS}"  # noqa: S608
        return list(self.ask(sql, [name] * (4 if begins else 3))["n"].to_pylist())

    def matching(self, asked: Filter) -> pa.Table:
        """Rows whose text at a stage contains the filter's text, or matches it as a pattern (RE2: linear time)."""
        condition = "contains(text, ?)" if asked.how == "substring" else "regexp_matches(text, ?)"
        texts = self.run.texts(asked.stage)
        texts = texts.append_column("n", pa.array(np.arange(texts.num_rows))).select(["n", "text"])
        sql = f"SELECT n FROM texts WHERE {condition} LIMIT {_MOST_HITS}"  # noqa: S608
        return self.ask(sql, [asked.text], texts=texts)

    def matches_in(self, text: str, pattern: str, most: int = 200) -> list[str]:
        """What a regular expression finds in one text."""
        found = self.ask(f"SELECT list_distinct(regexp_extract_all(?, ?))[1:{most}] AS found", [text, pattern])
        return [match for match in found["found"][0].as_py() or [] if match]

    def places(self, ids: Sequence[str]) -> dict[str, int]:
        """Rows of the ledger by id; what is not there is left out."""
        given = pa.table({"id": pa.array(ids, pa.string())})
        found = self.ask("SELECT id, n FROM ledger SEMI JOIN given USING (id)", given=given)
        return dict(zip(found["id"].to_pylist(), found["n"].to_pylist(), strict=True))

    def clusters(self, offset: int, rows: int) -> list[dict[str, Any]]:
        sql = (
            "SELECT survivor, count(*) AS removed, min(similarity) AS least FROM ledger WHERE survivor IS NOT NULL "  # noqa: S608
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {rows} OFFSET {offset}"
        )
        return list(self.ask(sql).to_pylist())

    def members(self, survivor: str, most: int) -> list[dict[str, Any]]:
        sql = (
            "SELECT n, id, source, key, reason, similarity FROM ledger WHERE survivor = ? "  # noqa: S608
            f"ORDER BY similarity, id LIMIT {most}"
        )
        return list(self.ask(sql, [survivor]).to_pylist())

    def _over(self, asked: Filter, hits: pa.Table | None, columns: str, tail: str = "") -> pa.Table:
        """Columns of the rows that a filter leaves."""
        where = asked.where(self.rules, "hits" if hits is not None else None)
        tables = {"hits": hits} if hits is not None else {}
        return self.ask(f"SELECT {columns} FROM ledger WHERE {where.sql} {tail}", where.parameters, **tables)  # noqa: S608


def _bin(name: str, edges: Sequence[float], log: bool) -> str:
    """SQL for the number of the bin; values beyond the ends fall into the first and the last one."""
    scaled = f"ln(greatest({name}, {edges[0]!r}))" if log else f"CAST({name} AS DOUBLE)"
    low, high = (math.log(end) if log else end for end in (edges[0], edges[-1]))
    bins = len(edges) - 1
    place = f"floor(({scaled} - {low!r}) * {bins / (high - low)!r})"
    return f"CASE WHEN {name} IS NOT NULL THEN CAST(least(greatest({place}, 0), {bins - 1}) AS INTEGER) END"


def _build(run: AuditedRun, path: Path) -> None:
    """Complete under its name or not there; copies of earlier states of the run go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob("ledger-*.duckdb*"):
        old.unlink(missing_ok=True)
    temporary = path.with_name(f".tmp-{path.name}-{uuid.uuid4().hex[:12]}")
    dropped = [name for name in run.ledger.schema.names if name == "failed_rules" or name.endswith(".edits")]
    rows = run.ledger.drop_columns(dropped)
    for number, failed in enumerate(run.failed(run.ledger)):
        rows = rows.append_column(f"fails.{number}", pa.array(failed))
    database = duckdb.connect(str(temporary))
    try:
        database.register("rows", rows)
        database.execute("CREATE TABLE ledger AS SELECT * FROM rows")
        database.close()
        temporary.replace(path)
    finally:
        with suppress(duckdb.Error):
            database.close()
        temporary.unlink(missing_ok=True)

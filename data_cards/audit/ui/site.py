"""The pages of one run, and beside it of another release: what is kept between questions, and which page answers."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Iterable
from dataclasses import replace

import pyarrow.compute as pc
from markupsafe import Markup

from data_cards.audit.figures import movable
from data_cards.audit.run import AuditedRun
from data_cards.audit.thresholds import thresholds
from data_cards.audit.ui.browse import browse_page
from data_cards.audit.ui.clusters import cluster_page, clusters_page
from data_cards.audit.ui.document import document_page
from data_cards.audit.ui.filters import Filter, parse
from data_cards.audit.ui.labels import LABELS, Labels, export
from data_cards.audit.ui.precision import labels_page
from data_cards.audit.ui.releases import releases_page
from data_cards.audit.ui.search import Hits, Searches
from data_cards.audit.ui.spreadsheet import to_csv
from data_cards.audit.ui.store import Store
from data_cards.audit.ui.view import framed

__all__ = ["Site", "number_of"]

_CSV_ROWS, _SEARCHED = 10_000, 100_000
Pairs = Iterable[tuple[str, str]]


class Site:
    """Every page as HTML, None where there is none; `pairs` are what the address asks."""

    def __init__(self, run: AuditedRun, against: AuditedRun | None = None) -> None:
        self.run, self.against = run, against
        self.store, self.labels = Store(run), Labels(run)
        self._searches = Searches(self.store)
        self._tell_labels()

    def browse(self, pairs: Pairs) -> str:
        asked, hits = self._asked(pairs)
        return self._framed("Documents", browse_page(self.store, self.labels, asked, hits))

    def document(self, pairs: Pairs) -> str | None:
        given = dict(pairs := list(pairs))
        n = number_of(given.get("n"))
        if given.get("run") == "other" and self.against is not None:
            known = 0 <= n < self.against.ledger.num_rows
            return self._framed("Document", document_page(self.against, n, given, None, links={})) if known else None
        row = self.store.row(n)
        if row is None:
            return None
        asked, hits = self._asked(pairs)
        links = {"back": f"/?{asked.query()}", **self._neighbours(asked, hits, given.get("at"))}
        survivor = row["survivor"] or row["id"]
        if self.store.members(survivor, 1):
            links["cluster"] = f"/cluster?survivor={survivor}"
        label, found, other = self.labels.of(row["id"]), self._found(asked, n), self._elsewhere(row["id"])
        page = document_page(self.run, n, given, label, links=links, found=found, elsewhere=other)
        return self._framed("Document", page)

    def clusters(self, offset: int) -> str:
        return self._framed("Duplicates", clusters_page(self.store, offset))

    def cluster(self, survivor: str, member: int) -> str | None:
        page = cluster_page(self.store, survivor, member)
        return None if page is None else self._framed("Duplicate cluster", page)

    def thresholds(self) -> str:
        return self._framed("Thresholds", self._movable)

    def rules_and_labels(self, told: Markup | str = "") -> str:
        return self._framed("Rules and labels", labels_page(self.run, self.labels, self._places(), told))

    def releases(self) -> str | None:
        return None if self.against is None else self._framed("Releases", self._releases)

    def label(self, n: int, label: str, note: str) -> bool:
        """Whether there is such a document and such a label."""
        row = self.store.row(n)
        if row is None or label not in (*LABELS, ""):
            return False
        self.labels.add(row["id"], label, note)
        self._tell_labels()
        return True

    def export(self) -> str:
        (good, goods), (bad, bads) = export(self.run, self.labels, self._places()).values()
        told = Markup(
            '<p role="status">{} good, {} bad. '
            "<code>gristmill classifier train --positive {} --negative {} --to quality.model</code></p>"
        )
        return self.rules_and_labels(told.format(goods, bads, *(shlex.quote(str(path)) for path in (good, bad))))

    def documents_csv(self, pairs: Pairs) -> str:
        asked, hits = self._asked(pairs)
        rows = self.store.page(asked, hits.rows, _CSV_ROWS)
        return to_csv(list(rows[0]) if rows else ["n"], [list(row.values()) for row in rows])

    def labels_csv(self) -> str:
        return to_csv(["id", "label", "note", "time"], [[e.id, e.label, e.note, e.time] for e in self.labels.all()])

    @functools.cached_property
    def _movable(self) -> Markup:
        return movable(self.run, thresholds(self.run))

    @functools.cached_property
    def _releases(self) -> Markup:
        assert self.against is not None
        return releases_page(self.run, self.against)

    def _framed(self, title: str, page: Markup) -> str:
        more = [("/releases", "Releases")] if self.against is not None else []
        return framed(title, self.run.card.name, more, page)

    def _asked(self, pairs: Pairs) -> tuple[Filter, Hits]:
        asked = parse(pairs, self.store.columns, self.store.numbers, self.store.rules)
        return asked, self._searches.of(asked)

    def _neighbours(self, asked: Filter, hits: Hits, place: str | None) -> dict[str, str]:
        """Links to the documents before and after this place of the same search."""
        at = number_of(place)
        if at < 0:
            return {}
        first = max(0, at - 1)
        rows = self.store.page(replace(asked, offset=first), hits.rows, 2 + (at > 0))
        return {
            "before" if there < at else "after": f"/document?n={row['n']}&at={there}&{asked.query(offset=0)}"
            for there, row in enumerate(rows, first)
            if there != at
        }

    def _found(self, asked: Filter, n: int) -> list[str]:
        """What of a search can be marked in a document."""
        if asked.how == "regex" and asked.text:
            return self.store.matches_in(self.run.text(asked.stage, n, _SEARCHED) or "", asked.text)
        return [word.strip('"*') for word in asked.text.split()] if asked.how == "words" else [asked.text]

    def _elsewhere(self, id: str) -> str | None:
        """A document's text after cleaning in the other release."""
        if self.against is None:
            return None
        n = pc.index(self.against.read.column("id"), id).as_py()
        return self.against.text("clean", n, _SEARCHED) if n >= 0 else None

    def _tell_labels(self) -> None:
        places = self._places()
        self.store.labelled({places[e.id]: e.label for e in self.labels.all() if e.id in places})

    def _places(self) -> dict[str, int]:
        """Rows of the ledger of all labelled documents."""
        return self.store.places([entry.id for entry in self.labels.all()])


def number_of(text: str | None) -> int:
    """-1 for anything that is not a number of a row."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else -1

"""From a filter to the documents it leaves: text searches are remembered, as pages of one search follow each other."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from data_cards.audit.ui.filters import Filter
from data_cards.audit.ui.store import SlowError, Store
from data_cards.audit.ui.words import WordIndex

__all__ = ["Hits", "Searches"]

_REMEMBERED = 32
_PATIENCE_S = 4.0


@dataclass(frozen=True)
class Hits:
    """`rows` are numbers of documents, None where no text was asked for; `trouble` says why there are none."""

    rows: pa.Table | None
    trouble: str = ""
    waiting: bool = False


class Searches:
    def __init__(self, store: Store) -> None:
        self._store, self._words = store, WordIndex(store.run)
        self._known: OrderedDict[tuple[str, str, str], Hits] = OrderedDict()

    def of(self, asked: Filter) -> Hits:
        if not asked.text:
            return Hits(None)
        key = (asked.text, asked.how, asked.stage)
        if key not in self._known:
            hits = self._find(asked)
            if hits.waiting:
                return hits
            self._known[key] = hits
        self._known.move_to_end(key)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key]

    def _find(self, asked: Filter) -> Hits:
        none = pa.table({"n": pa.array([], pa.int64())})
        try:
            if asked.how == "id":
                return Hits(pa.table({"n": pa.array(self._store.find(asked.text), pa.int64())}))
            if asked.how == "words":
                if not self._words.prepare(_PATIENCE_S):
                    return Hits(none, f"The index of words is being made: {self._words.share:.0%}.", waiting=True)
                return Hits(self._words.search(asked.text))
            return Hits(self._store.matching(asked))
        except SlowError:
            return Hits(none, "The search took longer than ten seconds and was stopped; ask for something rarer.")
        except duckdb.Error:
            return Hits(none, "This is not a regular expression of RE2 (no look-around, no back-references).")

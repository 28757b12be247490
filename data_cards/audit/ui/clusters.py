"""Duplicate clusters, and the difference between a survivor and a document that was removed for it."""

from __future__ import annotations

from markupsafe import Markup

from data_cards.audit.texts import difference
from data_cards.audit.ui.store import Store
from data_cards.pages import table

__all__ = ["cluster_page", "clusters_page"]

_CLUSTERS, _MEMBERS, _CHARACTERS, _WORDS = 30, 200, 40_000, 3_000
_LINK = Markup('<a href="/clusters?offset={}" rel="{}">{}</a>')


def clusters_page(store: Store, offset: int) -> Markup:
    """The largest first."""
    found = store.clusters(offset, _CLUSTERS)
    if not found:
        return Markup("<p>No duplicates were removed.</p>")
    name = Markup('<a href="/cluster?survivor={0}"><code>{0}</code></a>')
    rows = [[name.format(c["survivor"]), c["removed"], f"{c['least']:.3f}"] for c in found]
    before = _LINK.format(max(0, offset - _CLUSTERS), "prev", "Earlier") if offset else ""
    after = _LINK.format(offset + _CLUSTERS, "next", "Later") if len(found) == _CLUSTERS else ""
    pager = Markup('<p class="pager">{}{}</p>').format(before, after)
    return table(["survivor", "removed for it", "least similarity"], rows) + pager


def cluster_page(store: Store, survivor: str, member: int) -> Markup | None:
    """One member beside the survivor, the least similar one unless another is asked for."""
    members = store.members(survivor, _MEMBERS)
    if not members:
        return None
    kept = store.find(survivor)[0]
    chosen = next((row for row in members if row["n"] == member), members[0])
    texts = [store.run.text("clean", n, _CHARACTERS) for n in (kept, chosen["n"])]
    head = Markup(
        '<p>Survivor <a href="/document?n={}"><code>{}</code></a>. Struck out: only there. '
        'Marked as added: only in <a href="/document?n={}"><code>{}</code></a>.</p><div class="text">{}</div>'
    ).format(kept, survivor, chosen["n"], chosen["id"], difference(*texts, most_words=_WORDS))
    similarity = Markup('<a href="/cluster?survivor={}&amp;n={}"{}>{:.3f}</a>')
    here = Markup(' aria-current="true"')
    rows = [
        [
            similarity.format(survivor, row["n"], here if row is chosen else "", row["similarity"]),
            Markup('<a href="/document?n={}"><code>{}</code></a>').format(row["n"], row["id"]),
            row["reason"],
            row["source"],
            row["key"],
        ]
        for row in members
    ]
    return head + table(["similarity", "document", "method", "source", "key"], rows, row_headings=False)

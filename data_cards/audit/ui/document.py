"""One document: its fate, its path through the stages, its rules, and its text with everything marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from curation.decisions import KEPT, fate_of
from data_cards.audit.marks import found_words, marked, personal, repeated
from data_cards.audit.run import AuditedRun
from data_cards.audit.texts import difference
from data_cards.audit.ui.labels import Label
from data_cards.audit.ui.view import path_of, template, verdicts
from data_cards.pages import show_value, table

__all__ = ["document_page"]

_MOST = 100_000
_VIEWS = {
    "clean": "after cleaning",
    "collect": "as collected",
    "edits": "what cleaning changed",
    "dataset": "in the dataset",
}
_OTHER = "what differs from the other release"
_ORIGIN = ("id", "source", "key", "url", "cluster", "split")


def document_page(
    run: AuditedRun,
    n: int,
    given: Mapping[str, str],
    label: Label | None,
    *,
    links: Mapping[str, str],
    found: Sequence[str] = (),
    elsewhere: str | None = None,
) -> Markup:
    """`given` is what the address says (`view` of the text, `reveal` for personal data), `links` where one can go on.

    `found` is marked in the text. `elsewhere` is the document's text after cleaning in the other release, if any.
    """
    row = run.ledger.slice(n, 1).to_pylist()[0]
    view = given.get("view", "dataset" if row["parent_id"] is not None else "clean")
    here = {name: value for name, value in given.items() if name not in ("view", "reveal")}
    views = _VIEWS if elsewhere is None else {**_VIEWS, "other": _OTHER}
    return template(
        "document.html.jinja",
        links={"back": "", "before": "", "after": "", "cluster": "", **links},
        n=n,
        here=f"/document?{urlencode(here)}",
        tone="good" if row["state"] == KEPT else "bad",
        fate=fate_of(row),
        origin=[(name, row[name]) for name in _ORIGIN if row[name] is not None],
        path=path_of(run, row),
        label=label.label if label else "",
        note=label.note if label else "",
        verdicts=_verdicts(run, row),
        views=[(text, f"/document?{urlencode({**here, 'view': name})}", name == view) for name, text in views.items()],
        hidden="reveal" not in given,
        reveal=f"/document?{urlencode({**here, 'view': view, 'reveal': 1})}",
        text=_framed(difference(elsewhere, run.text("clean", n, _MOST), most_words=3_000))
        if view == "other" and elsewhere is not None
        else _text(run, n, view, mask="reveal" not in given, found=found),
        attributes=_attributes(run, row),
    )


def _verdicts(run: AuditedRun, row: Mapping[str, Any]) -> Markup:
    """Rules with their verdicts, those that the document fails first."""
    if row["parent_id"] is not None:
        return Markup("")
    rows = sorted(verdicts(run, row), key=lambda verdict: verdict[-1] != "fails")
    shown = [[*rest, Markup('<b class="bad">fails</b>') if last == "fails" else last] for *rest, last in rows]
    return table(["rule", "attribute", "value", "limits", "verdict"], shown)


def _attributes(run: AuditedRun, row: Mapping[str, Any]) -> Markup:
    names = [name for name in run.attributes if not name.endswith(".edits")]
    return table(["attribute", "value"], [[name, show_value(row[name])] for name in names])


def _text(run: AuditedRun, n: int, view: str, *, mask: bool, found: Sequence[str]) -> Markup:
    if view == "edits":
        return _framed(difference(run.text("collect", n, _MOST), run.text("clean", n, _MOST), most_words=3_000))
    text = (
        run.published(n, _MOST)
        if view == "dataset"
        else run.text("collect" if view == "collect" else "clean", n, _MOST)
    )
    if text is None:
        return Markup('<p class="note">The document has no text here: a gate or a rule stopped it before.</p>')
    content = marked(text, personal(text, mask=mask), found_words(text, found), repeated(text))
    cut = Markup('<p class="note">The first {:,} characters.</p>').format(_MOST) if len(text) >= _MOST else ""
    return _framed(Markup('<pre dir="auto">{}</pre>{}').format(content, cut))


def _framed(content: Markup) -> Markup:
    return Markup('<div class="text">{}</div>').format(content)

"""What the pages share: the frame around them, links, and words for a document's path through the stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from curation.decisions import KEPT, failed_of, limits_of
from data_cards.audit.run import AuditedRun
from data_cards.pages import asset, render_page, show_count, show_share, show_size, show_value
from data_cards.pages.shell import content_policy, environment

__all__ = ["HEADERS", "framed", "path_of", "template", "verdicts"]

_STYLES = (asset("audit.css", "data_cards.audit"), asset("ui.css", __package__))
_SCRIPTS = (asset("thresholds.js", "data_cards.audit"), asset("ui.js", __package__))
_POLICY = content_policy([asset("style.css"), *_STYLES], _SCRIPTS, live=True)
_HERE = Markup(' aria-current="page"')
HEADERS = {"content-security-policy": f"{_POLICY}; frame-ancestors 'none'"}
_PAGES = (
    ("/", "Documents"),
    ("/clusters", "Duplicates"),
    ("/thresholds", "Thresholds"),
    ("/labels", "Rules and labels"),
)


def framed(title: str, name: str, pages: Sequence[tuple[str, str]], *parts: Markup) -> str:
    """A page of the audit; `name` is that of the run, `pages` those beside the usual ones."""
    links = Markup("").join(
        Markup('<li><a href="{}"{}>{}</a></li>').format(address, _HERE if text == title else "", text)
        for address, text in (*_PAGES, *pages)
    )
    lead = Markup('<nav aria-label="Pages" class="pages"><span class="note">audit of {}</span><ul>{}</ul></nav>')
    return render_page(title, parts, lead=lead.format(name, links), styles=_STYLES, scripts=_SCRIPTS, live=True)


def template(name: str, **values: Any) -> Markup:
    """A piece of a page from a template of this package."""
    shown = {"count": show_count, "share": show_share, "size": show_size, "value": show_value}
    return Markup(environment(__package__).get_template(name).render(**shown, **values))  # noqa: S704  autoescaped


def verdicts(run: AuditedRun, row: dict[str, Any]) -> list[list[Any]]:
    """[reason, attribute, value, limits, verdict] for every rule, as `gristmill explain` says them."""
    answers = []
    for rule, failed in zip(run.rules, failed_of(row["failed_rules"], len(run.rules)), strict=True):
        value = row.get(rule.attribute)
        verdict = "fails" if failed else "not measured" if value is None else "holds"
        answers.append([rule.reason, rule.attribute, show_value(value), limits_of(rule, row), verdict])
    return answers


def path_of(run: AuditedRun, row: dict[str, Any]) -> list[tuple[str, str]]:
    """(stage, what happened there) in order."""
    if row["parent_id"] is not None:
        return [("augment", f"made from {row['parent_id']}"), ("shard", _place(row))]
    steps = [("collect", f"{row['source']}, {row['key']}: {show_size(row['text.bytes_collected'] or 0)}")]
    steps += [("clean", line) for line in _edits(row)]
    steps.append(("clean", f"{show_size(row['text.bytes'] or 0)}, {show_count(row['text.characters'])} characters"))
    if row["failure"] is not None:
        return [*steps, ("clean", f"an operator failed: {row['failure']}; the document is in quarantine")]
    if row["gate"] is not None:
        steps.append(("clean", f"stopped by gate {row['gate']}"))
    failed, rules = sum(failed_of(row["failed_rules"], len(run.rules))), len(run.rules)
    steps.append(("decide", f"fails {failed} of {rules} rules" if failed else f"holds all {rules} rules"))
    if row["survivor"] is not None:
        steps.append(("dedup", f"{row['reason']} of {row['survivor']}, similarity {row['similarity']:.3f}"))
    if row["state"] != KEPT:
        return [*steps, ("split", f"dropped: {row['reason']}")]
    steps += [("dedup", line) for line in _removed(row)]
    return [*steps, ("shard", _place(row))]


def _place(row: dict[str, Any]) -> str:
    return f"{row['split']} shard {row['shard']}, row {row['row']}"


def _edits(row: dict[str, Any]) -> list[str]:
    names = [name.removesuffix(".changed") for name, value in row.items() if name.endswith(".changed") and value]
    return [f"{name} took out {show_count(row[f'{name}.chars_removed'])} characters" for name in names]


def _removed(row: dict[str, Any]) -> list[str]:
    labels = [name.removesuffix(".removed_spans") for name in row if name.endswith(".removed_spans")]
    counts = {label: row[f"{label}.removed_characters"] for label in labels}
    return [f"{label} took out {show_count(count)} characters" for label, count in counts.items() if count]

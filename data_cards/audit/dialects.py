"""Section of the report: where dialects of a published rule set judge otherwise."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from data_cards.audit.run import AuditedRun
from data_cards.pages import show_count, table

__all__ = ["dialects"]


def dialects(run: AuditedRun) -> Markup:
    if not run.comparisons:
        return Markup('<p class="note">No published rule set of the recipe has several dialects to compare.</p>')
    return Markup("").join(_compared(comparison) for comparison in run.comparisons)


def _compared(found: dict[str, Any]) -> Markup:
    names, differing = list(found["dialects"]), found["differing"]
    rows = []
    for one in names:
        others = ["–" if one == other else show_count(differing[one][other]) for other in names]
        rows.append([f"{one} drops", *others, show_count(found["dropped"][one])])
    documents = f"{found['documents']:,} documents, evenly spread"
    caption = f"{found['rule_set']}: of {documents}, how many one drops and another keeps"
    verdicts = table(["", *(f"{name} keeps" for name in names), "in all"], rows, caption=caption)
    kinds = [
        [kind["reason"], kind["dropped_by"], kind["kept_by"], show_count(kind["documents"]), kind["id"]]
        for kind in found["disagreements"][:12]
    ]
    if not kinds:
        return verdicts
    headings = ["rule", "dropped by", "kept by", "documents", "for example"]
    return verdicts + table(headings, kinds, caption="Most frequent disagreements")

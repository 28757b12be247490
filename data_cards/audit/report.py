"""The audit report: one self-contained page for a finished run."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from curation.decisions import DROPPED
from curation.files import whole_file
from data_cards.audit import counts, figures, sections
from data_cards.audit.dialects import dialects
from data_cards.audit.run import AuditedRun
from data_cards.audit.samples import nearest
from data_cards.audit.thresholds import thresholds
from data_cards.pages import asset, render_page, section, show_count, show_share, show_size

__all__ = ["REPORT", "is_current", "report_page", "write_report"]

REPORT = Path("audit") / "report.html"
_VERSION = 3
_SAMPLES, _EXCERPT, _REASONS = 6, 600, 40


def write_report(run: AuditedRun) -> Path:
    """Write `audit/report.html` in the run's directory; the same run gives the same bytes."""
    path = run.root / REPORT
    with whole_file(path) as file:
        file.write(report_page(run).encode())
    return path


def is_current(run: AuditedRun) -> bool:
    """Whether the report that lies there shows this very run."""
    try:
        with (run.root / REPORT).open("rb") as file:
            return _mark(run).encode() in file.read(1 << 16)
    except FileNotFoundError:
        return False


def report_page(run: AuditedRun) -> str:
    found = counts.fates(run)
    rules = counts.rule_counts(run, found)
    dropped = [fate.reason for fate in found if fate.state == DROPPED and fate.reason is not None]
    parts = [
        ("funnel", "Funnel", sections.funnel(run, found)),
        ("rules", "Rules", sections.rules(run, rules)),
        ("thresholds", "Thresholds", figures.movable(run, thresholds(run))),
        ("samples", "Samples", sections.samples(nearest(run, dropped[:_REASONS], _SAMPLES, _EXCERPT), _EXCERPT)),
        ("sources", "Sources", sections.grouped(run, "source", "source")),
        ("languages", "Languages", sections.languages(run)),
        ("duplicates", "Duplicates", sections.duplicates(run)),
        ("personal", "Personal data", sections.personal(run)),
        ("edits", "Edits", sections.edits(run)),
        ("dialects", "Dialects", dialects(run)),
        ("quarantine", "Quarantine", sections.quarantine(run)),
        ("attributes", "Attributes", figures.attributes(run)),
        ("recipe", "Recipe", Markup("<pre>{}</pre>").format(run.recipe)),
    ]
    return render_page(
        f"Audit of {run.card.human.get('title') or run.card.name}",
        [section(anchor, heading, content) for anchor, heading, content in parts],
        lead=_lead(run),
        contents=[(anchor, heading) for anchor, heading, _ in parts],
        styles=[asset("audit.css", __package__)],
        scripts=[asset("thresholds.js", __package__)],
    )


def _lead(run: AuditedRun) -> Markup:
    card = run.card
    size = sum(split.bytes for split in card.splits)
    return Markup(
        '<p class="headline"><b>{}</b> documents read, <b>{}</b> kept ({}), {} in the dataset.</p>'
        '<p class="lead">Recipe <code>{}</code> · Gristmill {} · <span>{}</span></p>'
    ).format(
        show_count(card.collected),
        show_count(card.kept),
        show_share(card.kept, card.collected),
        show_size(size),
        card.recipe_fingerprint[:16],
        card.gristmill_version,
        _mark(run),
    )


def _mark(run: AuditedRun) -> str:
    return f"audit {run.digest[:16]}.{_VERSION}"

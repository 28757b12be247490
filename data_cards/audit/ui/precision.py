"""What labels say of rules: of the documents that a rule fails and someone judged, how many should indeed go."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from data_cards.audit.run import AuditedRun
from data_cards.audit.ui.labels import Labels
from data_cards.pages import section, show_count, show_share, table

__all__ = ["Precision", "labels_page", "precision", "wilson"]

_Z = 1.959963984540054
_NOTE = (
    "A rule is right about a document that it fails when you called that document bad. Label documents in random "
    "order, as the links below show them: then the share estimates the rule's precision, within the interval "
    "(Wilson, 95 %)."
)


@dataclass(frozen=True)
class Precision:
    """Of `labelled` documents that a rule fails, it is right about `right`; the share lies in [low, high] at 95 %."""

    reason: str
    labelled: int
    right: int
    low: float
    high: float


def precision(run: AuditedRun, labels: Sequence[tuple[int, str]]) -> list[Precision]:
    """`labels` are (row of the ledger, label); those that are unsure count for nothing."""
    sure = [(n, label) for n, label in labels if label != "unsure"]
    failed = [run.failed(run.ledger.slice(n, 1))[:, 0] for n, _ in sure]
    answers = []
    for at, rule in enumerate(run.rules):
        about = [label == "bad" for (_, label), fails in zip(sure, failed, strict=True) if fails[at]]
        answers.append(Precision(rule.reason, len(about), sum(about), *wilson(sum(about), len(about))))
    return answers


def wilson(right: int, tried: int) -> tuple[float, float]:
    """Score interval of a share at 95 % (Wilson 1927, JASA 22:209); (0, 1) when nothing was tried."""
    if not tried:
        return 0.0, 1.0
    share, z2 = right / tried, _Z * _Z
    centre = (share + z2 / (2 * tried)) / (1 + z2 / tried)
    spread = _Z / (1 + z2 / tried) * math.sqrt(share * (1 - share) / tried + z2 / (4 * tried * tried))
    return max(0.0, centre - spread), min(1.0, centre + spread)


def labels_page(run: AuditedRun, labels: Labels, places: Mapping[str, int], told: Markup | str) -> Markup:
    """`places` are rows of the ledger by id, `told` is what an export has to say."""
    found = precision(run, [(places[entry.id], entry.label) for entry in labels.all() if entry.id in places])
    form = Markup(
        '<form method="post" action="/export"><p><button>Write labelled-good.jsonl and labelled-bad.jsonl</button> '
        '<a href="/labels.csv">Labels as CSV</a></p></form>{}'
    ).format(told)
    rules = table(["rule", "labelled", "right", "precision", "interval"], [_row(one) for one in found])
    link = Markup('<a href="/document?n={}"><code>{}</code></a>')
    entries = [
        [
            link.format(places[entry.id], entry.id) if entry.id in places else entry.id,
            entry.label,
            entry.note,
            entry.time,
        ]
        for entry in labels.all()
    ]
    yours = table(["document", "label", "note", "time (UTC)"], entries) if entries else Markup("<p>None yet.</p>")
    return Markup("<p>{}</p>").format(_NOTE) + rules + section("yours", "Your labels", form, yours)


def _row(one: Precision) -> list[object]:
    link = Markup('<a href="/?rule={0}&amp;order=random">{0}</a>').format(one.reason)
    interval = f"{100 * one.low:.1f} to {100 * one.high:.1f} %" if one.labelled else "–"
    return [link, show_count(one.labelled), show_count(one.right), show_share(one.right, one.labelled), interval]

"""Sections of the report that are tables and text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow.compute as pc
from markupsafe import Markup

from curation.decisions import KEPT, QUARANTINED, limits_of
from data_cards.audit import counts
from data_cards.audit.run import AuditedRun
from data_cards.audit.samples import Sample
from data_cards.audit.texts import difference, excerpt, masked
from data_cards.pages import Bar, bar_chart, show_count, show_share, show_size, show_value, table

__all__ = [
    "duplicates",
    "edits",
    "funnel",
    "grouped",
    "languages",
    "nothing",
    "personal",
    "quarantine",
    "rules",
    "samples",
]

_LANGUAGE, _CLUSTERS, _EXAMPLES, _TEXT = "language.label", 5, 3, 6_000


def nothing(text: str) -> Markup:
    return Markup('<p class="note">{}</p>').format(text)


def funnel(run: AuditedRun, found: Sequence[counts.Fate]) -> Markup:
    """Every document read under one fate; bytes as collected, so that they add up."""
    unreadable = run.manifest("collect").counts.get("quarantined", 0)
    left = [fate for fate in found if fate.state != KEPT]
    documents, size = sum(f.documents for f in found), sum(f.bytes_collected for f in found)
    rows: list[list[object]] = [["records read", "", show_count(documents + unreadable), "", ""]]
    rows.append(["unreadable, in quarantine", show_count(unreadable), show_count(documents), "–", show_count(size)])
    bars = [Bar("records read", documents + unreadable)]
    bars += [Bar("after reading", documents)] if unreadable else []
    for name, part in _steps(run, left):
        for fate in part:
            documents, size = documents - fate.documents, size - fate.bytes_collected
            numbers = (fate.documents, documents, fate.bytes_collected, size)
            rows.append([f"{name}: {fate.reason or 'an operator failed'}", *map(show_count, numbers)])
        bars.append(Bar(f"after {name}", documents))
    headings = ["step", "documents leave", "documents left", "bytes leave", "bytes left"]
    return Markup("{}{}{}").format(
        bar_chart("Documents left after each step", bars, unit="documents", classes=["kept"] * len(bars)),
        table(headings, rows, caption="What left where. Bytes are those of the collected text."),
        _outcome(run, found),
    )


def _steps(run: AuditedRun, left: Sequence[counts.Fate]) -> list[tuple[str, list[counts.Fate]]]:
    names = [rule.reason for rule in run.rules]
    gates, rules = set(names[: run.gated]), set(names[run.gated :])
    steps: dict[str, list[counts.Fate]] = {"failures": [], "gates": [], "rules": [], "duplicates": []}
    for fate in left:
        if fate.state == QUARANTINED:
            steps["failures"].append(fate)
        else:
            step = "gates" if fate.reason in gates else "rules" if fate.reason in rules else "duplicates"
            steps[step].append(fate)
    return [(name, part) for name, part in steps.items() if part]


def _outcome(run: AuditedRun, found: Sequence[counts.Fate]) -> Markup:
    kept = [fate for fate in found if fate.state == KEPT]
    collected, cleaned = sum(f.bytes_collected for f in kept), sum(f.bytes for f in kept)
    rows: list[list[object]] = [
        ["kept, as collected", show_count(run.card.kept), f"{collected:,}"],
        ["kept, after cleaning", show_count(run.card.kept), f"{cleaned:,}"],
        ["made by augmentation", show_count(run.card.augmented), f"{sum(run.card.augmentation.bytes.values()):,}"],
    ]
    new = run.card.augmentation
    rows += [[f"new documents dropped: {reason}", show_count(count), ""] for reason, count in new.reasons.items()]
    rows += [[f"not augmented: {reason}", show_count(count), ""] for reason, count in new.failed.items()]
    if new.kept:
        documents, size = sum(s.documents for s in run.card.splits), sum(s.bytes for s in run.card.splits)
        share = [show_share(new.kept, documents), show_share(sum(new.bytes.values()), size)]
        rows.append(["synthetic share of the dataset", *share])
    rows += [[f"split {split.name}", show_count(split.documents), f"{split.bytes:,}"] for split in run.card.splits]
    return table(["what became of the kept", "documents", "bytes"], rows)


def rules(run: AuditedRun, found: Sequence[counts.RuleCount]) -> Markup:
    rows = [
        [
            Markup('<a href="#sample-{}">{}</a>').format(rule.reason, rule.reason) if count.counted else rule.reason,
            rule.attribute,
            limits_of(rule),
            show_count(count.failed),
            show_share(count.failed, run.read.num_rows),
            show_count(count.alone),
            show_count(count.counted),
        ]
        for rule, count in zip(run.rules, found, strict=True)
    ]
    headings = ["rule", "attribute", "limits", "fail it", "share", "fail it alone", "counted under it"]
    note = "All rules judge every document. A dropped document is counted under the first rule it fails."
    return nothing(note) + table(headings, rows)


def samples(found: Iterable[tuple[str, list[Sample]]], most: int) -> Markup:
    parts = [
        Markup('<h3 id="sample-{}">{}</h3>{}').format(
            reason, reason, Markup("").join(_sample(sample, most) for sample in group)
        )
        for reason, group in found
    ]
    note = "For each reason the documents nearest to its limit, after cleaning. Personal data is masked."
    return nothing(note) + Markup("").join(parts) if parts else nothing("No document was dropped.")


def _sample(sample: Sample, most: int) -> Markup:
    also = f"also fails {', '.join(sample.others)}" if sample.others else ""
    return Markup(
        '<article class="sample"><p><b class="value">{}</b> <span class="note">{}</span> <code>{}</code> '
        '<span class="note">{} {} {}</span></p>{}</article>'
    ).format(
        show_value(sample.value), sample.limit, sample.id, sample.source, sample.key, also, excerpt(sample.text, most)
    )


_GROUP = [
    "documents",
    "kept",
    "share",
    "dropped",
    "quarantined",
    "bytes collected",
    "bytes kept",
    "most frequent reason",
]


def grouped(run: AuditedRun, column: str, name: str) -> Markup:
    found = counts.groups(run, column)
    rows = [
        [value, documents, kept, show_share(kept, documents), dropped, broken, f"{collected:,}", f"{size:,}", top]
        for value, documents, kept, dropped, broken, collected, size, top in found
    ]
    bars = [Bar(row[0], row[2]) for row in found[:20]]
    chart = bar_chart(f"Kept documents by {name}", bars, unit="kept", classes=["kept"] * len(bars))
    return (chart if len(bars) > 1 else Markup("")) + table([name, *_GROUP], rows)


def languages(run: AuditedRun) -> Markup:
    if _LANGUAGE not in run.ledger.schema.names:
        return nothing("The recipe detects no language.")
    return grouped(run, _LANGUAGE, "language")


def duplicates(run: AuditedRun) -> Markup:
    found = counts.clusters(run, _CLUSTERS)
    if not found.removed:
        return nothing("No duplicates were removed.")
    rows = [[size, show_count(number), show_count(number * (size - 1))] for size, number in found.sizes.items()]
    head = Markup("<p>{:,} documents removed in {:,} clusters.</p>").format(found.removed, sum(found.sizes.values()))
    parts = [head, table(["documents in the cluster", "clusters", "documents removed"], rows)]
    for title, chosen in (("Largest clusters", found.largest), ("Least alike", found.least_alike)):
        if chosen:
            parts.append(Markup("<h3>{}</h3>").format(title))
            parts += [_cluster(run, survivor, removed) for survivor, removed, _ in chosen]
    return Markup("").join(parts)


def _cluster(run: AuditedRun, survivor: str, removed: int) -> Markup:
    """The survivor against the least similar document that was removed for it."""
    members = run.read.filter(pc.equal(run.read.column("survivor"), survivor))
    rows = members.select(["n", "id", "reason", "similarity"]).to_pylist()
    least = min(rows, key=lambda row: (row["similarity"], row["id"]))
    kept = pc.index(run.read.column("id"), survivor).as_py()
    texts = [run.text("clean", n, _TEXT) for n in (kept, least["n"])]
    return Markup(
        '<article class="sample"><p><b>{:,}</b> removed for <code>{}</code> <span class="note">least similar: {} {}, '
        "similarity {:.3f}</span></p>{}</article>"
    ).format(removed, survivor, least["reason"], least["id"], least["similarity"], difference(*texts, most_words=600))


def personal(run: AuditedRun) -> Markup:
    rows = counts.personal_data(run)
    if not rows:
        return nothing("The recipe neither counts nor replaces personal data.")
    shown = [[kind, *(show_count(number) for number in numbers)] for kind, *numbers in rows]
    headings = ["kind", "found", "in documents", "replaced", "in documents"]
    return table(headings, shown, caption="Finds in all documents read, kept or not; a dash is not measured.")


def edits(run: AuditedRun) -> Markup:
    rows = [_edited(run, *columns) for columns in _edit_columns(run.ledger.schema.names)]
    if not rows:
        return nothing("No operator of the recipe changes text.")
    note = "Characters removed: before minus after, negative where text grew."
    return table(["operator", "documents changed", "share", "characters removed"], rows, caption=note)


def _edit_columns(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Operators and groupings that change text, with the columns that say whether and how much."""
    operators = [name.removesuffix(".changed") for name in names if name.endswith(".changed")]
    groupings = [name.removesuffix(".removed_spans") for name in names if name.endswith(".removed_spans")]
    return [
        *((name, f"{name}.changed", f"{name}.chars_removed") for name in operators),
        *((name, f"{name}.removed_spans", f"{name}.removed_characters") for name in groupings),
    ]


def _edited(run: AuditedRun, name: str, changed: str, removed: str) -> list[object]:
    documents = pc.sum(pc.greater(run.read.column(changed).cast("int32"), 0)).as_py() or 0
    characters = pc.sum(run.read.column(removed)).as_py() or 0
    return [name, show_count(documents), show_share(documents, run.read.num_rows), show_count(characters)]


def quarantine(run: AuditedRun) -> Markup:
    found, examples = counts.quarantine(run, _EXAMPLES)
    if not found:
        return nothing("Nothing is in quarantine.")
    rows = [[reason, stage, show_count(number)] for stage, reason, number in found]
    places = [
        [row["reason"], row["source"], masked(row["file"]), row["offset"], show_size(row["length"]), row["detail"]]
        for row in examples
    ]
    headings = ["reason", "source", "file or key", "offset", "size", "detail"]
    first = table(headings, places, caption="The first records of each reason")
    return table(["reason", "stage", "records"], rows) + first

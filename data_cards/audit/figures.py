"""Histograms of the report, and the sliders beside those of movable thresholds."""

from __future__ import annotations

from markupsafe import Markup

from data_cards.audit.counts import Distribution, distribution, measured_numbers
from data_cards.audit.run import AuditedRun
from data_cards.audit.thresholds import Slider, Thresholds
from data_cards.pages import histogram, json_block, show_count, show_value, table
from data_cards.pages.axes import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH

__all__ = ["attributes", "chart_of", "movable"]

_JOINT = "Move limits one by one or together."
_SINGLE = (
    "This run has too many different documents for a page to hold every combination: moving one limit puts the others "
    "back, and each figure is exact with the others as they are. gristmill what-if takes several."
)
_EXACT = (
    "Counts are exact for every position, the same as gristmill what-if gives. Duplicates are found later, among "
    "what the rules keep. Rules of gates, of words, and with limits by language do not move."
)
_SIGNS = {"min": "at least", "above": "above", "max": "at most", "below": "below"}


def attributes(run: AuditedRun) -> Markup:
    """A histogram for every measured number."""
    charts = []
    for name in measured_numbers(run):
        found = distribution(run, name)
        if found is not None:
            charts.append(chart_of(name, name, found))
    return Markup('<div class="grid-2">{}</div>').format(Markup("").join(charts))


def movable(run: AuditedRun, found: Thresholds) -> Markup:
    """Sliders with their histograms, and what all of them together keep."""
    if not found.sliders:
        return Markup('<p class="note">The recipe has no rule whose limit is a number.</p>')
    drawn = {slider.attribute: distribution(run, slider.attribute) for slider in found.sliders}
    figures = [_figure(at, slider, drawn[slider.attribute]) for at, slider in enumerate(found.sliders)]
    return Markup('{}<p>{}</p>{}<div class="grid-2">{}</div>').format(
        json_block("thresholds-data", _data(run, found)),
        f"{_JOINT if found.joint else _SINGLE} {_EXACT}",
        _totals(run, found),
        Markup("").join(figures),
    )


def _data(run: AuditedRun, found: Thresholds) -> dict[str, object]:
    sliders = [
        {"reason": s.reason, "limit": s.limit, "lower": s.lower, "positions": s.positions, "at": s.at}
        for s in found.sliders
    ]
    moved = {slider.reason for slider in found.sliders}
    rules = [rule.model_dump(mode="json", exclude_defaults=True) for rule in run.rules if rule.reason in moved]
    return {"rules": rules, "sliders": sliders, "kept": found.kept, "joint": found.joint, "table": found.table}


def _totals(run: AuditedRun, found: Thresholds) -> Markup:
    names = ["documents", f"words ({run.words})", "bytes"]
    rows = [
        [
            names[at],
            show_count(found.kept[at]),
            Markup('<b data-after="{}">{}</b>').format(at, show_count(found.kept[at])),
            Markup('<span data-change="{}">±0</span>').format(at),
        ]
        for at in (0, 1, 2)
        if at != 1 or run.words
    ]
    return Markup(
        '<div class="totals" id="totals"><div role="status" aria-live="polite">{}</div><div class="copies">'
        "<p><b data-gained>0</b> documents gained, <b data-lost>0</b> lost "
        '<button type="button" class="screen" id="reset">Back to the recipe</button></p>'
        '<p class="screen copy"><label for="as-rules">As recipe text</label>'
        '<textarea id="as-rules" readonly rows="2" cols="30"></textarea>'
        '<button type="button" data-copy="as-rules">Copy</button></p>'
        '<p class="screen copy"><label for="as-text">As options</label><input id="as-text" readonly size="30" value="">'
        '<button type="button" data-copy="as-text">Copy</button></p></div></div>'
    ).format(table(["kept by the rules", "recipe", "now", "change"], rows))


def _figure(at: int, slider: Slider, found: Distribution | None) -> Markup:
    value = show_value(slider.positions[slider.at])
    control = Markup(
        '<p class="slider screen" data-slider="{0}"><label for="slider-{0}"><code>{1}.{2}</code></label>'
        '<input type="range" id="slider-{0}" min="0" max="{3}" step="1" value="{4}" aria-valuetext="{5}">'
        '<output for="slider-{0}">{5}</output>'
        '<span class="note"><span data-alone>–</span> dropped by this limit alone</span></p>'
    ).format(at, slider.reason, slider.limit, len(slider.positions) - 1, slider.at, value)
    title = f"{slider.reason}: {slider.attribute} {_SIGNS[slider.limit]} {value}"
    if found is None:
        return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(title, control)
    return chart_of(title, slider.attribute, found, control, _marker(at, found))


def _marker(at: int, found: Distribution) -> Markup:
    """The line that shows the limit; the script moves it along `data-span`."""
    return Markup(
        '<path class="limit" data-marker="{}" data-low="{!r}" data-high="{!r}" data-log="{}" data-span="{}" '
        'd="M{} 4V{}"/>'
    ).format(at, found.edges[0], found.edges[-1], int(found.log), WIDTH - RIGHT - LEFT, LEFT, HEIGHT - BOTTOM)


def chart_of(title: str, name: str, found: Distribution, below: Markup | str = "", over: Markup | str = "") -> Markup:
    notes = [f"{found.missing:,} documents without a value."] if found.missing else []
    if found.log:
        notes.append("Logarithmic; the first bin holds all smaller values, zero among them, the last all larger ones.")
    stacks = [("kept", "kept", found.kept), ("dropped", "dropped", found.dropped)]
    return histogram(
        title, found.edges, stacks, x_label=name, log_x=found.log, note=" ".join(notes), below=below, over=over
    )

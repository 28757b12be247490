"""Pictures of effects: forest, dose-response, learning curves, heat map, and what follows for the recipe."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from data_cards.pages import (
    Forest,
    ForestRow,
    HeatCell,
    HeatRow,
    Range,
    Series,
    fit_chart,
    forest_plot,
    heat_map,
    line_chart,
    section,
    show_value,
    table,
)
from training.ablation.report.words import KIND, SIGN, UNIT, compute_short, how
from training.ablation.statistics.analysis import Analysis, Contrast, DoseResponse, LearningCurve, Metric, Proposal
from training.ablation.statistics.estimates import Estimate
from training.ablation.statistics.wording import said, said_p, signed

__all__ = ["curves_section", "doses_section", "forest_section", "heat_section", "rules_section"]

_GROUPS = (
    ("Stages and rules", {"raw", "ladder", "leave_one_out", "factorial", "base"}),
    ("Controls", {"null", "random_removal", "matched_removal"}),
    ("Doses of a known defect", {"dose"}),
)
_LINES = 6
_FULL_SHADE = 4.0


def forest_section(found: Analysis) -> Markup:
    groups = [
        (heading, [_forest_row(each) for each in found.contrasts if each.role in roles]) for heading, roles in _GROUPS
    ]
    forest = Forest(
        columns=("verdict", "effect", "worth in tokens"),
        names=("clean held-out text", "out of domain"),
        band=found.noise.floor,
        unit=f"difference in {UNIT.get(found.primary, found.primary)}",
        sides=("better", "worse"),
    )
    reading = (
        "Each line is an arm against its reference with a 95 % interval; left of zero is better, and what lies within "
        "the grey band is no more than chance. Worth in tokens is how much more or less text the reference would need "
        "for the same result; ~ is read beyond its learning curve."
    )
    title = f"Effect of every arm on {UNIT.get(found.primary, found.primary)}"
    return section("effects", "All effects", how(reading), forest_plot(title, groups, forest))


def _forest_row(contrast: Contrast) -> ForestRow:
    mark = "" if contrast.family == "primary" else " (exploratory)"
    verdict = f"{SIGN[contrast.verdict]} {contrast.verdict}"
    ood = contrast.others.get("bpb_ood")
    return ForestRow(
        name=contrast.arm,
        first=_range(contrast.effect),
        second=_range(ood) if ood else None,
        texts=(
            verdict if contrast.family == "primary" or contrast.verdict == "not resolved" else verdict + mark,
            f"{signed(contrast.effect.value)}  ({contrast.percent:+.1f} %)".replace("-", "−"),
            compute_short(contrast.compute),
        ),
        kind=KIND[contrast.verdict],
    )


def doses_section(found: Analysis) -> Markup:
    reading = (
        "Points are measured, the line is the fitted law with its 95 % band; where the band leaves the grey of the "
        "noise floor, the defect begins to be seen."
    )
    figures = Markup('<div class="grid-2">{}</div>').format(Markup("").join(_dose(found, each) for each in found.doses))
    return section("doses", "How much harm a defect does", how(reading), figures)


def _dose(found: Analysis, response: DoseResponse) -> Markup:
    unit = UNIT.get(found.primary, found.primary)
    copies = f", {response.copies} copies" if response.copies else ""
    law = response.law
    fit = law and Series(
        "fitted law",
        [(100 * point.dose, point.value) for point in law.band],
        [point.low for point in law.band],
        [point.high for point in law.band],
    )
    return fit_chart(
        f"{response.defect}{copies}",
        [(100 * point.dose, _range(point.effect)) for point in response.points],
        fit or None,
        x_label="dose, % of the text",
        y_label=f"harm, {unit}",
        floor=found.noise.floor,
        note=_law_words(response),
    )


def _law_words(response: DoseResponse) -> str:
    law = response.law
    if law is None:
        return "A law needs two doses."
    words = [f"effect = {law.scale.value:.3g} · dose^{law.exponent.value:.2f} {_ends(law.exponent, 2)}."]
    if law.at_floor is not None:
        ends = [
            f"{100 * end:.0f} %" if end is not None else "none up to 100 %"
            for end in (law.at_floor_low, law.at_floor_high)
        ]
        words.append(f"It rises above the noise floor at a dose of {100 * law.at_floor:.0f} % [{', '.join(ends)}].")
    else:
        words.append("It rises above the noise floor at no dose.")
    if response.token_exponent is not None:
        c = response.token_exponent
        words.append(
            f"In tokens: the rest is worth D (1 − dose)^{c.value:.2f} {_ends(c, 2)}; 1 would be as if it were missing."
        )
    return " ".join(words)


def curves_section(found: Analysis) -> Markup:
    shown = _shown_arms(found)
    at = [[curve for curve in found.curves if curve.lr == lr and curve.arm in shown] for lr in found.lrs]
    figures = [draw(found, curves) for curves in at if curves for draw in (_curves, _apart)]
    reading = (
        f"Lines are means over seeds, bands reach from the lowest to the highest seed. Beside them the same as "
        f"distance from {found.base}; all arms are in the table of runs."
    )
    grid = Markup('<div class="grid-2">{}</div>').format(Markup("").join(figures))
    return section("curves", "Learning curves", how(reading), grid)


def _shown_arms(found: Analysis) -> list[str]:
    """The base, then arms of the primary family, then those with the largest effects."""
    order = sorted(found.contrasts, key=lambda each: (each.family != "primary", -abs(each.effect.value)))
    return list(dict.fromkeys([found.base, *(each.arm for each in order)]))[:_LINES]


def _curves(found: Analysis, curves: Sequence[LearningCurve]) -> Markup:
    series = [
        Series(
            curve.arm,
            [(point.tokens, point.mean) for point in curve.points],
            [point.low for point in curve.points],
            [point.high for point in curve.points],
        )
        for curve in curves
    ]
    return line_chart(f"Learning rate {curves[0].lr:g}", series, x_label="tokens", y_label="bits per byte", log_x=True)


def _apart(found: Analysis, curves: Sequence[LearningCurve]) -> Markup:
    base = next((curve for curve in curves if curve.arm == found.base), None)
    if base is None:
        return Markup("")
    means = {point.tokens: point.mean for point in base.points}
    series = [
        Series(
            curve.arm,
            [(point.tokens, point.mean - means[point.tokens]) for point in curve.points if point.tokens in means],
            [point.low - means[point.tokens] for point in curve.points if point.tokens in means],
            [point.high - means[point.tokens] for point in curve.points if point.tokens in means],
        )
        for curve in curves
    ]
    return line_chart(
        f"Distance from {found.base} at {curves[0].lr:g}", series, x_label="tokens", y_label="bits per byte", log_x=True
    )


def heat_section(found: Analysis) -> Markup:
    arms = [arm for arm in found.metrics[0].means if arm != found.base] if found.metrics else []
    rows = [_heat_row(metric, arms, found.base) for metric in found.metrics]
    reading = (
        f"Numbers are distances from {found.base} in noise floors of each measure: within ±1 is chance. Blue is "
        "better, orange worse; memory of planted sentences counts as worse. Grey measures do not stand out of their "
        "noise (the last column: range over arms by seed deviation) and say nothing."
    )
    caption = f"Every arm by every measure, in noise floors from {found.base}"
    return section("measures", "All measures", how(reading), heat_map(caption, arms, rows, note="signal / noise"))


def _heat_row(metric: Metric, arms: Sequence[str], base: str) -> HeatRow:
    cells = []
    for arm in arms:
        floors = metric.floors[arm]
        worse = None if floors is None else (floors if metric.lower_is_better else -floors) / _FULL_SHADE
        visible = None if floors is None or worse is None or abs(floors) < 1 else max(-1.0, min(1.0, worse))
        text = "–" if floors is None else f"{floors:+.1f}".replace("-", "−")
        title = f"{metric.name} of {arm}: {show_value(metric.means[arm])}, {base} {show_value(metric.means[base])}"
        cells.append(HeatCell(text, visible, title))
    ratio = metric.signal.ratio
    return HeatRow(metric.name, cells, metric.low_signal, "–" if ratio is None else f"{ratio:.1f}")


def rules_section(found: Analysis) -> Markup:
    reading = (
        "Every factor's effect is the mean of all arms that have it less the mean of all that have not; the advice "
        "follows the rule of the verdict, and undecided does not mean without effect."
    )
    cards = Markup('<div class="cards">{}</div>').format(Markup("").join(map(_proposal, found.proposals)))
    rows = [
        [
            " × ".join(each.factors),
            said(each.effect),
            said(each.ood) if each.ood else "–",
            said_p(each.adjusted_p),
            each.runs,
            each.verdict,
        ]
        for each in found.factors
    ]
    headings = ["factor", "effect of switching it on", "out of domain", "Holm p", "runs", "verdict"]
    numbers = table(
        headings, rows, caption="Main effects and two-way interactions (half the change of one by the other)"
    )
    return section("rules", "From effect to rule", how(reading), cards, numbers)


def _proposal(proposal: Proposal) -> Markup:
    kind = {"keep": "helps", "drop": "hurts", "undecided": "open"}[proposal.action]
    evidence = Markup("").join(Markup("<li>{}</li>").format(text) for text in proposal.evidence)
    return Markup(
        '<article class="card {}"><h3>{} <small>{}</small></h3><p class="verdict">{}</p><p>{}</p><ul>{}</ul></article>'
    ).format(kind, proposal.factor, ", ".join(proposal.parts), proposal.action, proposal.text, evidence)


def _range(estimate: Estimate) -> Range:
    return Range(estimate.value, estimate.low, estimate.high)


def _ends(estimate: Estimate, digits: int) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"

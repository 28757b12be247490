"""The first screen: what the study can see, what came out, and whether it may be believed."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from data_cards.pages import section, show_count, show_short, show_value, table
from training.ablation.report.words import KIND, SIGN, UNIT, compute_words, how, lights_list
from training.ablation.results import Results
from training.ablation.statistics.analysis import Analysis, Contrast
from training.ablation.statistics.wording import said, said_p, signed

__all__ = ["guards_section", "sight_section", "verdicts_section"]


def sight_section(results: Results, found: Analysis) -> Markup:
    """Before any result: what differences a study of this size finds."""
    unit, noise = UNIT.get(found.primary, found.primary), found.noise
    if noise.detectable is None or noise.floor is None or noise.sd is None:
        lead = Markup(
            "<p>Every arm has a single seed, so nothing can be told from noise. All that follows is exploratory.</p>"
        )
    else:
        share = 100 * noise.detectable / noise.base_value
        lead = Markup(
            "<p>With {} seeds an arm, this study finds a difference of <b>{:.4f} {}</b> ({:.2f} % of {}) in {:.0f} % "
            "of cases. Anything smaller is likely to stay <i>not resolved</i>, whatever the truth.</p>"
        ).format(noise.seeds, noise.detectable, unit, share, found.base, 100 * results.study.power)
    facts = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*fact) for fact in _facts(results, found)
    )
    reading = (
        "The noise floor is what two arms with the same data differ by in one study of twenty; effects are read "
        "against it."
    )
    return section(
        "sight", "What this study can see", lead, Markup('<dl class="facts">{}</dl>').format(facts), how(reading)
    )


def _facts(results: Results, found: Analysis) -> list[tuple[str, str]]:
    study, run, noise = results.study, results.runs[0], found.noise
    return [
        ("noise floor", f"±{noise.floor:.4f}" if noise.floor is not None else "unknown"),
        ("smallest effect found", f"{noise.detectable:.4f}" if noise.detectable is not None else "unknown"),
        ("between seeds", f"SD {noise.sd:.4f}, {noise.df} df" if noise.sd is not None else "unknown"),
        ("tokens a run", show_count(study.budget.tokens)),
        ("equal between arms", study.budget.equal if study.budget.equal != "both" else "tokens and bytes"),
        ("model", f"{show_short(run.parameters)} parameters"),
        ("runs", f"{len(results.runs)} of {len(study.arms)} arms"),
        ("seeds by learning rate", ", ".join(f"{len(study.seeds_at(lr, found.lrs))} at {lr:g}" for lr in found.lrs)),
        (f"{found.base} reaches", f"{noise.base_value:.4f} {UNIT.get(found.primary, found.primary)}"),
    ]


def verdicts_section(found: Analysis) -> Markup:
    primary = [each for each in found.contrasts if each.family == "primary"]
    shown = primary or list(found.contrasts)
    resolved = sum(each.verdict != "not resolved" for each in shown)
    what = "contrasts that were named beforehand" if primary else "contrasts, all of them exploratory,"
    lead = Markup('<p class="sum">{} of {} {} {} resolved.</p>').format(
        resolved, len(shown), what, "is" if resolved == 1 else "are"
    )
    cards = Markup('<div class="cards">{}</div>').format(Markup("").join(map(_card, shown)))
    lights = Markup("<h3>Guards</h3>{}").format(lights_list(found.lights))
    rule = Markup("<details><summary>The rule of the verdict</summary><p>{}</p></details>").format(found.rule)
    reading = (
        "Helps and hurts say that an arm's model predicts held-out text better or worse than its reference's; "
        "a red guard refuses the verdicts it touches and says why."
    )
    return section("verdicts", "What came out", lead, cards, lights, rule, how(reading))


def _card(contrast: Contrast) -> Markup:
    details = Markup("").join(
        Markup("<li>{}</li>").format(text)
        for text in (
            said(contrast.effect) + f" ({contrast.percent:+.2f} %)".replace("-", "−"),
            compute_words(contrast),
            f"Holm p {said_p(contrast.adjusted_p)}",
            *contrast.reasons,
            "equivalent within the stated margin" if contrast.equivalent else "",
        )
        if text
    )
    return Markup(
        '<article class="card {}"><h3>{} <small>against {}</small></h3><p class="verdict">'
        '<span aria-hidden="true">{}</span> {}</p><ul>{}</ul></article>'
    ).format(KIND[contrast.verdict], contrast.arm, contrast.against, SIGN[contrast.verdict], contrast.verdict, details)


def guards_section(found: Analysis) -> Markup:
    """Every contrast with every guard, and the three intervals beside each other."""
    guards = list(dict.fromkeys(light.guard for each in found.contrasts for light in each.lights))
    lamps = [[each.arm, each.verdict, *_lamps(each, guards)] for each in found.contrasts]
    reading = (
        "The bootstrap asks what other seeds and other held-out documents would give, the other two what other seeds "
        "would; with three seeds the one by seed is erratic and stands here to be seen, not to decide."
    )
    return section(
        "guards",
        "Every contrast in numbers",
        how(reading),
        _intervals(found.contrasts),
        table(["arm", "verdict", *guards], lamps, caption="Guards by contrast: ● holds, ▲ mind, ■ refused"),
    )


def _lamps(contrast: Contrast, guards: Sequence[str]) -> list[Markup]:
    by_guard = {light.guard: light for light in contrast.lights}
    marks = {"green": "●", "amber": "▲", "red": "■"}
    return [
        Markup('<span class="lamp {}" title="{}">{}</span>').format(
            by_guard[guard].state, by_guard[guard].text, marks[by_guard[guard].state]
        )
        for guard in guards
    ]


def _intervals(contrasts: Sequence[Contrast]) -> Markup:
    rows = [
        [
            each.arm,
            each.against,
            each.family,
            said(each.effect),
            said(each.pooled),
            said(each.by_seed),
            said_p(each.effect.p),
            said_p(each.adjusted_p),
            f"{each.sign_flip.p:.3f} (least {each.sign_flip.least:.3f})" if each.sign_flip else "needs 6 seeds",
            show_value(round(each.in_floors, 2)) if each.in_floors is not None else "–",
            f"{said_p(each.equivalence_p)}{' within' if each.equivalent else ''}",
            *(signed(effect.value) for effect in each.other_lrs.values()),
        ]
        for each in contrasts
    ]
    rates = next((list(each.other_lrs) for each in contrasts), [])
    headings = ["arm", "against", "family", "bootstrap", "t, pooled", "t, by seed", "p", "Holm p", "sign flip"]
    headings += ["in floors", "equivalence p", *(f"at rate {rate}" for rate in rates)]
    width = len(headings)
    return table(
        headings, [row[:width] + ["–"] * (width - len(row)) for row in rows], caption="Effects with 95 % intervals"
    )

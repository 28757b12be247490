"""The report page from top to bottom."""

from __future__ import annotations

from markupsafe import Markup

from data_cards.pages import asset, render_page
from training.ablation.report.effects import curves_section, doses_section, forest_section, heat_section, rules_section
from training.ablation.report.material import (
    arms_section,
    instrument_section,
    memory_section,
    runs_section,
    times_block,
)
from training.ablation.report.samples import samples_section
from training.ablation.report.verdicts import guards_section, sight_section, verdicts_section
from training.ablation.results import Results
from training.ablation.statistics.analysis import Analysis

__all__ = ["draw_page"]


def draw_page(results: Results, found: Analysis, numbers: str, runs: str) -> str:
    """`numbers` and `runs` are the texts of results.json and runs.csv, held in the page to be taken away."""
    every = [
        ("sight", "Sight", sight_section(results, found)),
        ("verdicts", "Verdicts", verdicts_section(found)),
        ("effects", "Effects", forest_section(found) if found.contrasts else None),
        ("rules", "Rules", rules_section(found) if found.proposals else None),
        ("doses", "Doses", doses_section(found) if found.doses else None),
        ("curves", "Curves", curves_section(found)),
        ("measures", "Measures", heat_section(found)),
        ("memory", "Memory", memory_section(results, found) if found.memory else None),
        ("samples", "Samples", samples_section(results, found) if any(run.samples for run in results.runs) else None),
        ("arms", "Arms", arms_section(results, found)),
        ("guards", "Numbers", guards_section(found) if found.contrasts else None),
        ("instrument", "Instrument", instrument_section(results, found)),
        ("runs", "Runs", runs_section(results, found, numbers, runs)),
    ]
    shown = [(anchor, name, part) for anchor, name, part in every if part is not None]
    return render_page(
        found.question,
        [*(part for _, _, part in shown), times_block(results)],
        lead=_lead(results, found),
        contents=[(anchor, name) for anchor, name, _ in shown],
        styles=[asset("plots.css"), asset("report.css", "training.ablation.report")],
    )


def _lead(results: Results, found: Analysis) -> Markup:
    return Markup(
        '<p class="lead">Study <b>{}</b> of recipe {}. {} arms, {} seeds, learning rates {}. Hash <code>{}</code>.</p>'
    ).format(
        found.study,
        results.study.recipe,
        len(results.study.arms),
        len(results.study.seeds),
        " and ".join(f"{lr:g}" for lr in found.lrs),
        found.digest[:12],
    )

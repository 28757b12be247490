"""What arms are made of, what models remember, how far the instrument can be trusted, and the raw runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from curation.files import read_json
from data_cards.pages import Range, levels_chart, section, show_count, show_share, show_size, show_value, table
from training.ablation.report.tables import download
from training.ablation.report.words import how
from training.ablation.results import TIMES, ArmFacts, Results, RunResult, run_folder
from training.ablation.statistics.analysis import Analysis, MemoryCurve

__all__ = ["arms_section", "instrument_section", "memory_section", "runs_section", "times_block"]

_REPEATS_WORTH = 15.39
_CURVES = 6


def memory_section(results: Results, found: Analysis) -> Markup:
    """Arms with and without the factors of the study; doses only where there is room."""
    roles = {arm.name: arm.role for arm in results.study.arms}
    order = sorted(
        found.memory, key=lambda each: (roles[each.arm] not in ("base", "raw", "leave_one_out"), each.arm != found.base)
    )
    shown = order[:_CURVES]
    levels = [str(point.copies) for point in shown[0].points]
    series = [
        (curve.arm, [Range(one.exposure.value, one.exposure.low, one.exposure.high) for one in curve.points])
        for curve in shown
    ]
    reading = (
        "Made-up sentences were planted in the raw text before any stage ran. Exposure counts, in bits, how far a "
        "model prefers a planted secret to ones nobody saw; about 1.4 is what ignorance scores. An arm whose line "
        "stays flat removed the copies."
    )
    drawn = levels_chart(
        "Exposure by copies planted", levels, series, x_label="copies planted (logarithmic)", y_label="exposure, bits"
    )
    return section("memory", "What is memorised", how(reading), _rises(shown), drawn)


def _rises(curves: Sequence[MemoryCurve]) -> Markup:
    """How much more the most often planted sentences are remembered than those planted once."""
    planted = [[point for point in curve.points if point.copies] for curve in curves]
    if len(planted[0]) < 2:
        return Markup("")
    rises = [f"{each[-1].exposure.value - each[0].exposure.value:+.1f}".replace("-", "−") for each in planted]
    said = ", ".join(f"{curve.arm} {rise}" for curve, rise in zip(curves, rises, strict=True))
    few, many = planted[0][0].copies, planted[0][-1].copies
    return Markup("<p>From {} to {} copies exposure rises by, in bits: {}.</p>").format(few, many, said)


def arms_section(results: Results, found: Analysis) -> Markup:
    reading = (
        "U is the text an arm has, D what a run reads of it; above one epoch text repeats, and D′ is what the repeats "
        "are worth (Muennighoff et al. 2023)."
    )
    cards = [_arm(results, results.arms[arm.name], results.of(arm.name, found.lr)) for arm in results.study.arms]
    return section(
        "arms", "The arms", how(reading), Markup('<div class="cards">{}</div>').format(Markup("").join(cards))
    )


def _arm(results: Results, facts: ArmFacts, runs: Sequence[RunResult]) -> Markup:
    arm = results.study.arm(facts.arm)
    on = [f"{name} {'on' if value else 'off'}" for name, value in arm.factors.items()]
    removed = sum(facts.removed.values())
    rows: list[tuple[str, object]] = [
        ("role", arm.role.replace("_", " ")),
        ("factors", ", ".join(on) or "–"),
        *_spent(runs),
        ("documents", show_count(facts.documents)),
        ("bytes", show_size(facts.bytes)),
        ("removed", f"{show_count(removed)} documents ({show_share(removed, facts.pool_documents)})"),
        *((f"… {reason.replace('_', ' ')}", show_count(count)) for reason, count in _most(facts.removed)),
        *((f"from {source}", show_count(count)) for source, count in _most(facts.sources)),
        ("with an exact twin", show_share(facts.duplicates, 1)),
        *([("dose", show_share(facts.dose_share, 1))] if facts.dose_share is not None else []),
        ("data", Markup("<code>{}</code>").format(facts.data_hash[:12] or "–")),
        ("recipe", Markup("<code>{}</code>").format(facts.recipe_digest[:12] or "–")),
    ]
    lines = Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*row) for row in rows)
    return Markup('<article class="card arm" id="arm-{}"><h3>{}</h3><dl>{}</dl></article>').format(
        facts.arm, facts.arm, lines
    )


def _spent(runs: Sequence[RunResult]) -> Iterator[tuple[str, str]]:
    if not runs:
        yield "runs", "none finished"
        return
    run = runs[0]
    yield "unique tokens U", show_count(run.unique_tokens)
    yield "tokens read D", f"{show_count(run.tokens)} ({show_size(run.bytes)})"
    yield "epochs", f"{run.epochs:.2f}"
    if run.epochs > 1:
        yield "worth D′", show_count(round(_worth(run)))


def _worth(run: RunResult) -> float:
    """D' = U + U R (1 - exp(-(D/U - 1) / R)), R = 15.39."""
    unique = run.unique_tokens
    return unique + unique * _REPEATS_WORTH * (1 - math.exp(-(run.epochs - 1) / _REPEATS_WORTH))


def _most(counts: dict[str, int], most: int = 4) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:most]


def instrument_section(results: Results, found: Analysis) -> Markup:
    parts = [how("What speaks for the numbers themselves: would they come out the same, and was nothing leaked?")]
    if found.calibration is not None:
        each = found.calibration
        parts.append(
            Markup(
                "<p>In {} simulated studies with the variances measured here, 95 % intervals held the true effect in "
                "<b>{:.1f} %</b>, and an arm that differs in nothing was left unresolved in <b>{:.1f} %</b>.</p>"
            ).format(each.studies, 100 * each.coverage, 100 * each.null_unresolved)
        )
    rows = [
        [
            each.name,
            show_share(each.all, 1),
            each.pairs,
            show_share(each.clear, 1) if each.clear is not None else "–",
            each.clear_pairs,
        ]
        for each in found.decisions
    ]
    headings = ["smaller than the study", "pairs in the final order", "of", "pairs beyond the floor", "of"]
    parts.append(table(headings, rows, caption="Would less have told the same? Decision accuracy"))
    parts.append(_overlaps(results))
    if found.outliers:
        seeds = [[arm, f"{lr:g}", seed] for arm, lr, seed in found.outliers]
        parts.append(table(["arm", "learning rate", "seed"], seeds, caption="Seeds far from their arm, kept"))
    return section("instrument", "How good the instrument is", *parts)


def _overlaps(results: Results) -> Markup:
    bins = [f"{10 * at}–{10 * at + 10} %" for at in range(10)]
    rows = [
        [name, each.documents, show_size(each.bytes), each.dropped, *each.overlaps]
        for name, each in results.held_out.sets.items()
    ]
    caption = "Held-out documents by the share of their 13-grams that some arm contains, before dropping"
    return table(["set", "documents", "bytes", "dropped", *bins], rows, caption=caption)


def runs_section(results: Results, found: Analysis, numbers: str, runs: str) -> Markup:
    names = [name for name in (found.primary, "bpb_raw", "bpb_ood") if any(name in run.metrics for run in results.runs)]
    rows = [
        [
            run.arm,
            f"{run.lr:g}",
            run.seed,
            run.tokens,
            run.bytes,
            *(show_value(run.metrics.get(name)) for name in names),
        ]
        for run in results.runs
    ]
    links = Markup("<p>{} holds every run with every measure, {} the whole analysis.</p>").format(
        download("runs.csv", runs, "text/csv"), download("results.json", numbers, "application/json")
    )
    digests = Markup(
        "<p>Study <code>{}</code>, hashed before anything was measured; results <code>{}</code>.</p>"
    ).format(found.digest, found.results_digest)
    every = table(["arm", "rate", "seed", "tokens", "bytes", *names], rows)
    folded = Markup("<details><summary>{} runs</summary>{}</details>").format(len(rows), every)
    return section("runs", "Raw runs", how("All there is, to be analysed again by anyone."), links, digests, folded)


def times_block(results: Results) -> Markup:
    """The only part of the page that two equal studies need not share, between two marks."""
    found = [read_json(path) for run in results.runs if (path := _times(results, run)).is_file()]
    seconds = {
        name: sum(each["seconds"].get(name, 0.0) for each in found) for each in found for name in each["seconds"]
    }
    devices = ", ".join(sorted({each["device"] for each in found}))
    said = "; ".join(f"{name} {total:,.0f} s" for name, total in seconds.items())
    text = (
        Markup('<p class="note" id="times">{} runs on {}: {}.</p>').format(len(found), devices, said) if found else ""
    )
    return Markup("<!-- times -->{}<!-- /times -->").format(text)


def _times(results: Results, run: RunResult):  # type: ignore[no-untyped-def]
    return run_folder(results.root, run.arm, run.lr, run.seed) / TIMES

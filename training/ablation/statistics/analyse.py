"""The statistics of a study, from its finished runs to every number of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from curation.errors import ResourceError
from training.ablation.guards import (
    Light,
    budget_light,
    finished_light,
    leakage_light,
    null_light,
    seeds_light,
    signal_light,
    spread_light,
    summary,
    tokenizer_light,
)
from training.ablation.results import Results
from training.ablation.statistics.analysis import (
    Analysis,
    Calibration,
    Contrast,
    Metric,
    Noise,
)
from training.ablation.statistics.contrasts import Compared, compare_all, noise_of, seed_floor
from training.ablation.statistics.curves import learning_curves, mean_curve, memory_curves
from training.ablation.statistics.decisions import decisions_across, decisions_within
from training.ablation.statistics.doses import dose_responses
from training.ablation.statistics.measured import Measured, lower_is_better, measured_at
from training.ablation.statistics.metrics import (
    outlying,
    signal_to_noise,
    uneven_spreads,
)
from training.ablation.statistics.proposals import factor_effects, proposals
from training.ablation.statistics.simulation import calibrate, variances_of
from training.ablation.statistics.verdict import RULE
from training.ablation.study import Study

__all__ = ["analyse"]

_SIMULATED = 200


def analyse(results: Results, smaller: Sequence[Results] = ()) -> Analysis:
    """What the runs of a study say. Numbers are rounded to eight digits, so that they do not hang on the machine.

    `smaller` are studies of the same arms at smaller sizes or budgets: how often would they have decided the same?
    """
    compared = _compared(results)
    base, study, main = base_arm(compared), results.study, compared.main
    noise = noise_of(compared, base)
    general = _general_lights(results, compared, noise)
    pairs = _pair_lights(results, compared)
    contrasts = compare_all(compared, noise, {arm: (*general, *lights) for arm, lights in pairs.items()})
    factors, apart = factor_effects(compared, noise, general)
    own = [(each.arm, light) for each in contrasts for light in each.lights if light not in general]
    found = Analysis(
        study=study.name,
        question=study.question,
        digest=study.digest,
        results_digest=results.digest,
        primary=study.primary,
        lr=results.lrs[0],
        lrs=results.lrs,
        base=base,
        rule=RULE.format(alpha=study.alpha),
        noise=noise,
        lights=(*general, *summary(own, {each.arm for each in contrasts if each.refused})),
        contrasts=contrasts,
        doses=dose_responses(compared, noise, contrasts),
        factors=factors,
        interactions_apart=apart,
        metrics=tuple(_metrics(main, study, base)),
        decisions=(
            *decisions_within(compared, noise),
            *decisions_across(compared, noise, [(_compared(other), other.runs[0]) for other in smaller]),
        ),
        memory=tuple(memory_curves(main, study)),
        curves=tuple(learning_curves(results)),
        outliers=tuple(_outliers(compared)),
        proposals=proposals(compared, factors, apart),
        calibration=_calibration(compared, contrasts),
    )
    return Analysis.model_validate(_rounded(found.model_dump()))


def base_arm(compared: Compared) -> str:
    """The arm that others are shown against: the first of role base, else raw, else the first that was run."""
    arms = [arm for arm in compared.study.arms if arm.name in compared.main.arms]
    return next((arm.name for role in ("base", "raw") for arm in arms if arm.role == role), arms[0].name)


def _compared(results: Results) -> Compared:
    first = results.lrs[0]
    if not any(run.lr == first for run in results.runs):
        raise ResourceError(
            str(results.root), "no finished run at the study's learning rate", "at least one", "run `gristmill ablate`"
        )
    at = {f"{lr:g}": measured_at(results, lr) for lr in results.lrs if any(run.lr == lr for run in results.runs)}
    return Compared(results.study, at, {arm: mean_curve(results.of(arm, first)) for arm in at[f"{first:g}"].arms})


def _general_lights(results: Results, compared: Compared, noise: Noise) -> list[Light]:
    study, draws = results.study, compared.main.draws(results.study.primary)
    uneven = uneven_spreads(draws.values, draws.arm)
    return [
        finished_light(results),
        leakage_light(study, results.held_out),
        signal_light(study.primary, signal_to_noise(draws.values, draws.arm, study.alpha)),
        null_light(noise.nulls, seed_floor(draws, study.alpha)),
        spread_light({compared.main.arms[at]: ratio for at, ratio in uneven.items()}),
    ]


def _pair_lights(results: Results, compared: Compared) -> dict[str, list[Light]]:
    """Of the two arms of every contrast."""
    found = {}
    for arm in compared.arms:
        first, second = (results.of(name, results.lrs[0]) for name in (arm.name, str(arm.against)))
        found[arm.name] = [
            budget_light(results.study, first, second),
            tokenizer_light([*first, *second]),
            seeds_light(first, second),
        ]
    return found


def _metrics(measured: Measured, study: Study, base: str) -> list[Metric]:
    """Every measure that all runs have, the primary one first, then those that tell arms apart best."""
    names = [name for name in dict.fromkeys([study.primary, *measured.scores, *measured.metrics]) if measured.has(name)]
    found = [_metric(measured, study, base, name) for name in names]
    return sorted(found, key=lambda each: (each.name != study.primary, each.low_signal, -(each.signal.ratio or 0)))


def _metric(measured: Measured, study: Study, base: str, name: str) -> Metric:
    draws, at = measured.draws(name), measured.arms.index(base)
    floor, signal = seed_floor(draws, study.alpha), signal_to_noise(draws.values, draws.arm, study.alpha)
    means = dict(zip(measured.arms, map(float, draws.means), strict=True))
    return Metric(
        name=name,
        lower_is_better=lower_is_better(name),
        signal=signal,
        low_signal=signal.low,
        means=means,
        floors={arm: (mean - draws.means[at]) / floor if floor else None for arm, mean in means.items()},
    )


def _outliers(compared: Compared) -> list[tuple[str, float, int]]:
    """(arm, learning rate, seed) of runs far from their arm."""
    found = []
    for lr, measured in compared.at.items():
        draws = measured.draws(compared.study.primary)
        far = np.flatnonzero(outlying(draws.values, draws.arm))
        found += [(measured.arms[draws.arm[at]], float(lr), int(measured.seeds[at])) for at in far]
    return found


def _calibration(compared: Compared, contrasts: Sequence[Contrast]) -> Calibration | None:
    """With the documents' variance of a null contrast where there is one, which is that of no effect."""
    if not contrasts:
        return None
    chosen = min(contrasts, key=lambda each: (each.role != "null", abs(each.effect.value)))
    main = compared.main
    model = variances_of(main.draws(compared.study.primary), main.weights(chosen.arm, chosen.against))
    return calibrate(model, _SIMULATED, compared.study.alpha) if model else None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, (list, tuple)) else value

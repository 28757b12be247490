"""The statistics of a study, from its finished runs to every number of the report."""

from __future__ import annotations

import re
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
    summary,
    tokenizer_light,
)
from training.ablation.results import Results, RunResult
from training.ablation.statistics.analysis import (
    Analysis,
    Calibration,
    Contrast,
    CurveBand,
    LearningCurve,
    MemoryCurve,
    MemoryPoint,
    Metric,
    Noise,
)
from training.ablation.statistics.contrasts import Compared, compare_all, noise_of, seed_floor
from training.ablation.statistics.doses import dose_responses
from training.ablation.statistics.estimates import Vector
from training.ablation.statistics.measured import Measured, lower_is_better, measured_at
from training.ablation.statistics.metrics import DecisionAccuracy, decision_accuracy, outlying, signal_to_noise
from training.ablation.statistics.proposals import factor_effects, proposals
from training.ablation.statistics.simulation import calibrate, variances_of
from training.ablation.statistics.verdict import RULE
from training.ablation.study import Study

__all__ = ["analyse"]

_SIMULATED = 200
_EXPOSURE = re.compile(r"exposure_(\d+)")


def analyse(results: Results) -> Analysis:
    """What the runs of a study say. Numbers are rounded to eight digits, so that they do not hang on the machine."""
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
        decisions=tuple(_decisions(compared, results, noise)),
        memory=tuple(_memory(main, study)),
        curves=tuple(_curves(results)),
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
    return Compared(results.study, at, {arm: _mean_curve(results.of(arm, first)) for arm in at[f"{first:g}"].arms})


def _mean_curve(runs: Sequence[RunResult]) -> tuple[Vector, Vector]:
    """Tokens and mean bits per byte over seeds, at the steps that all of them have."""
    points = [{point.tokens: point.bpb for point in run.curve} for run in runs]
    tokens = sorted(set.intersection(*map(set, points)) if points else set())
    return np.array(tokens, np.float64), np.array([np.mean([each[at] for each in points]) for at in tokens])


def _general_lights(results: Results, compared: Compared, noise: Noise) -> list[Light]:
    study, draws = results.study, compared.main.draws(results.study.primary)
    return [
        finished_light(results),
        leakage_light(study, results.held_out),
        signal_light(study.primary, signal_to_noise(draws.values, draws.arm, study.alpha)),
        null_light(noise.nulls, seed_floor(draws, study.alpha)),
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


def _decisions(compared: Compared, results: Results, noise: Noise) -> list[DecisionAccuracy]:
    """How smaller budgets, single seeds and other learning rates order the arms, against the final means."""
    main, study = compared.main, results.study
    if len(main.arms) < 2:
        return []
    final = main.draws(study.primary).means
    curves = [dict(zip(*map(list, compared.curves[arm]), strict=True)) for arm in main.arms]
    budgets = sorted(set.intersection(*map(set, curves)))[:-1] if study.primary == "bpb" else []
    found = [
        decision_accuracy(f"{tokens:,.0f} tokens", np.array([curve[tokens] for curve in curves]), final, noise.floor)
        for tokens in budgets
    ]
    values = main.draws(study.primary).values
    for seed in dict.fromkeys(main.seeds.tolist()):
        one = [values[(main.arm == at) & (main.seeds == seed)] for at in range(len(main.arms))]
        if noise.seeds > 1 and all(len(each) for each in one):
            single = np.array([each[0] for each in one])
            found.append(decision_accuracy(f"seed {seed} alone", single, final, noise.floor))
    for lr, other in list(compared.at.items())[1:]:
        if other.arms == main.arms:
            means = other.draws(study.primary).means
            found.append(decision_accuracy(f"learning rate {lr}", means, final, noise.floor))
    return found


def _memory(measured: Measured, study: Study) -> list[MemoryCurve]:
    copies = sorted(
        (int(match[1]), name)
        for name in measured.metrics
        if (match := _EXPOSURE.fullmatch(name)) and measured.has(name)
    )
    return [
        MemoryCurve(
            arm=arm,
            points=tuple(
                MemoryPoint(copies=count, exposure=measured.draws(name).over_seeds(weights, study.alpha))
                for count, name in copies
            ),
        )
        for arm, weights in zip(measured.arms, np.eye(len(measured.arms)), strict=True)
        if copies
    ]


def _curves(results: Results) -> list[LearningCurve]:
    return [
        LearningCurve(arm=arm.name, lr=lr, seeds=len(runs), points=_bands(runs))
        for lr in results.lrs
        for arm in results.study.arms
        if (runs := results.of(arm.name, lr))
    ]


def _bands(runs: Sequence[RunResult]) -> tuple[CurveBand, ...]:
    by_tokens: dict[int, list[tuple[int, float]]] = {}
    for run in runs:
        for point in run.curve:
            by_tokens.setdefault(point.tokens, []).append((point.bytes, point.bpb))
    return tuple(
        CurveBand(
            tokens=tokens,
            bytes=round(float(np.mean([size for size, _ in each]))),
            mean=float(np.mean([bpb for _, bpb in each])),
            low=min(bpb for _, bpb in each),
            high=max(bpb for _, bpb in each),
        )
        for tokens, each in sorted(by_tokens.items())
        if len(each) == len(runs)
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

"""Would less have told the same? Smaller budgets, single seeds, other learning rates, other studies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from training.ablation.results import RunResult
from training.ablation.statistics.analysis import Noise
from training.ablation.statistics.contrasts import Compared
from training.ablation.statistics.metrics import DecisionAccuracy, decision_accuracy

__all__ = ["decisions_across", "decisions_within"]


def decisions_within(compared: Compared, noise: Noise) -> Iterator[DecisionAccuracy]:
    """How smaller parts of a study order its arms, against their final means."""
    main, primary = compared.main, compared.study.primary
    if len(main.arms) < 2:
        return
    draws, final = main.draws(primary), main.draws(primary).means
    curves = [dict(zip(*map(list, compared.curves[arm]), strict=True)) for arm in main.arms]
    for tokens in sorted(set.intersection(*map(set, curves)))[:-1] if primary == "bpb" else []:
        means = np.array([curve[tokens] for curve in curves])
        yield decision_accuracy(f"{tokens:,.0f} tokens", means, final, noise.floor)
    for seed in dict.fromkeys(main.seeds.tolist()) if noise.seeds > 1 else ():
        each = [draws.values[(main.arm == at) & (main.seeds == seed)] for at in range(len(main.arms))]
        if all(len(one) for one in each):
            yield decision_accuracy(f"seed {seed} alone", np.array([one[0] for one in each]), final, noise.floor)
    for lr, other in list(compared.at.items())[1:]:
        if other.arms == main.arms:
            yield decision_accuracy(f"learning rate {lr}", other.draws(primary).means, final, noise.floor)


def decisions_across(
    compared: Compared, noise: Noise, smaller: Sequence[tuple[Compared, RunResult]]
) -> Iterator[DecisionAccuracy]:
    """Of other studies, each with one of its runs, over the arms that they share with this one."""
    primary = compared.study.primary
    for other, run in smaller:
        shared = [arm for arm in compared.main.arms if arm in other.main.arms]
        if len(shared) < 2:
            continue
        small, final = (
            each.main.draws(primary).means[[each.main.arms.index(arm) for arm in shared]] for each in (other, compared)
        )
        name = f"study {other.study.name}: {run.parameters:,} parameters, {run.tokens:,} tokens"
        yield decision_accuracy(name, small, final, noise.floor)

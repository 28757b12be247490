"""Guards: what must hold before a difference between two arms is read as an effect of their data.

Each answers with a light and says what it saw. Red refuses the verdict; amber stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from training.ablation.results import HeldOutFacts, Results, RunResult
from training.ablation.study import Study
from training.recipe import Part

if TYPE_CHECKING:
    from training.ablation.statistics.estimates import Estimate
    from training.ablation.statistics.metrics import Signal

__all__ = [
    "MISMATCH",
    "SEEDS",
    "Light",
    "agreement_light",
    "budget_light",
    "finished_light",
    "leakage_light",
    "lr_light",
    "null_light",
    "outlier_light",
    "seeds_light",
    "signal_light",
    "spread_light",
    "summary",
    "tokenizer_light",
]

MISMATCH = 0.005
SEEDS = 3
# Held-out documents that a dose planted in an arm, found, dropped, and scored apart.
_LEAKED = "leaked"
_SIGNS = ("held-out sets", "learning rate")
_ORDER = ("green", "amber", "red")


class Light(Part):
    """A guard: `red` refuses a verdict, `amber` is to be read along with it."""

    guard: str
    state: Literal["green", "amber", "red"]
    text: str


def budget_light(study: Study, first: Sequence[RunResult], second: Sequence[RunResult]) -> Light:
    """Red where what the study declares equal differs by more than 0.5 %, amber where the other one does."""
    apart = {name: _apart(_mean(first, name), _mean(second, name)) for name in ("tokens", "bytes")}
    declared = ("tokens", "bytes") if study.budget.equal == "both" else (study.budget.equal,)
    said = ", ".join(f"{name} differ by {100 * share:.2f} %" for name, share in apart.items())
    if any(apart[name] > MISMATCH for name in declared):
        return Light(guard="budget", state="red", text=f"unequal budgets: {said}; at most 0.5 % is allowed")
    if max(apart.values()) > MISMATCH:
        return Light(guard="budget", state="amber", text=f"{said}; the study declares equal {declared[0]}")
    return Light(guard="budget", state="green", text=said)


def tokenizer_light(runs: Sequence[RunResult]) -> Light:
    """One tokenizer and one model for all: bits per byte compare arms only then."""
    if len({run.tokenizer_hash for run in runs}) > 1:
        return Light(guard="tokenizer", state="red", text="the arms were tokenized by different tokenizers")
    if len({run.parameters for run in runs}) > 1:
        return Light(guard="tokenizer", state="red", text="the arms trained models of different sizes")
    return Light(guard="tokenizer", state="green", text="one tokenizer and one model for both arms")


def seeds_light(first: Sequence[RunResult], second: Sequence[RunResult]) -> Light:
    fewest = min(len(first), len(second))
    if fewest < 2:
        text = "a single seed: exploratory, since noise cannot be told from effect"
    elif fewest < SEEDS:
        text = f"{fewest} seeds: exploratory; a verdict needs {SEEDS}"
    else:
        return Light(guard="seeds", state="green", text=f"{fewest} seeds in each arm")
    return Light(guard="seeds", state="red", text=text)


def finished_light(results: Results) -> Light:
    missing = results.missing()
    if missing:
        text = f"{len(missing)} of {len(missing) + len(results.runs)} runs are missing; which ones may not be chance"
        return Light(guard="finished", state="red", text=text)
    return Light(guard="finished", state="green", text=f"all {len(results.runs)} runs are there")


def leakage_light(study: Study, facts: HeldOutFacts) -> Light:
    """Red where documents stayed in a held-out set that overlap with an arm by more than the study allows."""
    bins = math.ceil(study.held_out.overlap * 10)
    sets = {name: each for name, each in facts.sets.items() if name != _LEAKED}
    left = {name: sum(each.overlaps[bins:]) - each.dropped for name, each in sets.items()}
    leaks = [f"{count} of {sets[name].documents} in {name}" for name, count in left.items() if count > 0]
    if leaks:
        return Light(guard="leakage", state="red", text=f"held-out documents overlap with training: {', '.join(leaks)}")
    if not sets:
        return Light(guard="leakage", state="red", text="no held-out set was checked against the arms")
    dropped = ", ".join(f"{each.dropped} from {name}" for name, each in sets.items() if each.dropped)
    text = f"dropped for overlap with an arm: {dropped}" if dropped else "no held-out document overlaps with any arm"
    return Light(guard="leakage", state="green", text=text)


def signal_light(measure: str, signal: Signal) -> Light:
    if signal.ratio is None or signal.chance is None:
        return Light(guard="signal", state="red", text=f"{measure}: no noise was measured, so nothing stands out of it")
    text = f"{measure}: arms range over {signal.ratio:.1f} seed deviations; chance alone reaches {signal.chance:.1f}"
    return Light(guard="signal", state="red" if signal.low else "green", text=text)


def null_light(nulls: dict[str, Estimate], expected: float | None) -> Light:
    """Amber where an arm that differs by shuffling alone moved more than seeds explain: then it sets the floor."""
    if not nulls or expected is None:
        return Light(guard="null arm", state="amber", text="no null arm: the floor rests on seeds alone")
    most = max(abs(each.value) for each in nulls.values())
    within = most <= expected
    text = f"shuffling alone moved {most:.4f}; seeds explain {expected:.4f}"
    return Light(guard="null arm", state="green" if within else "amber", text=text)


def lr_light(effect: Estimate, others: dict[str, Estimate]) -> Light:
    """Red where another learning rate orders the two arms the other way round."""
    if not others:
        return Light(guard="learning rate", state="amber", text="run at one learning rate only")
    flipped = [lr for lr, other in others.items() if other.value * effect.value < 0]
    if flipped:
        return Light(guard="learning rate", state="red", text=f"unstable: the order flips at {', '.join(flipped)}")
    return Light(guard="learning rate", state="green", text=f"the same order at {', '.join(others)}")


def agreement_light(effect: Estimate, ood: Estimate | None, raw: Estimate | None) -> Light:
    """Red where the out-of-domain set moves the other way, amber where the raw one does or there is none."""
    if ood is not None and ood.value * effect.value < 0:
        text = f"out of domain the effect has the other sign ({ood.value:+.4f})"
        return Light(guard="held-out sets", state="red", text=text)
    if ood is None:
        return Light(
            guard="held-out sets", state="amber", text="no out-of-domain set: the effect may be the test's own"
        )
    if raw is not None and raw.value * effect.value < 0:
        text = f"on raw text the effect has the other sign ({raw.value:+.4f}): it may only move towards the clean set"
        return Light(guard="held-out sets", state="amber", text=text)
    return Light(guard="held-out sets", state="green", text="clean and out-of-domain text agree in sign")


def outlier_light(names: Sequence[str], holds_without: bool) -> Light:
    """Outlying seeds stay in; red where the effect hangs on them."""
    if not names:
        return Light(guard="outliers", state="green", text="no seed lies apart from its arm")
    said = f"far from their arm, and kept: {', '.join(names)}"
    if not holds_without:
        return Light(guard="outliers", state="red", text=f"{said}; without them the effect is another one")
    return Light(guard="outliers", state="amber", text=f"{said}; the effect holds without them")


def spread_light(uneven: Mapping[str, float]) -> Light:
    """Amber where an arm's seeds scatter more than those of all others, by arm how many times as much: the pooled
    deviation then makes its interval too narrow."""
    if not uneven:
        return Light(guard="spread", state="green", text="seeds scatter about equally in all arms")
    said = ", ".join(f"{arm} {ratio:.1f} times" for arm, ratio in uneven.items())
    return Light(guard="spread", state="amber", text=f"seeds scatter more than elsewhere: {said}; see the t by seed")


def summary(lights: Sequence[tuple[str, Light]], refused: Collection[str]) -> tuple[Light, ...]:
    """One light a guard over all contrasts (name, light): the worst, with the contrasts it stands for.

    Where chance decides the sign, signs contradict each other half of the time: that counts for refused verdicts alone.
    """
    found: dict[str, Light] = {}
    for guard in dict.fromkeys(light.guard for _, light in lights):
        each = [(name, _softened(light, name in refused)) for name, light in lights if light.guard == guard]
        worst = max((light.state for _, light in each), key=_ORDER.index)
        where = [name for name, light in each if light.state == worst]
        text = next(light.text for _, light in each if light.state == worst)
        more = f" ({where[0]}{f' and {len(where) - 1} more' if len(where) > 1 else ''})" if worst != "green" else ""
        found[guard] = Light(guard=guard, state=worst, text=text + more)
    return tuple(found.values())


def _softened(light: Light, refused: bool) -> Light:
    if light.guard not in _SIGNS or light.state != "red" or refused:
        return light
    return Light(guard=light.guard, state="green", text="no effect that is clear of zero is contradicted")


def _mean(runs: Sequence[RunResult], name: str) -> float:
    return sum(getattr(run, name) for run in runs) / len(runs) if runs else 0.0


def _apart(first: float, second: float) -> float:
    return abs(first - second) / (max(first, second) or 1.0)

"""Canaries: made-up sentences planted in the pool, and how well a model remembers their secret words.

Exposure (Carlini et al. 2019) is log2 |R| - log2 rank, the rank of a canary's filling by its probability among |R|
fillings of the same form that nobody ever saw. A filling that was not learnt has a random rank: 1.4 bits on average.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from training.ablation.measures.scoring import Scorer
from training.ablation.study import Canaries
from training.data.order import key_of

__all__ = ["Canary", "exposure", "plan_canaries"]

_LISTED = (
    "arm bag bed bell bird boat book box bus cake camp card cat coat corn cup desk dog door drum fan farm fish flag "
    "gate gift glass goat gold hand hat hill horse ice iron key king lake lamp leaf map milk moon nail net nest oil "
    "page pen pin pipe plate pond rain ring road rope salt sand seed ship shoe silk snow sock song soup star stone sun"
)
_WORDS = _LISTED.split()
_FILLED = 4


@dataclass(frozen=True)
class Canary:
    """`prefix` + `filling` + `suffix` is the document; `references` are fillings that were never planted."""

    copies: int
    prefix: str
    filling: str
    suffix: str
    references: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.prefix + self.filling + self.suffix


def plan_canaries(plan: Canaries) -> list[Canary]:
    """`each` canaries at every number of copies; the same for the same plan."""
    return [_canary(copies, number, plan) for copies in plan.copies for number in range(plan.each)]


@torch.no_grad()
def exposure(scorer: Scorer, canaries: Sequence[Canary]) -> dict[str, float]:
    """Mean exposure in bits by number of copies: `exposure_0`, `exposure_1` and so on."""
    found: dict[int, list[float]] = {}
    for canary in canaries:
        fillings = [canary.filling, *canary.references]
        scores = scorer.log_probabilities([(canary.prefix, filling) for filling in fillings])
        rank = 1 + int((scores[1:] > scores[0]).sum())
        found.setdefault(canary.copies, []).append(math.log2(len(fillings)) - math.log2(rank))
    return {f"exposure_{copies}": sum(bits) / len(bits) for copies, bits in sorted(found.items())}


def _canary(copies: int, number: int, plan: Canaries) -> Canary:
    chance = random.Random(key_of("canary", copies, number))
    fillings: dict[str, None] = {}
    while len(fillings) <= plan.references:
        fillings[" " + " ".join(chance.choice(_WORDS) for _ in range(_FILLED))] = None
    secret, *references = fillings
    owner = f"the {chance.choice(_WORDS)} and the {chance.choice(_WORDS)}"
    return Canary(
        copies,
        f"{_sentence(chance)} The secret words of {owner} are:",
        secret,
        f". {_sentence(chance)} {_sentence(chance)}",
        tuple(references),
    )


def _sentence(chance: random.Random) -> str:
    """Plain English of random words, so that language and length rules let a canary pass."""
    first, second, third = (chance.choice(_WORDS) for _ in range(3))
    return f"There was a {first} that they had found near the {second}, and it was with the other {third} for a while."

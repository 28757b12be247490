"""Main effects and two-way interactions of switched factors, as contrasts over arms.

Every main effect uses every run: with all 2^k cells it is the mean of the cells that have the factor less the mean of
those that have not. An interaction is half the difference of a factor's effect with and without the other one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from training.ablation.statistics.estimates import Vector

__all__ = ["factorial_contrasts"]


def factorial_contrasts(
    cells: Sequence[Mapping[str, bool]], factors: Sequence[str]
) -> tuple[dict[tuple[str, ...], Vector], bool]:
    """Weights over cells by the names of one or two factors, and whether interactions were told apart from them.

    `cells` say which factors are on. Where too few cells were run for interactions, main effects stand alone and take
    up whatever interacts; where they too cannot be told apart there is nothing.
    """
    if not cells or not factors:
        return {}, False
    mains: list[tuple[str, ...]] = [(factor,) for factor in factors]
    pairs: list[tuple[str, ...]] = list(itertools.combinations(factors, 2))
    for terms, apart in ((mains + pairs, True), (mains, not pairs)):
        design = np.array([[1.0, *(_sign(cell, term) for term in terms)] for cell in cells])
        if np.linalg.matrix_rank(design) == design.shape[1]:
            solved = np.linalg.pinv(design)[1:] * 2
            return dict(zip(terms, solved, strict=True)), apart
    return {}, False


def _sign(cell: Mapping[str, bool], term: tuple[str, ...]) -> float:
    return float(np.prod([1 if cell[factor] else -1 for factor in term]))

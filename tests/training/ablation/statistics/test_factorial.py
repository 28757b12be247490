import itertools

import numpy as np
import pytest

from training.ablation.statistics.factorial import factorial_contrasts

FACTORS = ("clean", "dedup", "filter")
CELLS = [dict(zip(FACTORS, on, strict=True)) for on in itertools.product([False, True], repeat=3)]


def _response(cell: dict[str, bool]) -> float:
    return 5 - 0.3 * cell["clean"] - 0.1 * cell["dedup"] + 0.2 * (cell["clean"] and cell["filter"])


def test_effects_and_interactions_of_a_full_design_are_told_apart() -> None:
    contrasts, apart = factorial_contrasts(CELLS, FACTORS)
    found = {term: weights @ [_response(cell) for cell in CELLS] for term, weights in contrasts.items()}
    assert apart
    assert found["clean",] == pytest.approx(-0.2)
    assert found["dedup",] == pytest.approx(-0.1)
    assert found["clean", "filter"] == pytest.approx(0.1)
    assert found["clean", "dedup"] == pytest.approx(0)


def test_a_main_effect_is_the_mean_with_less_the_mean_without() -> None:
    weights = factorial_contrasts(CELLS, FACTORS)[0]["dedup",]
    assert weights == pytest.approx([0.25 if cell["dedup"] else -0.25 for cell in CELLS])


def test_a_ladder_gives_main_effects_alone() -> None:
    ladder = [{factor: at < step for at, factor in enumerate(FACTORS)} for step in range(4)]
    contrasts, apart = factorial_contrasts(ladder, FACTORS)
    assert not apart
    assert set(contrasts) == {(factor,) for factor in FACTORS}


def test_too_few_cells_give_nothing() -> None:
    assert factorial_contrasts(CELLS[:1], FACTORS) == ({}, False)


def test_weights_add_up_to_nothing() -> None:
    assert np.allclose([weights.sum() for weights in factorial_contrasts(CELLS, FACTORS)[0].values()], 0)

import numpy as np
import pytest
from scipy.optimize import curve_fit

from training.ablation.statistics.dose_response import effective_exponent, fit_power, power_law

DOSES = np.array([0.05, 0.1, 0.25, 0.5])
RNG = np.random.default_rng(5)


def test_a_power_law_is_found_again() -> None:
    assert fit_power(DOSES, 0.4 * DOSES**1.3) == pytest.approx((0.4, 1.3), rel=0.01)


def test_the_fit_is_that_of_scipy() -> None:
    effects = 0.3 * DOSES**0.8 + RNG.normal(0, 0.01, 4)
    theirs, _ = curve_fit(lambda x, a, b: a * x**b, DOSES, effects, p0=(0.3, 1.0))
    assert fit_power(DOSES, effects) == pytest.approx(tuple(theirs), rel=0.01)


def test_the_dose_at_the_floor_solves_the_fit() -> None:
    effects = 0.4 * DOSES**1.5
    law = power_law(DOSES, effects, effects + RNG.normal(0, 0.003, (500, 4)), floor=0.02)
    assert law.at_floor == pytest.approx((0.02 / 0.4) ** (1 / 1.5), rel=0.05)
    assert law.at_floor_low < law.at_floor < law.at_floor_high
    assert all(point.low <= point.value <= point.high for point in law.band)


def test_a_harmless_defect_has_no_dose_at_the_floor() -> None:
    law = power_law(DOSES, -0.1 * DOSES, -0.1 * DOSES + np.zeros((9, 4)), floor=0.02)
    assert law.at_floor is None


def test_spoilt_tokens_that_count_as_missing_have_exponent_one() -> None:
    factors = 1 - DOSES
    found = effective_exponent(DOSES, factors, np.tile(factors, (9, 1)))
    assert found is not None
    assert found.value == pytest.approx(1)

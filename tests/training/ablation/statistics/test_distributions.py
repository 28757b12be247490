import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from training.ablation.statistics.distributions import f_survival, range_quantile, regularised_beta, t_cdf, t_quantile


@given(st.floats(0, 1), st.floats(0.5, 200), st.floats(0.5, 200))
def test_the_regularised_beta_function_is_that_of_scipy(x: float, a: float, b: float) -> None:
    assert regularised_beta(x, a, b) == pytest.approx(special.betainc(a, b, x), abs=1e-10)


@given(st.floats(-50, 50), st.floats(1, 1e4))
def test_students_t_is_that_of_scipy(t: float, df: float) -> None:
    assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), abs=1e-8)


@pytest.mark.parametrize("p", [0.001, 0.025, 0.5, 0.8, 0.975, 0.9999])
@pytest.mark.parametrize("df", [1, 2.5, 4, 19, 500])
def test_quantiles_are_those_of_scipy(p: float, df: float) -> None:
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-8, abs=1e-10)


@given(st.floats(0, 50), st.integers(1, 50), st.integers(1, 50))
def test_the_f_distribution_is_that_of_scipy(ratio: float, first: int, second: int) -> None:
    assert f_survival(ratio, first, second) == pytest.approx(stats.f.sf(ratio, first, second), abs=1e-8)


@pytest.mark.parametrize(("groups", "df"), [(2, 4), (9, 19)])
def test_the_studentised_range_is_that_of_scipy(groups: int, df: int) -> None:
    assert range_quantile(0.95, groups, df) == pytest.approx(stats.studentized_range.ppf(0.95, groups, df), rel=0.03)

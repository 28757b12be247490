from __future__ import annotations

import pytest

from training.recipe import Schedule
from training.schedule import learning_rate_factor


def factors(steps: int, **settings) -> list[float]:
    return [learning_rate_factor(Schedule(**settings), step, steps) for step in range(steps)]


def test_wsd_warms_up_stays_and_decays_along_a_line() -> None:
    assert factors(10, warmup=2, decay=0.4) == pytest.approx([0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


def test_a_shorter_run_is_the_same_until_its_decay() -> None:
    assert factors(10, warmup=2, decay=0.4)[:6] == factors(20, warmup=2, decay=0.4)[:6]


def test_the_end_is_a_share_of_the_peak() -> None:
    assert min(factors(1000, warmup=0, decay=0.5, end=0.1)) == pytest.approx(0.1, abs=0.01)


def test_cosine_falls_from_the_warm_up_on() -> None:
    found = factors(11, kind="cosine", warmup=1)
    assert found[1:] == sorted(found[1:], reverse=True)
    assert found[6] == pytest.approx(0.5)


def test_constant_never_falls() -> None:
    assert set(factors(10, kind="constant", warmup=0)) == {1.0}

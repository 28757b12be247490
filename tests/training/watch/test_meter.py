from __future__ import annotations

import pytest

from training.watch.devices import peak_flops
from training.watch.meter import Meter


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rates_are_those_of_a_clock_one_can_turn() -> None:
    clock = Clock()
    meter = Meter(855.2e6, peak=989.5e12, roof=800e12, clock=clock)
    clock.now += 2
    meter.count(950_000)
    rates = meter.lap()
    assert rates.tokens_per_second == 475_000
    assert rates.mfu == pytest.approx(0.4105, abs=1e-4)
    assert rates.of_roof == pytest.approx(0.5078, abs=1e-4)


def test_what_happens_between_lap_and_start_does_not_count() -> None:
    clock = Clock()
    meter = Meter(1.0, clock=clock)
    clock.now += 60
    meter.start()
    clock.now += 1
    meter.count(10)
    assert meter.lap().tokens_per_second == 10
    assert meter.lap().mfu is None


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989.5e12),
        ("NVIDIA H100 80GB HBM3", 989.5e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA L40S", 362e12),
        ("Some Other Device", None),
    ],
)
def test_a_device_has_the_peak_of_its_data_sheet_or_none(name: str, peak: float | None) -> None:
    assert peak_flops(name) == peak

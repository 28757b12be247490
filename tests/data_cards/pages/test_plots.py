"""Forest plots, fits, levels and heat maps."""

import pytest

from data_cards.pages import (
    Forest,
    ForestRow,
    HeatCell,
    HeatRow,
    Range,
    Series,
    fit_chart,
    forest_plot,
    heat_map,
    levels_chart,
)
from data_cards.pages.axes import Scale

FOREST = Forest(("verdict",), ("inside", "outside"), 0.01, "bits", ("better", "worse"))


def test_a_forest_plot_draws_each_row_with_both_estimates_and_its_numbers() -> None:
    row = ForestRow("arm <b>", Range(0.1, 0.05, 0.15), Range(0.2, 0.1, 0.3), ("hurts",), "hurts")
    drawn = forest_plot("Effects", [("Group", [row]), ("Empty", [])], FOREST)
    assert drawn.count('class="point hurts"') == drawn.count('class="hollow hurts"') == 1
    assert 'class="floor"' in drawn
    assert "arm &lt;b&gt;" in drawn
    assert "Empty" not in drawn
    assert "0.05" in drawn


def test_an_estimate_without_interval_is_a_point_alone() -> None:
    drawn = forest_plot("Effects", [("", [ForestRow("arm", Range(0.1), texts=("open",))])], FOREST)
    assert 'class="stem' not in drawn


def test_a_fit_shows_points_band_and_floor() -> None:
    fit = Series("law", [(5, 0.1), (10, 0.2)], [0.05, 0.1], [0.15, 0.3])
    drawn = fit_chart("Dose", [(5, Range(0.1, 0.0, 0.2))], fit, x_label="dose", y_label="harm", floor=0.02)
    assert drawn.count('class="mark series-0"') == 1
    assert "polygon" in drawn
    assert 'class="floor"' in drawn
    assert "polygon" not in fit_chart("Dose", [(5, Range(0.1))], None, x_label="dose", y_label="harm")


def test_lines_over_levels_stand_side_by_side() -> None:
    series = [(name, [Range(1.0, 0.5, 1.5), Range(2.0)]) for name in ("a", "b")]
    drawn = levels_chart("Exposure", ["1", "4"], series, x_label="copies", y_label="bits")
    assert drawn.count('class="mark series-0"') == drawn.count('class="mark series-1"') == 2
    places = [part.split('"')[0] for part in drawn.split('cx="')[1:]]
    assert len(set(places)) == 4


def test_a_heat_map_colours_by_sign_and_never_a_muted_row() -> None:
    rows = [
        HeatRow("loss", [HeatCell("+2.0", 0.5), HeatCell("−9.0", -1.0), HeatCell("0", None)]),
        HeatRow("dull", [HeatCell("+2.0", 1.0)] * 3, muted=True, note="0.4"),
    ]
    drawn = heat_map("Measures", ["a", "b", "c"], rows, note="signal")
    assert drawn.count("worse-2") == drawn.count("better-5") == 1
    assert "worse-5" not in drawn
    assert drawn.count('<th scope="col"') == 4


@pytest.mark.parametrize(("low", "high"), [(40_000, 400_000), (2, 9), (1, 1e9)])
def test_a_logarithmic_axis_has_several_ticks(low: float, high: float) -> None:
    ticks = Scale(low, high, 0, 1, True).ticks()
    assert 2 <= len(ticks) <= 10
    assert all(low <= tick <= high for tick in ticks)

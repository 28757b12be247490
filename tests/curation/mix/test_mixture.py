from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import RecipeError
from curation.mix.mixture import Mixture, Phase, demands, largest_remainder

AVAILABLE = {"books/de": 50, "books/en": 150, "web/en": 800}


def of(**options) -> Mixture:
    return Mixture.model_validate_json(json.dumps(options))


def wanted(**options) -> dict[str, dict[str, int]]:
    mixture = of(**options)
    return demands(mixture, AVAILABLE, dict.fromkeys(AVAILABLE, mixture.max_repeats))


@given(st.integers(0, 10**6), st.lists(st.floats(0, 1e6), min_size=1, max_size=9))
def test_largest_remainder_adds_up_and_stays_within_one(total: int, weights: list[float]) -> None:
    counts = largest_remainder(total, weights)
    if sum(weights):
        assert sum(counts) == total
        assert all(abs(n - total * w / sum(weights)) < 1 + 1e-9 * total for n, w in zip(counts, weights, strict=True))


def test_without_a_word_everything_is_taken_once() -> None:
    assert wanted() == {"all": AVAILABLE}


def test_weights_limit_the_whole_to_what_the_scarcest_group_allows() -> None:
    # 602 and not 600: a quarter of 802 is 200.5, and 200 is as near as 201.
    assert wanted(weights={"books/*": 1, "web/*": 3}) == {"all": {"books/de": 50, "books/en": 150, "web/en": 602}}


def test_repeats_allow_more_of_it() -> None:
    amounts = wanted(weights={"books/*": 1, "web/*": 2}, max_repeats=2)["all"]
    assert amounts == {"books/de": 100, "books/en": 300, "web/en": 801}


def test_temperature_brings_groups_closer() -> None:
    assert wanted(temperature=0.0, total=90)["all"] == {"books/de": 30, "books/en": 30, "web/en": 30}


def test_a_quota_is_met_to_the_document_and_the_rest_goes_by_weight() -> None:
    assert wanted(quotas={"books/*": 101}, total=500)["all"] == {"books/de": 25, "books/en": 76, "web/en": 399}


def test_a_quota_that_cannot_be_met_says_by_how_much() -> None:
    with pytest.raises(RecipeError, match=r"60 documents wanted, 1\.20 times the 50 there are.*10 less"):
        wanted(quotas={"books/de": 60}, total=500)


def test_a_quota_for_nobody_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean `books/de`"):
        wanted(quotas={"book/de": 6})


def test_quotas_beyond_the_whole_are_refused() -> None:
    with pytest.raises(RecipeError, match="at most 100, 50 less"):
        wanted(quotas={"web/en": 150}, total=100)


def test_a_group_without_a_weight_is_named() -> None:
    with pytest.raises(RecipeError, match="no weight for `web/en`"):
        wanted(weights={"books/*": 1})


def test_phases_follow_their_own_weights() -> None:
    phases = [{"name": "first", "share": 3}, {"name": "last", "share": 1, "weights": {"books/de": 1, "*": 0}}]
    amounts = wanted(phases=phases, total=160)
    assert amounts["last"] == {"books/de": 40, "books/en": 0, "web/en": 0}
    assert sum(amounts["first"].values()) == 120


def test_phases_together_keep_the_cap() -> None:
    phases = [{"name": "a", "share": 1}, {"name": "b", "share": 1, "weights": {"books/de": 1, "*": 0}}]
    with pytest.raises(RecipeError, match="books/de"):
        wanted(phases=phases, total=1000)
    amounts = wanted(phases=phases)
    assert amounts["a"]["books/de"] + amounts["b"]["books/de"] == 50


def test_quotas_of_a_later_phase_need_room_in_that_phase() -> None:
    phases = [
        {"name": "first", "share": 9, "weights": {"web/*": 1, "*": 0}},
        {"name": "last", "share": 1, "quotas": {"books/de": 50}},
    ]
    amounts = wanted(phases=phases)
    assert amounts["last"]["books/de"] == 50
    assert sum(amounts["last"].values()) == round(sum(amounts["first"].values()) / 9)


def test_quotas_for_everybody_are_met_in_any_number_of_phases() -> None:
    phases = [{"name": name, "share": 1} for name in ("a", "b", "c")]
    amounts = wanted(quotas={"books/*": 7, "web/*": 7}, phases=phases)
    assert sum(sum(each.values()) for each in amounts.values()) == 14
    assert sum(each["web/en"] for each in amounts.values()) == 7
    assert max(sum(each.values()) for each in amounts.values()) == 5


@pytest.mark.parametrize("options", [{"weights": {"*": 0}}, {"weights": {"*": 0}, "total": 10}])
def test_weights_that_take_nothing_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(RecipeError, match="weight above 0"):
        wanted(**options)


def test_two_phases_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two phases"):
        Mixture(phases=(Phase(name="a", share=1.0), Phase(name="a", share=1.0)))

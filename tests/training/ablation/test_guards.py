"""Each guard lets a sound comparison pass and refuses a flawed one."""

import pytest

from tests.training.ablation.studies import a_run, a_study
from training.ablation.guards import (
    Light,
    agreement_light,
    budget_light,
    leakage_light,
    lr_light,
    null_light,
    outlier_light,
    seeds_light,
    signal_light,
    spread_light,
    summary,
    tokenizer_light,
)
from training.ablation.results import HeldOutFacts, SetFacts
from training.ablation.statistics.estimates import Estimate
from training.ablation.statistics.metrics import Signal
from training.ablation.study import Budget

STUDY = a_study()
RUNS = [a_run("base", 0.01, seed, 2.5) for seed in range(3)]
OTHERS = [a_run("noise", 0.01, seed, 2.6) for seed in range(3)]
BETTER, WORSE = Estimate(value=-0.1), Estimate(value=0.1)


def _facts(overlaps: tuple[int, ...], dropped: int) -> HeldOutFacts:
    facts = SetFacts(documents=20, bytes=1, tokens=1, dropped=dropped, dropped_bytes=0, overlaps=overlaps)
    return HeldOutFacts(sets={"clean": facts})


@pytest.mark.parametrize(
    ("equal", "changes", "state"),
    [
        ("tokens", {}, "green"),
        ("tokens", {"tokens": 4030}, "red"),
        ("tokens", {"bytes": 10_200}, "amber"),
        ("bytes", {"bytes": 10_200}, "red"),
        ("both", {"bytes": 10_200}, "red"),
        ("both", {"bytes": 10_040, "tokens": 4010}, "green"),
    ],
)
def test_budgets_may_differ_by_half_a_percent(equal: str, changes: dict[str, int], state: str) -> None:
    study = a_study(budget=Budget(tokens=4000, equal=equal))  # type: ignore[arg-type]
    others = [run.model_copy(update=changes) for run in OTHERS]
    assert budget_light(study, RUNS, others).state == state


def test_different_tokenizers_are_refused() -> None:
    assert tokenizer_light([*RUNS, *OTHERS]).state == "green"
    assert tokenizer_light([*RUNS, a_run("noise", 0.01, 0, 2.6, tokenizer_hash="u")]).state == "red"


@pytest.mark.parametrize(("seeds", "state"), [(1, "red"), (2, "red"), (3, "green")])
def test_less_than_three_seeds_are_exploratory(seeds: int, state: str) -> None:
    light = seeds_light(RUNS, OTHERS[:seeds])
    assert light.state == state
    assert ("exploratory" in light.text) == (seeds < 3)


def test_overlap_that_was_dropped_is_no_leak() -> None:
    assert leakage_light(STUDY, _facts((17, 0, 0, 0, 0, 0, 0, 0, 1, 2), dropped=3)).state == "green"


def test_a_planted_leak_is_caught() -> None:
    light = leakage_light(STUDY, _facts((17, 0, 0, 0, 0, 0, 0, 0, 1, 2), dropped=1))
    assert light.state == "red"
    assert "2 of 20 in clean" in light.text


def test_a_measure_within_its_noise_is_refused() -> None:
    assert signal_light("bpb", Signal(ratio=9.0, chance=3.0, sd=0.01, df=12)).state == "green"
    assert signal_light("bpb", Signal(ratio=2.0, chance=3.0, sd=0.01, df=12)).state == "red"
    assert signal_light("bpb", Signal(ratio=None, chance=None, sd=None, df=0)).state == "red"


def test_an_order_that_flips_with_the_learning_rate_is_refused() -> None:
    assert lr_light(BETTER, {"0.003": BETTER}).state == "green"
    assert lr_light(BETTER, {"0.003": WORSE}).state == "red"
    assert lr_light(BETTER, {}).state == "amber"


def test_an_effect_that_turns_round_out_of_domain_is_refused() -> None:
    assert agreement_light(BETTER, BETTER, BETTER).state == "green"
    assert agreement_light(BETTER, WORSE, BETTER).state == "red"
    assert agreement_light(BETTER, BETTER, WORSE).state == "amber"
    assert agreement_light(BETTER, None, None).state == "amber"


def test_a_null_arm_that_moves_is_said() -> None:
    assert null_light({"null": Estimate(value=0.01)}, 0.02).state == "green"
    assert null_light({"null": Estimate(value=-0.03)}, 0.02).state == "amber"
    assert null_light({}, 0.02).state == "amber"


def test_an_arm_that_scatters_more_is_said() -> None:
    assert spread_light({}).state == "green"
    assert "noise 5.5 times" in spread_light({"noise": 5.5}).text


def test_leaked_documents_that_are_scored_apart_are_no_leak() -> None:
    facts = _facts((17, 0, 0, 0, 0, 0, 0, 0, 0, 0), dropped=0).sets["clean"]
    leaked = facts.model_copy(update={"overlaps": (0,) * 9 + (20,)})
    assert leakage_light(STUDY, HeldOutFacts(sets={"clean": facts, "leaked": leaked})).state == "green"


def test_an_outlier_is_kept_and_said_and_refused_where_the_effect_hangs_on_it() -> None:
    assert [outlier_light(["base seed 2"], holds).state for holds in (True, False)] == ["amber", "red"]
    assert outlier_light([], True).state == "green"


def test_the_summary_shows_the_worst_light_and_where_it_is() -> None:
    red, green = (Light(guard="seeds", state=state, text=state) for state in ("red", "green"))  # type: ignore[arg-type]
    assert summary([("a", green), ("b", red), ("c", red)], ()) == (
        Light(guard="seeds", state="red", text="red (b and 1 more)"),
    )

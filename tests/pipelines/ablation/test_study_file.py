"""A study file is checked whole before anything runs, and every mistake has its place and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import RecipeError
from pipelines.ablation.plan import planned
from pipelines.ablation.study_file import load_study, off_parts
from training.ablation.study import Study


def the_study(path: Path, *overrides: str) -> Study:
    return load_study(path, overrides)[0]


def test_leave_one_out_controls_and_doses_become_arms(study_path: Path) -> None:
    study = the_study(study_path)
    assert [arm.name for arm in study.arms] == [
        "full",
        "null",
        "no-short",
        "no-dedup",
        "random-short",
        "matched-short",
        "garbled-0.5",
        "exact_duplicates-0.25x4",
        "leak-0.1",
    ]
    assert off_parts(study, study.arm("random-short")) == ["rules.too_short"]
    assert study.arm("random-short").against == "no-short"


def test_a_factorial_has_every_combination_once(study_path: Path) -> None:
    study = the_study(study_path, "design=[factorial, ladder, leave_one_out]", "doses=[]", "controls=[]")
    assert sorted(tuple(arm.factors.values()) for arm in study.arms) == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]


def test_a_ladder_climbs_from_raw_to_full(study_path: Path) -> None:
    study = the_study(study_path, "design=[ladder]", "doses=[]", "controls=[]")
    assert [(arm.name, arm.against) for arm in study.arms] == [
        ("full", None),
        ("raw", "full"),
        ("up-to-short", "raw"),
    ]


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("factors.short=[rules.to_short]", r"factors\.short\[0\].*did you mean `rules\.too_short`"),
        ("doses.0.defect=garbeld", r"doses\[0\]\.defect.*did you mean `garbled`"),
        ("doses.0.copies=[4]", r"doses\[0\].*copies for duplicates only"),
        ("primary=[no-dedupe]", r"primary\[0\].*did you mean `no-dedup`"),
        ("held_out.ood=[book]", r"held_out\.ood\[0\].*did you mean `books`"),
        ("learner.size=tiyn", r"learner\.size.*did you mean `tiny`"),
        ("lrs=[0.01]", r"lrs.*rankings flip"),
        ("design=[leave_two_out]", "design"),
        ("sedes=3", "sedes.*did you mean `seeds`"),
    ],
)
def test_mistakes_are_named_with_place_and_nearest_name(study_path: Path, override: str, complaint: str) -> None:
    with pytest.raises(RecipeError, match=complaint):
        load_study(study_path, [override])


def test_the_plan_says_what_will_run_and_that_one_seed_is_exploratory(study_path: Path) -> None:
    lines = "\n".join(planned(the_study(study_path), 2, "cpu"))
    assert "18 of 2,560 tokens" in lines
    assert "exploratory" in lines
    assert "min" in lines


def test_studies_that_come_with_gristmill_are_valid() -> None:
    for name in ("study", "demo-study"):
        assert the_study(Path(name)).arms

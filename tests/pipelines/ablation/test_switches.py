"""Parts of a recipe switched off by name; what is left must hold together."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import RecipeError
from curation.recipe import Recipe
from curation.recipe_file import load_recipe
from pipelines.ablation.switches import parts_of, without
from pipelines.recipe_book import recipe_path


@pytest.fixture
def demo() -> Recipe:
    return load_recipe(Path(recipe_path("demo")))


def test_every_part_has_a_name(demo: Recipe) -> None:
    assert {"clean", "rules.not_english", "dedup.exact", "augment.word_noise", "sources.docs"} <= set(parts_of(demo))


def test_rules_of_gates_are_switched_like_others_and_an_empty_gate_goes(demo: Recipe) -> None:
    left = without(demo, ["rules.not_english"])
    assert "not_english" not in [rule.reason for rule in left.all_rules()]
    assert len(left.clean) == len(demo.clean) - 1


def test_a_whole_list_can_be_switched_off(demo: Recipe) -> None:
    assert without(demo, ["dedup", "augment"]).dedup == ()


def test_what_others_need_cannot_go_alone(demo: Recipe) -> None:
    with pytest.raises(RecipeError, match=r"with clean\.gopher_quality off.*gopher_quality\.words"):
        without(demo, ["clean.gopher_quality"])

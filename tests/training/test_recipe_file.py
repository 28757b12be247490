from __future__ import annotations

import pytest

from curation.errors import RecipeError
from training.recipe import TrainRecipe
from training.recipe_file import dump_recipe, parse_recipe

TEXT = """
name: small
data:
  - path: runs/demo
model:
  size: tiny
steps: 10
"""


def parse(text: str = TEXT, *overrides: str) -> TrainRecipe:
    return parse_recipe(TrainRecipe, text, "small.yaml", overrides)


def test_a_recipe_written_back_is_the_same() -> None:
    assert parse(dump_recipe(parse())) == parse()


def test_values_change_from_the_command_line() -> None:
    recipe = parse(TEXT, "optimizer.adamw.lr=0.01", "data.0.weight=2", "batch=16")
    assert (recipe.optimizer.adamw.lr, recipe.data[0].weight, recipe.batch) == (0.01, 2, 16)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("size: tiny", "sise: tiny"), "model.sise.*did you mean `size`"),
        (("path: runs/demo", "pathe: runs/demo"), "data.0.path"),
        (("steps: 10", "steps: 0"), "steps.*greater than 0"),
        (("steps: 10", "steps: 10\nsteps: 11"), "small.yaml:8.*twice"),
        (("size: tiny", "size: tiny\n  checkpoint: x"), "either `size` or `checkpoint`"),
        (("  size: tiny", "  size: [tiny"), "small.yaml:.*YAML"),
    ],
)
def test_mistakes_are_named_with_their_place(change: tuple[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse(TEXT.replace(*change))


def test_identity_covers_what_decides_the_weights_and_no_more() -> None:
    same = parse(TEXT, "machine.micro_batch=2", "log_every=3", "checkpoint.keep=9", "name=other")
    assert same.identity() == parse().identity()
    assert parse(TEXT, "seed=1").identity() != parse().identity()

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from curation.errors import RecipeError, ResourceError
from tests.training.processes import run_ranks
from tests.training.recipes import SMALL, small_recipe
from training.checkpoint import model_tensors
from training.distributed import Ranks, join
from training.model.config import named
from training.pretrain import open_loader
from training.recipe import TrainRecipe
from training.trainer import Trainer


def losses_and_weights(recipe: TrainRecipe, steps: int = 6) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Loss of each step over all processes, and the weights after them."""
    with join("cpu") as ranks:
        return trained(recipe, steps, ranks)


def trained(recipe: TrainRecipe, steps: int, ranks: Ranks) -> tuple[list[float], dict[str, torch.Tensor]]:
    loader = open_loader(recipe)
    config = named("tiny", vocab_size=loader.tokenizer.vocab_size, context=recipe.context, **recipe.model.changes)
    trainer = Trainer(recipe, config, ranks)
    losses = [float(ranks.sum(trainer.step(loader, step).loss)) for step in range(steps)]
    return losses, model_tensors(trainer.model)


def save_losses_and_weights(recipe: TrainRecipe, path: Path) -> None:
    found = losses_and_weights(recipe)
    if os.environ["RANK"] == "0":
        torch.save(found, path)


def assert_same(first, second) -> None:
    assert first[0] == pytest.approx(second[0], abs=1e-5)
    for name, tensor in first[1].items():
        torch.testing.assert_close(tensor, second[1][name], atol=2e-4, rtol=0)


def test_four_micro_batches_are_one_batch(stories_folder: Path) -> None:
    whole = losses_and_weights(small_recipe(stories_folder))
    parts = losses_and_weights(small_recipe(stories_folder, machine={"device": "cpu", "micro_batch": 2}))
    assert_same(whole, parts)


@pytest.mark.parametrize(("world", "parallel", "micro_batch"), [(2, "ddp", None), (3, "ddp", 2), (2, "fsdp", 2)])
def test_several_processes_are_one(
    stories_folder: Path, tmp_path: Path, world: int, parallel: str, micro_batch: int | None
) -> None:
    recipe = small_recipe(
        stories_folder, machine={"device": "cpu", "parallel": parallel, "micro_batch": micro_batch, "threads": 1}
    )
    run_ranks(world, save_losses_and_weights, recipe, tmp_path / "found.pt")
    assert_same(losses_and_weights(recipe), torch.load(tmp_path / "found.pt"))


def test_muon_moves_the_matrices_of_the_blocks(stories_folder: Path) -> None:
    recipe = small_recipe(stories_folder, optimizer={"muon": {"lr": 0.01}, "adamw": {"lr": 0.004}})
    losses, _ = losses_and_weights(recipe, 12)
    assert losses[-1] < losses[0] - 0.3


def test_dropout_is_a_function_of_the_step(stories_folder: Path) -> None:
    recipe = small_recipe(stories_folder, model={"size": "tiny", "changes": {**SMALL, "dropout": 0.2}})
    torch.manual_seed(1)
    first, _ = losses_and_weights(recipe, 2)
    torch.manual_seed(2)
    second, _ = losses_and_weights(recipe, 2)
    assert first == second
    assert first != losses_and_weights(small_recipe(stories_folder), 2)[0]


def test_a_reset_trainer_is_a_fresh_one(stories_folder: Path) -> None:
    recipe = small_recipe(stories_folder)
    with join("cpu") as ranks:
        loader = open_loader(recipe)
        config = named("tiny", vocab_size=loader.tokenizer.vocab_size, context=recipe.context, **recipe.model.changes)
        trainer = Trainer(recipe, config, ranks)
        first = [float(trainer.step(loader, step).loss) for step in range(3)]
        trainer.reset(None, recipe.seed)
        assert [float(trainer.step(loader, step).loss) for step in range(3)] == first


def test_too_little_memory_says_what_to_do(stories_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("training.model.decoder.Decoder.states", full)
    with pytest.raises(ResourceError, match="smaller machine"):
        losses_and_weights(small_recipe(stories_folder), 1)


def test_more_processes_than_windows_are_refused(stories_folder: Path) -> None:
    config = named("tiny", vocab_size=30, context=32)
    with pytest.raises(RecipeError, match="8 windows for 9 processes"):
        Trainer(small_recipe(stories_folder), config, Ranks(0, 9, torch.device("cpu")))


def test_a_step_moves_weights_as_far_as_the_schedule_says(stories_folder: Path) -> None:
    """AdamW's first step moves every weight that has a gradient by the learning rate; decay is off here."""
    moved = []
    for warmup in (1, 10):
        optimizer = {"adamw": {"lr": 0.01, "weight_decay": 0.0}}
        recipe = small_recipe(stories_folder, optimizer=optimizer, schedule={"warmup": warmup})
        (_, before), (_, after) = losses_and_weights(recipe, 0), losses_and_weights(recipe, 1)
        moved.append(float((after["norm.weight"] - before["norm.weight"]).abs().median()))
    assert moved == pytest.approx([0.01, 0.001], rel=0.01)

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from curation.errors import GristmillError, IntegrityError, RecipeError, ResourceError
from tests.training.processes import exit_codes, run_ranks
from tests.training.recipes import small_recipe
from tests.training.token_shards import ALPHABET, encode, write_stories, write_tokens
from training import checkpoint, pretrain
from training.data.tokens import TokenSplit, open_split
from training.recipe import TrainRecipe
from training.trainer import Trainer
from training.watch.log import read_log


def digest(root: Path) -> str:
    """sha256 of the weights and optimizer of the last checkpoint."""
    folder = checkpoint.checkpoints(root / "checkpoints")[-1]
    files = [folder / "model.safetensors", folder / "optimizer.safetensors"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def killed_at(recipe: TrainRecipe, root: Path, step: int) -> None:
    """Run in a process that is killed after it has computed a step; the log has it, no checkpoint does."""
    step_once = Trainer.step

    def step_and_die(self, loader, number):
        found = step_once(self, loader, number)
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    Trainer.step = step_and_die
    pretrain.pretrain(recipe, root, quiet=True)


@pytest.fixture(scope="module")
def uninterrupted(stories_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole")
    pretrain.pretrain(with_dropout(stories_folder), root, quiet=True)
    return root


def with_dropout(folder: Path) -> TrainRecipe:
    model = {**small_recipe(folder).model.model_dump(), "dropout": 0.1}
    return small_recipe(folder, model=model, optimizer={"muon": {}, "adamw": {"lr": 4e-3}})


def test_a_run_killed_at_random_steps_ends_with_the_same_bits(
    stories_folder: Path, tmp_path: Path, uninterrupted: Path
) -> None:
    recipe = with_dropout(stories_folder)
    for step in sorted(np.random.default_rng(7).choice(np.arange(12), 3, replace=False).tolist()):
        assert exit_codes(1, killed_at, recipe, tmp_path, step) == [-signal.SIGKILL]
    pretrain.pretrain(recipe, tmp_path, quiet=True)
    assert digest(tmp_path) == digest(uninterrupted)
    model = "model/model.safetensors"
    assert (tmp_path / model).read_bytes() == (uninterrupted / model).read_bytes()


def test_a_resumed_log_names_every_step_once(stories_folder: Path, tmp_path: Path) -> None:
    recipe = small_recipe(stories_folder, log_every=1)
    exit_codes(1, killed_at, recipe, tmp_path, 6)
    pretrain.pretrain(recipe, tmp_path, quiet=True)
    steps = [entry["step"] for entry in read_log(tmp_path / "log.jsonl") if entry["kind"] == "step"]
    assert steps == list(range(1, 13))


def record_windows(recipe: TrainRecipe, root: Path, steps: int) -> None:
    """Train to a step and write which windows each rank took, then stop without an end."""
    taken: list[list[int]] = []
    step_once = Trainer.step

    def step_and_tell(self, loader, number):
        if number == steps:
            self.ranks.wait()
            rank, _world = self.ranks.rank, self.ranks.world
            (root / f"windows-{number}-{rank}.json").write_text(json.dumps(taken))
            self.ranks.wait()
            os._exit(0)
        taken.append(loader.batch(number, self.ranks.rank, self.ranks.world).windows.tolist())
        return step_once(self, loader, number)

    Trainer.step = step_and_tell
    pretrain.pretrain(recipe, root, quiet=True)


def test_growing_from_one_to_two_to_four_processes_loses_and_repeats_nothing(
    stories_folder: Path, tmp_path: Path
) -> None:
    recipe = small_recipe(stories_folder, steps=16, checkpoint={"every": 4}, batch=8)
    for world, steps in ((1, 4), (2, 8), (4, 12)):
        run_ranks(world, record_windows, recipe, tmp_path, steps)
    parts = [json.loads(path.read_text()) for path in tmp_path.glob("windows-*.json")]
    assert len(parts) == 7
    seen = Counter(window for part in parts for step in part for window in step)
    loader = pretrain.open_loader(recipe)
    expected = Counter(window for step in range(12) for window in loader.batch(step).windows.tolist())
    assert seen == expected


def test_sharded_weights_go_on_with_other_processes(stories_folder: Path, tmp_path: Path) -> None:
    sharded = small_recipe(stories_folder, machine={"device": "cpu", "threads": 1, "parallel": "fsdp"})
    run_ranks(2, record_windows, sharded, tmp_path / "sharded", 6)
    run_ranks(4, pretrain_quietly, sharded, tmp_path / "sharded")
    pretrain.pretrain(small_recipe(stories_folder), tmp_path / "one", quiet=True)
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("sharded", "one")]
    losses = [[entry["loss"] for entry in log if entry["kind"] == "step"] for log in logs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_two_processes_train_the_model_of_one(stories_folder: Path, tmp_path: Path) -> None:
    recipe = small_recipe(stories_folder)
    pretrain.pretrain(recipe, tmp_path / "one", quiet=True)
    run_ranks(2, pretrain_quietly, recipe, tmp_path / "two")
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("one", "two")]
    losses = [[entry["loss"] for entry in log if entry["kind"] == "step"] for log in logs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def pretrain_quietly(recipe: TrainRecipe, root: Path) -> None:
    pretrain.pretrain(recipe, root, quiet=True)


@pytest.mark.parametrize("shape", ["tiny", "gpt2-tiny"])
def test_it_learns_more_than_unigrams_and_bigrams(tmp_path: Path, shape: str) -> None:
    folder = write_stories(tmp_path / "tokens", train=1000)
    recipe = small_recipe(
        folder,
        model={"size": shape},
        context=64,
        batch=16,
        steps=120,
        optimizer={"adamw": {"lr": 4e-3}},
        schedule={"warmup": 20},
        evaluate={"every": None},
        checkpoint={"every": None},
    )
    found = pretrain.pretrain(recipe, tmp_path / "run", quiet=True)
    train, held = open_split(folder, "train"), open_split(folder, "validation")
    unigram, bigram = ngram_bits_per_byte(train, held)
    assert found.bits_per_byte is not None
    assert found.bits_per_byte < 0.8 * bigram < 0.8 * unigram


def ngram_bits_per_byte(train: TokenSplit, held: TokenSplit) -> tuple[float, float]:
    """Add-one smoothed unigrams and bigrams of tokens, fitted on train and scored on held-out text."""
    vocabulary = train.tokenizer.vocab_size
    stream, test = (np.concatenate([[0], split.read(np.array([0]), split.tokens)[0]]) for split in (train, held))
    pairs = np.ones((vocabulary, vocabulary))
    np.add.at(pairs, (stream[:-1], stream[1:]), 1)
    singles = np.bincount(stream[1:], minlength=vocabulary) + 1
    unigram = -np.log2(singles[test[1:]] / singles.sum()).sum()
    bigram = -np.log2(pairs[test[:-1], test[1:]] / pairs[test[:-1]].sum(1)).sum()
    return unigram / held.bytes, bigram / held.bytes


def test_a_branch_goes_on_from_another_run(stories_folder: Path, tmp_path: Path) -> None:
    trunk = small_recipe(stories_folder, schedule={"kind": "constant", "warmup": 2})
    pretrain.pretrain(trunk, tmp_path / "trunk", quiet=True)
    folder = tmp_path / "trunk" / "checkpoints" / "step-00000008"
    branch = small_recipe(stories_folder, steps=10, branch_from=str(folder))
    pretrain.pretrain(branch, tmp_path / "branch", quiet=True)
    steps = [entry["step"] for entry in read_log(tmp_path / "branch" / "log.jsonl") if entry["kind"] == "step"]
    assert steps == [10]


def test_a_branch_of_another_batch_is_refused(stories_folder: Path, tmp_path: Path) -> None:
    pretrain.pretrain(small_recipe(stories_folder), tmp_path / "trunk", quiet=True)
    folder = tmp_path / "trunk" / "checkpoints" / "step-00000008"
    branch = small_recipe(stories_folder, batch=4, branch_from=str(folder))
    with pytest.raises(RecipeError, match="another batch"):
        pretrain.pretrain(branch, tmp_path / "branch", quiet=True)


def test_training_goes_on_from_an_exported_model(stories_folder: Path, tmp_path: Path) -> None:
    first = pretrain.pretrain(small_recipe(stories_folder, steps=40), tmp_path / "first", quiet=True)
    model = {"checkpoint": str(tmp_path / "first" / "model")}
    second = pretrain.pretrain(small_recipe(stories_folder, model=model, steps=1), tmp_path / "second", quiet=True)
    assert second.bits_per_byte == pytest.approx(first.bits_per_byte, rel=0.1)


def test_a_checkpoint_with_another_vocabulary_is_refused(stories_folder: Path, tmp_path: Path) -> None:
    pretrain.pretrain(small_recipe(stories_folder, steps=1), tmp_path / "first", quiet=True)
    path = tmp_path / "first" / "model" / "tokenizer.json"
    path.write_text(path.read_text().replace('"z": 27', '"Z": 27'))
    model = {"checkpoint": str(tmp_path / "first" / "model")}
    with pytest.raises(IntegrityError, match="another vocabulary"):
        pretrain.pretrain(small_recipe(stories_folder, model=model), tmp_path / "second", quiet=True)


def test_another_recipe_in_the_same_folder_is_refused(stories_folder: Path, tmp_path: Path) -> None:
    pretrain.pretrain(small_recipe(stories_folder, steps=1), tmp_path, quiet=True)
    with pytest.raises(RecipeError, match="another seed"):
        pretrain.pretrain(small_recipe(stories_folder, steps=1, seed=1), tmp_path, quiet=True)


def test_a_finished_run_is_left_as_it_is(stories_folder: Path, tmp_path: Path) -> None:
    pretrain.pretrain(small_recipe(stories_folder), tmp_path, quiet=True)
    before = digest(tmp_path)
    pretrain.pretrain(small_recipe(stories_folder), tmp_path, quiet=True)
    assert digest(tmp_path) == before


def test_a_loss_of_nan_stops_the_run_and_leaves_the_last_good_checkpoint(
    stories_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step_once = Trainer.step

    def step_to_nan(self, loader, number):
        if number == 9:
            next(self.model.parameters()).data.fill_(torch.nan)
        return step_once(self, loader, number)

    monkeypatch.setattr(Trainer, "step", step_to_nan)
    with pytest.raises(GristmillError, match="step 12: found a loss of nan"):
        pretrain.pretrain(small_recipe(stories_folder), tmp_path, quiet=True)
    _folder, state = checkpoint.latest(tmp_path / "checkpoints")
    assert state.step == 8


def test_a_full_disk_leaves_the_last_good_checkpoint(
    stories_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors import SafetensorError

    write = checkpoint.save_file

    def full_at_eight(tensors, path):
        if "step-00000008" in str(path):
            raise SafetensorError("I/O error: No space left on device (os error 28)")
        write(tensors, path)

    monkeypatch.setattr(checkpoint, "save_file", full_at_eight)
    with pytest.raises(ResourceError, match="a full disk"):
        pretrain.pretrain(small_recipe(stories_folder), tmp_path, quiet=True)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000004"]


def killed_while_saving(recipe: TrainRecipe, root: Path, step: int) -> None:
    """Run in a process that is killed between the two files of a checkpoint."""
    write = checkpoint.save_file

    def write_and_die(tensors, path):
        if f"step-{step:08d}" in str(path) and path.name == "optimizer.safetensors":
            os.kill(os.getpid(), signal.SIGKILL)
        write(tensors, path)

    checkpoint.save_file = write_and_die
    pretrain.pretrain(recipe, root, quiet=True)


def test_a_run_killed_while_saving_goes_on_from_the_checkpoint_before(
    stories_folder: Path, tmp_path: Path, uninterrupted: Path
) -> None:
    recipe = with_dropout(stories_folder)
    assert exit_codes(1, killed_while_saving, recipe, tmp_path, 8) == [-signal.SIGKILL]
    pretrain.pretrain(recipe, tmp_path, quiet=True)
    assert digest(tmp_path) == digest(uninterrupted)
    assert not list(tmp_path.rglob(".tmp-*"))


def test_a_disk_that_fills_up_outside_of_a_checkpoint_is_named_too(
    stories_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pretrain, "export", full)
    with pytest.raises(ResourceError, match="a full disk"):
        pretrain.pretrain(small_recipe(stories_folder, steps=2), tmp_path, quiet=True)


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "state.json"])
def test_a_checkpoint_cut_short_is_named_and_the_one_before_is_used(
    stories_folder: Path, tmp_path: Path, uninterrupted: Path, caplog: pytest.LogCaptureFixture, file: str
) -> None:
    recipe = with_dropout(stories_folder)
    exit_codes(1, killed_at, recipe, tmp_path, 9)
    path = tmp_path / "checkpoints" / "step-00000008" / file
    path.write_bytes(path.read_bytes()[:-100])
    pretrain.pretrain(recipe, tmp_path, quiet=True)
    assert "checkpoint step-00000008" in caplog.text
    assert digest(tmp_path) == digest(uninterrupted)


def test_validation_of_another_tokenizer_is_refused(stories_folder: Path, tmp_path: Path) -> None:
    other = write_tokens(tmp_path / "other", {"validation": [[encode("a")]]}, vocab_size=len(ALPHABET))
    recipe = small_recipe(stories_folder, validation=[{"path": str(other), "split": "validation"}])
    with pytest.raises(IntegrityError, match="tokenizer"):
        pretrain.pretrain(recipe, tmp_path / "run", quiet=True)


def test_a_second_run_in_the_same_folder_waits_its_turn(stories_folder: Path, tmp_path: Path) -> None:
    from training.run_directory import RunDirectory

    with RunDirectory(tmp_path).locked(), pytest.raises(ResourceError, match="another run"):
        pretrain.pretrain(small_recipe(stories_folder), tmp_path, quiet=True)

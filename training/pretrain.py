"""Pretraining from a recipe to an exported model, resuming by itself.

A run that is killed and started again goes on from the last whole checkpoint and ends with the same weights: the data
of a step are a function of the step, and so is its randomness. On a CPU the bits are the same; on a GPU they are with
`machine.deterministic`, as far as its kernels are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from curation.errors import GristmillError, IntegrityError, RecipeError
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest
from training import checkpoint
from training.data.loader import Loader, Mixed
from training.data.plan import open_planned
from training.data.tokens import TokenFacts, TokenSplit, open_split
from training.distributed import Ranks, join
from training.model.config import ModelConfig, named
from training.model.interchange import export, from_transformers
from training.model.vocabulary import vocabulary_digest
from training.recipe import Source, TrainRecipe
from training.recipe_file import dump_recipe
from training.run_directory import RunDirectory
from training.trainer import StepResult, Trainer
from training.watch.devices import device_name, matrix_roof, peak_flops
from training.watch.log import Log, read_log
from training.watch.meter import Meter, memory_bytes
from training.watch.page import write_page

__all__ = ["Outcome", "pretrain"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended, by its log. `bits_per_byte` is that of the validation splits together, None without any.

    `first` is true in one process only: the one that speaks for all.
    """

    root: Path
    steps: int
    loss: float
    bits_per_byte: float | None
    first: bool


def pretrain(recipe: TrainRecipe, root: Path, *, quiet: bool = False) -> Outcome:
    """Train to the end of the recipe, or what is left to do of it."""
    with join(recipe.machine.device) as ranks:
        return _Run(recipe, RunDirectory(root), ranks, quiet).whole()


def open_loader(recipe: TrainRecipe) -> Loader:
    """The loader of a recipe. Raises where data are missing, damaged, or would be repeated too often."""
    mixture = [_mixed(source) for source in recipe.data]
    loader = Loader(mixture, length=recipe.context, batch=recipe.batch, seed=recipe.seed)
    loader.check_epochs(recipe.steps)
    return loader


def open_validation(recipe: TrainRecipe, loader: Loader) -> list[TokenSplit]:
    """Held-out splits; those named `validation` beside the data when the recipe names none."""
    if recipe.validation is not None:
        splits = [open_split(Path(source.path), source.split) for source in recipe.validation]
    else:
        beside = dict.fromkeys(part.split.root for part in loader.mixture)
        splits = [open_split(root, "validation") for root in beside if _has_validation(root)]
    for split in splits:
        if split.tokenizer.sha256 != loader.tokenizer.sha256:
            found, expected = f"tokenizer `{split.tokenizer.name}`", f"`{loader.tokenizer.name}` as in data"
            raise IntegrityError(f"validation {split.root}", found, expected, "tokenise it with the same tokenizer")
    return splits


def _mixed(source: Source) -> Mixed:
    return Mixed(open_planned(Path(source.path), source.split), source.weight, source.max_epochs)


def _has_validation(root: Path) -> bool:
    facts = TokenFacts.model_validate(Manifest.read(root / MANIFEST).facts)
    return "validation" in facts.splits and facts.splits["validation"].documents > 0


def _model_of(recipe: TrainRecipe, loader: Loader) -> tuple[ModelConfig, dict[str, torch.Tensor] | None]:
    """Configuration, and weights when the recipe starts from a checkpoint."""
    choice, vocabulary = recipe.model, loader.tokenizer.vocab_size
    if choice.size is not None:
        changes = {"dropout": choice.dropout, **choice.changes}
        return named(choice.size, vocab_size=vocabulary, context=recipe.context, **changes), None
    assert choice.checkpoint is not None
    weights, config = from_transformers(choice.checkpoint, context=None, dropout=choice.dropout)
    if config.vocab_size < vocabulary or config.context < recipe.context:
        found = f"a vocabulary of {config.vocab_size} and a context of {config.context}"
        expected = f"at least {vocabulary} and {recipe.context}"
        raise RecipeError("model.checkpoint", found, expected, "tokenise with the checkpoint's tokenizer")
    _check_same_tokenizer(Path(choice.checkpoint), loader)
    return config, weights


def _check_same_tokenizer(folder: Path, loader: Loader) -> None:
    """A local checkpoint's vocabulary must be the one the tokens were made with. Files may differ in formatting."""
    ours = loader.mixture[0].split.tokenizer_folder
    if (folder / "tokenizer.json").is_file() and vocabulary_digest(folder) != vocabulary_digest(ours):
        expected = f"the vocabulary of `{loader.tokenizer.name}`, which made the tokens"
        raise IntegrityError(str(folder), "another vocabulary", expected, "tokenise with the checkpoint's tokenizer")


class _Run:
    def __init__(self, recipe: TrainRecipe, run: RunDirectory, ranks: Ranks, quiet: bool) -> None:
        self.recipe, self.run, self.ranks, self.quiet = recipe, run, ranks, quiet
        self.loader = open_loader(recipe)
        self.validation = open_validation(recipe, self.loader)
        self.config, self.initial = _model_of(recipe, self.loader)
        self.identity = {
            **recipe.identity(),
            "data": self.loader.fingerprint,
            "tokenizer": self.loader.tokenizer.sha256,
            "shape": self.config.model_dump(mode="json"),
        }

    def whole(self) -> Outcome:
        if not self.ranks.first:
            return self._train()
        with self.run.locked():
            self.run.claim(self.recipe, self.identity, dump_recipe(self.recipe))
            return self._train()

    def _train(self) -> Outcome:
        self.ranks.wait()
        self.trainer = Trainer(self.recipe, self.config, self.ranks)
        start = self._begin()
        self.log = self._open_log(start)
        self.meter = self._open_meter(start)
        for step in range(start, self.recipe.steps):
            result = self.trainer.step(self.loader, step)
            self.meter.count(self.recipe.tokens_per_step)
            self._after(step + 1, result)
        return self._finish()

    def _begin(self) -> int:
        """Put weights in place; returns how many steps are finished."""
        found = self.ranks.agree(checkpoint.latest(self.run.checkpoints) if self.ranks.first else None)
        if found is None and self.recipe.branch_from is not None:
            found = self._branch(Path(self.recipe.branch_from))
        if found is not None:
            folder, state = found
            self._check_state(folder, state)
            # The first process has just compared the checksums.
            checkpoint.restore(folder, state, self.trainer.model, self.trainer.optimizers, sums=False)
            return int(state.step)
        if self.initial is not None:
            self.trainer.reset(self.initial, self.recipe.seed)
        return 0

    def _branch(self, folder: Path) -> tuple[Path, checkpoint.State]:
        """A checkpoint of another run that differs in length and schedule only."""
        state = checkpoint.read_state(folder)
        trunk = self.recipe.trunk()
        changed = [key for key in trunk if _differ(state.identity.get(key), trunk[key])]
        if changed or state.step >= self.recipe.steps:
            found = (
                f"another {', '.join(changed)}" if changed else f"{state.step} finished steps of {self.recipe.steps}"
            )
            expected, do = "a run that differs in steps and schedule only", "change the recipe or the checkpoint"
            raise RecipeError(f"branch_from {folder}", found, expected, do)
        return folder, state

    def _check_state(self, folder: Path, state: checkpoint.State) -> None:
        where, do = f"checkpoint {folder.name}", "resume with the data it was trained on, or choose another folder"
        if state.tokenizer != self.loader.tokenizer.sha256:
            expected = f"{self.loader.tokenizer.sha256[:12]}… of the data"
            raise IntegrityError(where, f"tokenizer {state.tokenizer[:12]}…", expected, do)
        if state.data != self.loader.fingerprint:
            expected = f"{self.loader.fingerprint[:12]}…"
            raise IntegrityError(where, f"data {state.data[:12]}…", expected, do)

    def _open_log(self, start: int) -> Log | None:
        if not self.ranks.first:
            return None
        board = self.recipe.machine.tensorboard
        return Log(self.run.log, steps=self.recipe.steps, resume_at=start, quiet=self.quiet, board=board)

    def _open_meter(self, start: int) -> Meter:
        device, world = self.ranks.device, self.ranks.world
        peak, roof = peak_flops(device_name(device)), matrix_roof(device)
        flops = self.trainer.flops_per_token()
        if self.log is not None:
            self.log.write(
                "start",
                start,
                device=device_name(device),
                processes=world,
                parameters=sum(p.numel() for p in self.trainer.model.parameters()),
                flops_per_token=flops,
                peak_flops=peak,
                matrix_roof_flops=round(roof),
                epochs=[round(epochs, 4) for epochs in self.loader.epochs(self.recipe.steps)],
                bytes_per_token=self.loader.bytes_per_token(),
                **_versions(),
            )
        return Meter(flops, peak=None if peak is None else peak * world, roof=roof * world)

    def _after(self, done: int, result: StepResult) -> None:
        """Log, evaluate and save when their time has come."""
        last = done == self.recipe.steps
        saves = last or _due(done, self.recipe.checkpoint.every)
        evaluates = bool(self.validation) and (last or saves or _due(done, self.recipe.evaluate.every))
        if saves or evaluates or done == 1 or _due(done, self.recipe.log_every):
            self._report(done, result)
        metric = self._evaluate(done) if evaluates else None
        if saves:
            self._save(done, metric)
        if saves or evaluates:
            self.meter.start()

    def _report(self, done: int, result: StepResult) -> None:
        loss, norm = float(self.ranks.sum(result.loss.clone())), float(result.norm)
        if not math.isfinite(loss) or not math.isfinite(norm):
            self._write("failure", done, loss=str(loss), gradient_norm=str(norm))
            found, expected = f"a loss of {loss} and a gradient norm of {norm}", "finite numbers"
            do = "lower the learning rate or lengthen the warm-up; the last checkpoint is whole"
            raise GristmillError(f"step {done}", found, expected, do)
        rates = self.meter.lap()
        self._write(
            "step",
            done,
            tokens=done * self.recipe.tokens_per_step,
            loss=loss,
            gradient_norm=norm,
            lr=result.lr,
            tokens_per_second=round(rates.tokens_per_second, 1),
            mfu=rates.mfu,
            of_roof=rates.of_roof,
            memory_bytes=memory_bytes(self.ranks.device),
        )

    def _evaluate(self, done: int) -> float:
        """Bits per byte of all held-out splits together."""
        limit = self.recipe.evaluate.tokens
        nats = size = 0.0
        for split in self.validation:
            found = self.trainer.evaluate(split, self.recipe.context, limit)
            nats, size = nats + float(found.nats.sum()), size + float(found.bytes.sum())
            name = f"{split.root.parent.name}/{split.name}"
            self._write("evaluation", done, split=name, bits_per_byte=found.bits_per_byte, loss=found.loss)
        return nats / math.log(2) / size

    def _save(self, done: int, metric: float | None) -> None:
        state = checkpoint.State(
            step=done,
            tokens=done * self.recipe.tokens_per_step,
            identity=self.recipe.identity(),
            data=self.loader.fingerprint,
            tokenizer=self.loader.tokenizer.sha256,
            world=self.ranks.world,
            randomness={"seed": self.recipe.seed, "rule": "xxh3_64(step, seed, step number, rank) before each step"},
            versions=_versions(),
            model=self.config.model_dump(mode="json"),
            metric=metric,
        )
        checkpoint.save(self.run.checkpoints, self.trainer.model, self.trainer.optimizers, state, self.ranks)
        if self.ranks.first:
            checkpoint.prune(self.run.checkpoints, self.recipe.checkpoint.keep)
        self._write("checkpoint", done, bits_per_byte=metric)

    def _finish(self) -> Outcome:
        tensors = checkpoint.model_tensors(self.trainer.model)
        if self.ranks.first:
            split = self.loader.mixture[0].split
            export(tensors, self.config, split.tokenizer_folder, split.tokenizer.eos_id, self.run.model)
            assert self.log is not None
            self.log.close()
            write_page(self.run.log, self.run.page, self.recipe.name)
        self.ranks.wait()
        return self._outcome()

    def _outcome(self) -> Outcome:
        if not self.ranks.first:
            return Outcome(self.run.root, self.recipe.steps, math.nan, None, first=False)
        log = read_log(self.run.log)
        loss = [entry["loss"] for entry in log if entry["kind"] == "step"][-1]
        last = [entry for entry in log if entry["kind"] == "checkpoint"][-1]
        return Outcome(self.run.root, self.recipe.steps, loss, last.get("bits_per_byte"), first=True)

    def _write(self, kind: str, step: int, **values: Any) -> None:
        if self.log is not None:
            self.log.write(kind, step, **values)


def _differ(left: Any, right: Any) -> bool:
    return digest_of(left) != digest_of(right)


def _due(done: int, every: int | None) -> bool:
    return every is not None and done % every == 0


def _versions() -> dict[str, str]:
    import platform

    return {"torch": torch.__version__, "python": platform.python_version()}

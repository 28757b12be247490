"""Fine-tuning from a recipe to an exported model and a table of scores, resuming by itself.

The loss of a step is the sum over all its targets divided by their number, over micro-batches and processes alike.
Early stopping reads the log, so it decides the same after a resume. The test split is scored once, with the best
weights.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from curation.errors import GristmillError
from curation.files import digest_of, write_json
from training import checkpoint
from training.data.mixture import Mixture
from training.distributed import Ranks, join
from training.finetuning.encoding import Encoded, Encoder, collate, summed_loss, targets
from training.finetuning.examples import Example, Examples, read_examples
from training.finetuning.metrics import score
from training.finetuning.models import export_model, load_model_and_tokenizer
from training.finetuning.recipe import FinetuneRecipe
from training.model.vocabulary import vocabulary_digest
from training.optimizer import build_optimizers, set_learning_rate
from training.recipe import Optimizer
from training.recipe_file import dump_recipe
from training.run_directory import RunDirectory
from training.schedule import learning_rate_factor
from training.trainer import memory_explained
from training.watch.log import Log, read_log
from training.watch.page import write_page

__all__ = ["Scores", "finetune"]

Scores = dict[str, dict[str, float]]


def finetune(recipe: FinetuneRecipe, root: Path, *, quiet: bool = False) -> Scores:
    """Train to the end or until it stops by itself; returns the scores on the test splits by task."""
    with join(recipe.machine.device) as ranks:
        return _Run(recipe, RunDirectory(root), ranks, quiet).whole()


class _Run:
    def __init__(self, recipe: FinetuneRecipe, run: RunDirectory, ranks: Ranks, quiet: bool) -> None:
        self.recipe, self.run, self.ranks, self.quiet = recipe, run, ranks, quiet
        if recipe.machine.threads is not None:
            torch.set_num_threads(recipe.machine.threads)
        self.examples = [read_examples(recipe, task) for task in recipe.tasks]
        labels = self.examples[0].labels()
        model, self.tokenizer = load_model_and_tokenizer(recipe, labels)
        self.model = model.to(ranks.device)
        self.seq2seq = bool(model.config.is_encoder_decoder)
        self.encoders = [
            Encoder(self.tokenizer, task.kind, recipe.length, seq2seq=self.seq2seq, labels=labels)
            for task in recipe.tasks
        ]
        self.optimizers = build_optimizers(self.model, Optimizer(adamw=recipe.optimizer, clip=recipe.clip))
        self._plan()

    def _plan(self) -> None:
        sizes = [len(found.splits["train"]) for found in self.examples]
        weights = [
            task.weight or size ** (1 / self.recipe.temperature)
            for task, size in zip(self.recipe.tasks, sizes, strict=True)
        ]
        self.mixture = Mixture(sizes, weights, [task.name for task in self.recipe.tasks], self.recipe.seed)
        self.steps = math.ceil(sum(sizes) * self.recipe.epochs / self.recipe.batch)
        self.every = self.recipe.stopping.every or max(1, math.ceil(sum(sizes) / self.recipe.batch))
        self.data = digest_of([found.fingerprint for found in self.examples])
        self.vocabulary = vocabulary_digest(self.tokenizer)
        self.encoded = [
            [encoder.encode(example) for example in found.splits["train"]]
            for encoder, found in zip(self.encoders, self.examples, strict=True)
        ]

    def whole(self) -> Scores:
        if not self.ranks.first:
            return self._train()
        with self.run.locked():
            identity = {**self.recipe.identity(), "data": self.data, "vocabulary": self.vocabulary}
            self.run.claim(self.recipe, identity, dump_recipe(self.recipe))
            ids = {
                found.task.name: {split: [each.id for each in rows] for split, rows in found.splits.items()}
                for found in self.examples
            }
            write_json(self.run.root / "splits.json", ids)
            return self._train()

    def _train(self) -> Scores:
        self.ranks.wait()
        start = self._resume()
        self.log = Log(self.run.log, steps=self.steps, resume_at=start, quiet=self.quiet) if self.ranks.first else None
        for step in range(start, self.steps):
            if self._stops():
                break
            loss = self._step(step)
            self._after(step + 1, loss)
        return self._finish()

    def _resume(self) -> int:
        found = self.ranks.agree(checkpoint.latest(self.run.checkpoints) if self.ranks.first else None)
        if found is None:
            return 0
        folder, state = found
        checkpoint.restore(folder, state, self.model, self.optimizers, sums=False)
        return int(state.step)

    def _step(self, number: int) -> float:
        """Loss per target of a step, after its update."""
        torch.manual_seed(checkpoint.step_seed(self.recipe.seed, number, self.ranks.rank))
        self.model.train()
        batches = list(self._batches(number))
        kind = self.recipe.tasks[0].kind
        counted = sum(targets(batch, kind, seq2seq=self.seq2seq) for batch in batches)
        total = self.ranks.sum(torch.tensor(float(counted), device=self.ranks.device))
        loss = torch.zeros((), device=self.ranks.device)
        with memory_explained(self.recipe.batch, self.recipe.length, self.recipe.machine.micro_batch, self.ranks):
            for batch in batches:
                with self._precision():
                    part = self._loss(batch)
                (part / total).backward()
                loss += part.detach()
        self._update(number)
        return float(self.ranks.sum(loss) / total)

    def _update(self, number: int) -> None:
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        if self.ranks.world > 1:
            for parameter in parameters:
                # A process without an example of some part still takes its place in the sum.
                parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                dist.all_reduce(parameter.grad)
        nn.utils.clip_grad_norm_(parameters, self.recipe.clip or float("inf"))
        set_learning_rate(self.optimizers, learning_rate_factor(self.recipe.schedule, number, self.steps))
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def _batches(self, number: int) -> Iterator[dict[str, Tensor]]:
        """This process's examples of a step, in micro-batches on the device."""
        tasks, places = self.mixture.samples(number * self.recipe.batch, self.recipe.batch)
        mine = [self.encoded[task][place] for task, place in zip(tasks.tolist(), places.tolist(), strict=True)]
        mine = mine[self.ranks.rank :: self.ranks.world]
        size = self.recipe.machine.micro_batch or self.recipe.batch
        for begin in range(0, len(mine), size):
            yield self._collated(mine[begin : begin + size])

    def _collated(self, rows: list[Encoded]) -> dict[str, Tensor]:
        batch = collate(rows, self.tokenizer.pad_token_id)
        return {key: value.to(self.ranks.device) for key, value in batch.items()}

    def _loss(self, batch: dict[str, Tensor]) -> Tensor:
        return summed_loss(self.model, batch, self.recipe.tasks[0].kind, seq2seq=self.seq2seq)

    def _precision(self) -> Any:
        chosen, cuda = self.recipe.machine.precision, self.ranks.device.type == "cuda"
        if chosen == "bf16" or (chosen == "auto" and cuda and torch.cuda.is_bf16_supported()):
            return torch.autocast(self.ranks.device.type, torch.bfloat16)
        return contextlib.nullcontext()

    def _after(self, done: int, loss: float) -> None:
        if not math.isfinite(loss):
            do = "lower the learning rate; the last checkpoint is whole"
            raise GristmillError(f"step {done}", f"a loss of {loss}", "a finite number", do)
        evaluates = done == self.steps or done % self.every == 0
        if evaluates or done == 1 or done % self.recipe.log_every == 0:
            factor = learning_rate_factor(self.recipe.schedule, done - 1, self.steps)
            self._write("step", done, loss=loss, lr=factor * self.recipe.optimizer.lr)
        if evaluates:
            self._save(done, self._validate(done))

    def _validate(self, done: int) -> float:
        """Mean validation loss over tasks, and each task's own."""
        losses = []
        for number, found in enumerate(self.examples):
            losses.append(self._held_out_loss(number, found.splits["validation"]))
            self._write("evaluation", done, split=found.task.name, loss=losses[-1])
        mean = sum(losses) / len(losses)
        self._write("validation", done, loss=mean)
        return mean

    @torch.no_grad()
    def _held_out_loss(self, number: int, examples: list[Example]) -> float:
        self.model.eval()
        kind, size = self.recipe.tasks[0].kind, self.recipe.machine.micro_batch or self.recipe.batch
        rows = [self.encoders[number].encode(example) for example in examples]
        total, counted = 0.0, 0
        for begin in range(0, len(rows), size):
            batch = self._collated(rows[begin : begin + size])
            with self._precision():
                total += float(self._loss(batch))
            counted += targets(batch, kind, seq2seq=self.seq2seq)
        return total / counted

    def _save(self, done: int, metric: float) -> None:
        state = checkpoint.State(
            step=done,
            tokens=0,
            identity=self.recipe.identity(),
            data=self.data,
            tokenizer=self.vocabulary,
            world=self.ranks.world,
            randomness={"seed": self.recipe.seed, "rule": "xxh3_64(step, seed, step number, rank) before each step"},
            versions={"torch": torch.__version__},
            metric=metric,
        )
        checkpoint.save(self.run.checkpoints, self.model, self.optimizers, state, self.ranks)
        if self.ranks.first:
            checkpoint.prune(self.run.checkpoints, self.recipe.keep)
        self._write("checkpoint", done, loss=metric)

    def _stops(self) -> bool:
        """Whether the last `patience` validations brought nothing."""
        patience, delta = self.recipe.stopping.patience, self.recipe.stopping.delta
        stops = False
        if self.ranks.first and patience is not None:
            losses = [entry["loss"] for entry in read_log(self.run.log) if entry["kind"] == "validation"]
            best, since = math.inf, 0
            for loss in losses:
                best, since = (loss, 0) if loss < best - delta else (best, since + 1)
            stops = since >= patience
        return bool(self.ranks.agree(stops))

    def _finish(self) -> Scores:
        """Back to the best weights, score the test splits, export."""
        best = checkpoint.best(self.run.checkpoints)
        assert best is not None
        checkpoint.restore(best, checkpoint.read_state(best), self.model, self.optimizers)
        if not self.ranks.first:
            self.ranks.wait()
            return {}
        scores = {}
        for number, found in enumerate(self.examples):
            split = "test" if found.splits["test"] else "validation"
            scores[found.task.name] = self._scores(number, found, found.splits[split])
        write_json(self.run.root / "scores.json", scores)
        self._export()
        assert self.log is not None
        self.log.close()
        write_page(self.run.log, self.run.page, self.recipe.name)
        self.ranks.wait()
        return scores

    def _export(self) -> None:
        temporary = self.run.root / ".tmp-model"
        export_model(self.model, self.tokenizer, temporary)
        shutil.rmtree(self.run.model, ignore_errors=True)
        temporary.rename(self.run.model)

    def _scores(self, number: int, found: Examples, examples: list[Example]) -> dict[str, float]:
        from training.finetuning.answers import answers

        chosen = examples[: self.recipe.stopping.examples]
        given = answers(self.model, self.tokenizer, self.encoders[number], found.task, chosen, self.ranks.device)
        wanted, sources = [each.response for each in chosen], [each.prompt for each in chosen]
        if found.task.kind in ("label", "answer", "generate"):
            wanted = [each.strip() for each in wanted]
        scores = score(found.task.kind, given, wanted, sources)
        return {"loss": self._held_out_loss(number, examples), "examples": len(chosen), **scores}

    def _write(self, kind: str, step: int, **values: Any) -> None:
        if self.log is not None:
            self.log.write(kind, step, **values)

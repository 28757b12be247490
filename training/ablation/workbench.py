"""Where the runs of a study are trained and measured, one after the other, with one trainer.

The trainer is made once: weights are put back in place for every run, so a GPU compiles one graph for the whole study.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from curation.errors import IntegrityError, RecipeError
from curation.files import digest_of, read_json, write_json
from curation.tokens.library import read_tokenizer
from training import checkpoint
from training.ablation.measures.suite import VERSION, Detectors, Subject, measure
from training.ablation.results import (
    DOCUMENTS,
    RESULT,
    TIMES,
    CurvePoint,
    DocumentScores,
    RunResult,
    SampleText,
    run_folder,
    write_documents,
)
from training.ablation.study import Study
from training.data.loader import Loader, Mixed
from training.data.order import key_of
from training.data.tokens import TokenSplit, open_split
from training.distributed import Ranks
from training.evaluation import HeldOut
from training.model.config import named
from training.model.decoder import Decoder
from training.optimizer import scale_learning_rates
from training.recipe import TrainRecipe
from training.trainer import Trainer

__all__ = ["POOLED", "RunKey", "Workbench"]

POOLED = "pooled"  # not an arm: an equal mix of all, on which learning rates are chosen
_SAVE_SECONDS = 60.0


@dataclass(frozen=True)
class RunKey:
    arm: str
    lr: float
    seed: int


@dataclass
class _Progress:
    """What a killed run needs besides weights."""

    curve: list[CurvePoint]
    step: int = 0


class Workbench:
    def __init__(self, root: Path, study: Study, device: str = "auto", detectors: Detectors | None = None) -> None:
        self.root, self.study, self.detectors = root, study, detectors
        kind = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        self.ranks = Ranks(0, 1, torch.device(kind))
        self.arms = {arm.name: open_split(root / "arms" / arm.name, "train") for arm in study.arms}
        sets = sorted(path.parent.name for path in (root / "heldout").glob("*/tokens"))
        self.held_out = {name: open_split(root / "heldout" / name, "test") for name in sets}
        self.facts = _same_tokenizer([*self.arms.values(), *self.held_out.values()])
        self._base = next(iter(self.study.lrs), None) or study.sweep[0]
        self.recipe = _recipe(study, root, kind, self._base)
        learner = study.learner
        shape = named(learner.size, vocab_size=self.facts.vocab_size, context=learner.context, **learner.changes)
        self.trainer = Trainer(self.recipe, shape, self.ranks)

    def finished(self, key: RunKey) -> bool:
        """Whether a true result of this very run lies there."""
        folder = self._folder(key)
        try:
            known = read_json(folder / RESULT)["config_hash"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return False
        return known == self._config_hash(key) and (folder / DOCUMENTS).is_file()

    def run(self, key: RunKey) -> RunResult:
        """Train and measure, going on from a checkpoint where there is one, and leave the result on disk."""
        began, folder = _clocks(), self._folder(key)
        folder.mkdir(parents=True, exist_ok=True)
        loader, steps = self._loader(key), self.steps(key)
        progress = self._start(key, folder, steps)
        self._train(key, folder, loader, steps, progress)
        trained = _clocks()
        result = self._measured(key, folder, loader, steps, progress.curve)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        (folder / "curve.json").unlink(missing_ok=True)
        write_json(folder / TIMES, {"device": self.ranks.device.type, **_times(began, trained, _clocks())})
        write_json(folder / RESULT, result.model_dump(mode="json"))
        return result

    def steps(self, key: RunKey) -> int:
        """Steps of a run: by tokens, or by bytes as many as come nearest to those of the pooled budget."""
        budget, per_step = self.study.budget, self.recipe.tokens_per_step
        steps = max(1, round(budget.tokens / per_step))
        if budget.equal != "bytes" or key.arm == POOLED:
            return steps
        rate = [split.bytes / split.tokens for split in self.arms.values()]
        wanted, loader = steps * per_step * sum(rate) / len(rate), self._loader(key)
        read = np.cumsum([self.bytes_of(loader, step) for step in range(4 * steps)])
        return int(np.abs(read - wanted).argmin()) + 1

    def bytes_of(self, loader: Loader, step: int) -> int:
        """UTF-8 bytes of the targets of a step."""
        return int(self._token_bytes[loader.batch(step).tokens[:, 1:]].sum())

    @cached_property
    def tokenizer(self) -> Any:
        return read_tokenizer(next(iter(self.arms.values())).tokenizer_folder / "tokenizer.json")

    @cached_property
    def _token_bytes(self) -> npt.NDArray[np.int64]:
        """Bytes of text by token; marks have none. In a byte-level vocabulary every character stands for one byte."""
        described = json.loads(self.tokenizer.to_str())
        byte_level = (described.get("decoder") or {}).get("type") == "ByteLevel"
        marks = {added["id"] for added in described["added_tokens"] if added["special"]}
        sizes = np.zeros(self.facts.vocab_size, np.int64)
        for token, number in self.tokenizer.get_vocab().items():
            sizes[number] = 0 if number in marks else len(token) if byte_level else len(token.encode())
        return sizes

    def _folder(self, key: RunKey) -> Path:
        return run_folder(self.root, key.arm, key.lr, key.seed)

    def _config_hash(self, key: RunKey) -> str:
        """Of everything that decides the result."""
        study = self.study
        return digest_of(
            {
                "arm": [self.arms[name].fingerprint for name in self._names(key)],
                "order": self._order(key),
                "held_out": {name: split.fingerprint for name, split in self.held_out.items()},
                "learner": study.learner.model_dump(mode="json"),
                "budget": study.budget.model_dump(mode="json"),
                "measures": [VERSION, study.measures.model_dump(mode="json"), self.detectors is not None, study.name],
                "canaries": study.canaries.model_dump(mode="json") if study.canaries else None,
                "limit": study.held_out.max_tokens,
                "run": [key.arm, key.lr, key.seed],
            }
        )

    def _names(self, key: RunKey) -> list[str]:
        return list(self.arms) if key.arm == POOLED else [key.arm]

    def _order(self, key: RunKey) -> int:
        """Seed of the order of the text: a null arm has its own, and nothing else of its own."""
        null = key.arm != POOLED and self.study.arm(key.arm).role == "null"
        return key_of("order", key.seed, key.arm if null else "") >> 1

    def _loader(self, key: RunKey) -> Loader:
        limit = 1.0 if self.study.budget.design == "per_token" else None
        parts = [Mixed(self.arms[name], 1.0, limit) for name in self._names(key)]
        return Loader(parts, length=self.recipe.context, batch=self.recipe.batch, seed=self._order(key))

    def _start(self, key: RunKey, folder: Path, steps: int) -> _Progress:
        """Fresh weights, or those of the last checkpoint of this very run."""
        warmup = round(steps * self.study.learner.warmup)
        schedule = self.recipe.schedule.model_copy(update={"warmup": warmup})
        self.trainer.recipe = self.recipe.model_copy(update={"steps": steps, "schedule": schedule})
        self.trainer.reset(None, key.seed)
        scale_learning_rates(self.trainer.optimizers, key.lr / self._base)
        try:
            found = checkpoint.latest(folder / "checkpoints")
        except IntegrityError:
            found = None
        if found is None or found[1].identity != {"config": self._config_hash(key)}:
            shutil.rmtree(folder / "checkpoints", ignore_errors=True)
            return _Progress([])
        checkpoint.restore(*found, self.trainer.model, self.trainer.optimizers)
        curve = [CurvePoint.model_validate(point) for point in read_json(folder / "curve.json")]
        return _Progress([point for point in curve if point.step <= found[1].step], found[1].step)

    def _train(self, key: RunKey, folder: Path, loader: Loader, steps: int, progress: _Progress) -> None:
        points = self._points(steps)
        size = progress.curve[-1].bytes if progress.curve else 0
        losses: list[torch.Tensor] = []
        saved = time.perf_counter()
        for step in range(progress.step, steps):
            losses.append(self.trainer.step(loader, step).loss)
            size += self.bytes_of(loader, step)
            if step + 1 not in points:
                continue
            mean = float(torch.stack(losses).mean())
            losses.clear()
            progress.curve.append(self._point(step + 1, size, mean))
            if time.perf_counter() - saved > _SAVE_SECONDS and step + 1 < steps:
                self._save(key, folder, loader, step + 1, progress)
                saved = time.perf_counter()

    def _points(self, steps: int) -> set[int]:
        return {
            max(1, round(steps * number / self.study.learner.curve))
            for number in range(1, self.study.learner.curve + 1)
        }

    def _point(self, step: int, size: int, loss: float) -> CurvePoint:
        tokens, found = step * self.recipe.tokens_per_step, self._score("clean")
        return CurvePoint(step=step, tokens=tokens, bytes=size, train_loss=loss, bpb=found.bits_per_byte)

    def _save(self, key: RunKey, folder: Path, loader: Loader, step: int, progress: _Progress) -> None:
        write_json(folder / "curve.json", [point.model_dump(mode="json") for point in progress.curve])
        state = checkpoint.State(
            step=step,
            tokens=step * self.recipe.tokens_per_step,
            identity={"config": self._config_hash(key)},
            data=loader.fingerprint,
            tokenizer=loader.tokenizer.sha256,
            world=1,
            randomness={},
            versions={"torch": torch.__version__},
        )
        checkpoint.save(folder / "checkpoints", self.trainer.model, self.trainer.optimizers, state, self.ranks)
        checkpoint.prune(folder / "checkpoints", 1)

    def _score(self, name: str) -> HeldOut:
        """As many documents as may be scored, one at least."""
        split, limit = self.held_out[name], self.study.held_out.max_tokens
        least = int(split.document_ends[0])
        return self.trainer.evaluate(split, self.recipe.context, None if limit is None else max(limit, least))

    def _measured(
        self, key: RunKey, folder: Path, loader: Loader, steps: int, curve: Sequence[CurvePoint]
    ) -> RunResult:
        metrics, scores = self._likelihood()
        write_documents(folder / DOCUMENTS, scores)
        samples: tuple[SampleText, ...] = ()
        if key.arm != POOLED:
            more, samples = measure(self._subject(key), self.study, self.detectors)
            metrics |= more
        unique = sum(self.arms[name].tokens for name in self._names(key))
        tokens = steps * self.recipe.tokens_per_step
        assert isinstance(self.trainer.model, Decoder)
        return RunResult(
            arm=key.arm,
            lr=key.lr,
            seed=key.seed,
            tokens=tokens,
            bytes=curve[-1].bytes,
            flops=self.trainer.flops_per_token() * tokens,
            unique_tokens=unique,
            epochs=tokens / unique,
            parameters=sum(p.numel() for p in self.trainer.model.parameters()),
            tokenizer_hash=self.facts.sha256,
            data_hash=digest_of([self.arms[name].fingerprint for name in self._names(key)]),
            config_hash=self._config_hash(key),
            curve=tuple(curve),
            metrics=metrics,
            samples=samples,
        )

    def _likelihood(self) -> tuple[dict[str, float], dict[str, DocumentScores]]:
        metrics, scores = {}, {}
        for name, split in self.held_out.items():
            found = self._score(name)
            metrics["bpb" if name == "clean" else f"bpb_{name}"] = found.bits_per_byte
            ids = [str(each) for shard in split.shards for each in shard.ids][: len(found.bytes)]
            scores[name] = DocumentScores(tuple(ids), found.nats, found.bytes)
        return metrics, scores

    def _subject(self, key: RunKey) -> Subject:
        assert isinstance(self.trainer.model, Decoder)
        model, train, held = self.trainer.model, self.arms[key.arm], self.held_out["clean"]
        return Subject(model, self.tokenizer, self.facts.eos_id, self.ranks.device, train, held)

    def check_budget(self) -> None:
        """Raise RecipeError where an arm holds too little text to be read at most once."""
        if self.study.budget.design == "pool":
            return
        for arm in self.study.arms:
            key = RunKey(arm.name, self._base, 0)
            loader, steps = self._loader(key), self.steps(key)
            if (epochs := loader.epochs(steps)[0]) > 1:
                found = f"{epochs:.2f} epochs over the {self.arms[arm.name].tokens:,} tokens of arm `{arm.name}`"
                do = "raise pool_bytes, lower budget.tokens, or ask for the value of a pool with budget.design: pool"
                raise RecipeError("budget", found, "every arm read at most once", do)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _times(*clocks: tuple[float, float]) -> dict[str, dict[str, float]]:
    """Wall and CPU seconds of training and of measuring."""
    return {
        what: {
            part: clocks[place + 1][which] - clocks[place][which]
            for place, part in enumerate(("training", "measuring"))
        }
        for which, what in enumerate(("seconds", "cpu_seconds"))
    }


def _same_tokenizer(splits: Sequence[TokenSplit]) -> Any:
    if len({split.tokenizer.sha256 for split in splits}) > 1:
        do = "remove arms/ and heldout/ of the study and run it again"
        raise IntegrityError("arms and held-out sets", "tokens of several tokenizers", "one for all", do)
    return splits[0].tokenizer


def _recipe(study: Study, root: Path, device: str, lr: float) -> TrainRecipe:
    """What all runs share. AdamW's rate, where Muon has the matrices, is a fifth of Muon's."""
    learner = study.learner
    steps = max(1, round(study.budget.tokens / (learner.batch * learner.context)))
    if learner.optimizer == "muon":
        optimizer: dict[str, Any] = {"muon": {"lr": lr}, "adamw": {"lr": lr / 5}}
    else:
        optimizer = {"adamw": {"lr": lr}}
    return TrainRecipe.model_validate(
        {
            "name": study.name,
            "data": [{"path": str(root / "arms" / study.arms[0].name)}],
            "model": {"size": learner.size, "changes": learner.changes},
            "optimizer": optimizer,
            "schedule": {"warmup": round(steps * learner.warmup), "decay": learner.decay},
            "context": learner.context,
            "batch": learner.batch,
            "steps": steps,
            "machine": {"device": device, "threads": 1 if device == "cpu" else None},
        }
    )

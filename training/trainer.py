"""A model, its optimizers and one step of training. Knows nothing of run directories, so a study may reuse one compiled
trainer for many runs: `reset` puts new weights in place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from curation.errors import RecipeError, ResourceError
from training.checkpoint import load_model, step_seed
from training.data.loader import Loader
from training.data.tokens import TokenSplit
from training.distributed import Ranks, full_tensor, shard_again, wrap
from training.evaluation import HeldOut, held_out
from training.model.config import ModelConfig
from training.model.decoder import Decoder, document_mask
from training.optimizer import build_optimizers, set_learning_rate
from training.recipe import TrainRecipe
from training.schedule import learning_rate_factor

__all__ = ["StepResult", "Trainer", "memory_explained"]


@dataclass(frozen=True)
class StepResult:
    """Tensors on the device, so that reading them is the caller's choice of when to wait. `loss` is nats per token."""

    loss: Tensor
    norm: Tensor
    lr: float


class Trainer:
    """`model` may be any module that is called as `Decoder` is; by default it is a decoder of `config`."""

    def __init__(self, recipe: TrainRecipe, config: ModelConfig, ranks: Ranks, model: nn.Module | None = None) -> None:
        self.recipe, self.config, self.ranks = recipe, config, ranks
        _check_split(recipe, ranks)
        _set_up(recipe, ranks)
        compute = _compute_dtype(recipe, ranks)
        self.model = (model if model is not None else _fresh(recipe, config, compute)).to(ranks.device)
        self._called: Any = wrap(self.model, ranks, recipe.machine.parallel, compute)
        self._callable = torch.compile(self._called) if _compiles(recipe, ranks) else self._called
        self.optimizers = build_optimizers(self.model, recipe.optimizer)
        self._staged: tuple[str, int, Tensor] | None = None

    def reset(self, weights: dict[str, Tensor] | None, seed: int) -> None:
        """Start over with the given weights, or with fresh ones from a seed, keeping what was compiled."""
        if weights is None:
            fresh = Decoder(self.config)
            fresh.initialise(seed)
            weights = dict(fresh.named_parameters())
        with torch.no_grad():
            load_model(self.model, weights)
        for optimizer in self.optimizers:
            optimizer.state.clear()

    def step(self, loader: Loader, number: int) -> StepResult:
        """Train on the batch of step `number`. Gradients are of the sum of losses over all targets of all processes."""
        torch.manual_seed(step_seed(self.recipe.seed, number, self.ranks.rank))
        self._called.train()
        pieces = self._batch(loader, number).split(self._micro_batch(loader))
        total = loader.batch_windows * loader.length
        loss = torch.zeros((), device=self.ranks.device)
        with memory_explained(self.recipe.batch, loader.length, self.recipe.machine.micro_batch, self.ranks):
            for index, tokens in enumerate(pieces):
                with self._synchronised(index == len(pieces) - 1):
                    part = self._callable(*self._arguments(tokens))
                    # DDP and FSDP average gradients over processes; the factor turns that into a sum.
                    (part * (self.ranks.world / total)).backward()
                loss += part.detach()
            self._stage(loader, number + 1)
            return self._update(number, loss / total)

    @torch.no_grad()
    def evaluate(self, split: TokenSplit, length: int, limit: int | None) -> HeldOut:
        self._called.eval()
        windows = self.recipe.machine.micro_batch or max(1, 65_536 // length)
        found = held_out(self._losses, split, length=length, windows=windows, ranks=self.ranks, limit=limit)
        shard_again(self.model)
        return found

    def flops_per_token(self) -> float:
        """Of forward and backward."""
        assert isinstance(self.model, Decoder)
        return self.model.flops_per_token(self.recipe.context)

    def _losses(self, tokens: Tensor, targets: Tensor) -> Tensor:
        result: Tensor = self._called(tokens, targets, self._mask(tokens), each=True)
        return result

    def _update(self, number: int, loss: Tensor) -> StepResult:
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        norm = full_tensor(nn.utils.clip_grad_norm_(parameters, self.recipe.optimizer.clip or float("inf")))
        factor = learning_rate_factor(self.recipe.schedule, number, self.recipe.steps)
        set_learning_rate(self.optimizers, factor)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return StepResult(loss, norm, factor * self.recipe.optimizer.adamw.lr)

    def _arguments(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        inputs = tokens[:, :-1].contiguous()
        return inputs, tokens[:, 1:].contiguous(), self._mask(inputs)

    def _mask(self, tokens: Tensor) -> Tensor | None:
        return document_mask(tokens, self._eos_id) if self.recipe.separate_documents else None

    def _batch(self, loader: Loader, number: int) -> Tensor:
        """This process's windows of a step, on the device; usually staged while the step before was computed."""
        if self._staged is None or self._staged[:2] != (loader.fingerprint, number):
            self._stage(loader, number)
        assert self._staged is not None
        return self._staged[2]

    def _stage(self, loader: Loader, number: int) -> None:
        self._eos_id = loader.tokenizer.eos_id
        tokens = torch.from_numpy(loader.batch(number, self.ranks.rank, self.ranks.world).tokens)
        if self.ranks.device.type == "cuda":
            tokens = tokens.pin_memory().to(self.ranks.device, non_blocking=True)
        self._staged = (loader.fingerprint, number, tokens)

    def _micro_batch(self, loader: Loader) -> int:
        return self.recipe.machine.micro_batch or loader.batch_windows

    @contextlib.contextmanager
    def _synchronised(self, last: bool) -> Iterator[None]:
        """Exchange gradients between processes with the last micro-batch only."""
        if hasattr(self._called, "set_requires_gradient_sync"):
            self._called.set_requires_gradient_sync(last)
        with self._called.no_sync() if not last and hasattr(self._called, "no_sync") else contextlib.nullcontext():
            yield


def _fresh(recipe: TrainRecipe, config: ModelConfig, compute: torch.dtype) -> Decoder:
    decoder = Decoder(config, compute_dtype=compute)
    decoder.initialise(recipe.seed)
    return decoder


def _check_split(recipe: TrainRecipe, ranks: Ranks) -> None:
    """Every process needs a window; sharded weights need the same number of micro-batches everywhere."""
    do = "change `batch` or the number of processes"
    if recipe.batch < ranks.world:
        found = f"{recipe.batch} windows for {ranks.world} processes"
        raise RecipeError("batch", found, "at least one window a process", do)
    if recipe.machine.parallel == "fsdp" and recipe.batch % ranks.world:
        found, expected = f"{recipe.batch} windows for {ranks.world} processes", "a multiple, as fsdp needs"
        raise RecipeError("batch", found, expected, do)


def _set_up(recipe: TrainRecipe, ranks: Ranks) -> None:
    if recipe.machine.threads is not None:
        torch.set_num_threads(recipe.machine.threads)
    if recipe.machine.deterministic:
        torch.use_deterministic_algorithms(True)
    if ranks.device.type == "cuda":
        torch.set_float32_matmul_precision("high")


def _compute_dtype(recipe: TrainRecipe, ranks: Ranks) -> torch.dtype:
    chosen = recipe.machine.precision
    if chosen == "auto":
        chosen = "bf16" if ranks.device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    return torch.bfloat16 if chosen == "bf16" else torch.float32


def _compiles(recipe: TrainRecipe, ranks: Ranks) -> bool:
    return recipe.machine.compile if recipe.machine.compile is not None else ranks.device.type == "cuda"


@contextlib.contextmanager
def memory_explained(batch: int, length: int, micro_batch: int | None, ranks: Ranks) -> Iterator[None]:
    """Turn an out-of-memory error into one that says what to change."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        rows = micro_batch or -(-batch // ranks.world)
        found = f"too little memory for {rows} rows of {length} tokens at once"
        do = "set a smaller machine.micro_batch and run the command again; the result stays the same"
        raise ResourceError(f"{ranks.device}", found, "a micro-batch that fits", do) from error


def _is_out_of_memory(error: Exception) -> bool:
    """torch has a class for GPUs only; on a CPU its allocator says so in words."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "t allocate memory" in str(error)

"""A pretraining recipe: everything that decides the weights, and how often to look.

    data, validation     token shards and their weights
    model                a named size, or a checkpoint to start from
    optimizer, schedule  how weights move
    batch, context, steps
    checkpoint, evaluate, log, machine      change nothing about the weights

`identity` covers what decides the weights: a run directory belongs to one identity, and a resumed run must have it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "AdamW",
    "Checkpoints",
    "Evaluation",
    "Machine",
    "ModelChoice",
    "Muon",
    "Optimizer",
    "Part",
    "Schedule",
    "Source",
    "TrainRecipe",
]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(Part):
    """Token shards of a run directory, a dataset folder or a tokens folder.

    Repeating data up to four times costs next to nothing (Muennighoff et al. 2023), hence the limit; null lifts it.
    """

    path: str
    split: str = "train"
    weight: float | None = Field(None, gt=0, description="share of the samples; by tokens when null")
    max_epochs: float | None = Field(4.0, gt=0)


class ModelChoice(Part):
    """A size to start from scratch, with fields of `ModelConfig` to change; or a checkpoint to start from."""

    size: str | None = None
    checkpoint: str | None = Field(None, description="folder or hub name of a GPT-2 or Qwen3 model")
    changes: dict[str, Any] = {}
    dropout: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _one(self) -> ModelChoice:
        if (self.size is None) == (self.checkpoint is None):
            raise ValueError("give either `size` or `checkpoint`")
        if self.checkpoint is not None and self.changes:
            raise ValueError("`changes` go with `size`: a checkpoint has its own shape")
        return self


class AdamW(Part):
    """For embeddings, norms and, unless Muon has them, matrices. Weight decay acts on tensors of two dimensions."""

    lr: float = Field(6e-4, gt=0)
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = Field(1e-8, gt=0)
    weight_decay: float = Field(0.1, ge=0)


class Muon(Part):
    """For the matrices of the blocks (Jordan et al. 2024)."""

    lr: float = Field(0.01, gt=0)
    momentum: float = Field(0.95, ge=0, lt=1)
    weight_decay: float = Field(0.1, ge=0)


class Optimizer(Part):
    """`clip` is the largest norm of the gradient of all weights; null is no limit."""

    adamw: AdamW = AdamW()
    muon: Muon | None = None
    clip: float | None = Field(1.0, gt=0)


class Schedule(Part):
    """Learning rate over the run: up in `warmup` steps, stable, then over the last `decay` share of the steps to `end`.

    `wsd` decays along a line, `cosine` has no stable part, `constant` never decays.
    """

    kind: Literal["wsd", "cosine", "constant"] = "wsd"
    warmup: int = Field(100, ge=0)
    decay: float = Field(0.2, ge=0, le=1)
    end: float = Field(0.0, ge=0, le=1, description="share of the learning rate at the end")


class Checkpoints(Part):
    """`every` steps; the last `keep` and the best by validation stay. null keeps only the one at the end."""

    every: int | None = Field(1000, gt=0)
    keep: int = Field(2, ge=1)


class Evaluation(Part):
    """Held-out bits per byte, `every` steps and at the end, on at most `tokens` from the start of each split."""

    every: int | None = Field(1000, gt=0)
    tokens: int | None = Field(2_000_000, gt=0)


class Machine(Part):
    """How to compute it. None of this moves the weights by more than rounding."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    compile: bool | None = Field(None, description="torch.compile; null is on a GPU only")
    micro_batch: int | None = Field(None, gt=0, description="windows on a device at once; null is all of them")
    parallel: Literal["ddp", "fsdp"] = "ddp"
    threads: int | None = Field(None, gt=0, description="CPU threads a process; null leaves torch's choice")
    deterministic: bool = False
    tensorboard: bool = False


class TrainRecipe(Part):
    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    data: tuple[Source, ...] = Field(min_length=1)
    validation: tuple[Source, ...] | None = Field(None, description="the `validation` splits of `data` when null")
    model: ModelChoice
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    context: int = Field(1024, gt=1, description="tokens in a window")
    batch: int = Field(512, gt=0, description="windows in a step, over all processes")
    steps: int = Field(gt=0)
    separate_documents: bool = Field(False, description="no attention across documents of a window")
    seed: int = 0
    branch_from: str | None = Field(None, description="a checkpoint of a run that differs in steps and schedule only")
    checkpoint: Checkpoints = Checkpoints()
    evaluate: Evaluation = Evaluation()
    log_every: int = Field(10, gt=0)
    machine: Machine = Machine()

    @property
    def tokens_per_step(self) -> int:
        return self.batch * self.context

    def identity(self) -> dict[str, Any]:
        """What decides the weights, apart from the content of the data."""
        apart = {"name", "validation", "checkpoint", "evaluate", "log_every", "machine", "branch_from", "data"}
        return self.model_dump(mode="json", exclude=apart)

    def trunk(self) -> dict[str, Any]:
        """What a branch shares with the run it leaves: everything but how long and how the learning rate falls."""
        shared = self.identity()
        return {key: shared[key] for key in shared if key not in ("steps", "schedule")}

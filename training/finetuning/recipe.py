"""A fine-tuning recipe: tasks, a model to start from, and how long.

Kinds of task
    generate, summarise, answer, label      text to text; any number of them may be trained together
    classify                                a classification head over the whole text
    extract                                 a span head: the answer is a part of the context

`prompt`, `response` and `context` are templates over the fields of an example: "{question}\\n". The response is what
the loss is computed on: a summary, an answer, a label.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from training.recipe import AdamW, Machine, Part, Schedule

__all__ = ["FinetuneRecipe", "Kind", "Lora", "Shares", "StartModel", "Stopping", "Task"]

Kind = Literal["generate", "summarise", "answer", "label", "classify", "extract"]
TEXT_KINDS = ("generate", "summarise", "answer", "label")


class Task(Part):
    """Examples of one kind.

    `path` is a file of JSON lines, a folder with train.jsonl, validation.jsonl and test.jsonl, or a dataset folder,
    whose documents have the fields `text`, `id` and those of `meta`. Splits of a folder are used as they are; a single
    file is split by `group`, so that examples of one cluster never straddle train and test. With `where`, only rows
    whose fields hold one of the listed words are examples: {operator: [question_answer]} takes what that step of
    augmentation made.
    """

    name: str = Field(pattern=r"^[\w.-]+$")
    kind: Kind = "generate"
    path: str
    prompt: str = "{prompt}"
    response: str = "{response}"
    context: str = Field("{context}", description="for `extract`: the text that holds the answer")
    where: dict[str, tuple[str, ...]] = Field({}, description="fields with the words that an example holds one of")
    group: str | None = Field(None, description="field that names an example's cluster; the prompt itself when null")
    weight: float | None = Field(None, gt=0, description="share of the samples; see `temperature` when null")
    max_new_tokens: int = Field(64, gt=0)

    def takes(self, fields: dict[str, Any]) -> bool:
        return all(str(fields.get(name)) in words for name, words in self.where.items())


class Lora(Part):
    """Low-rank adapters by peft on all linear layers, merged into the model at the end."""

    rank: int = Field(8, gt=0)
    alpha: float = Field(16, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)


class StartModel(Part):
    """A checkpoint (folder or hub name), or an architecture of transformers with fresh weights and a tokenizer."""

    checkpoint: str | None = None
    architecture: str | None = Field(None, description="model type of transformers, for example t5 or bart")
    settings: dict[str, Any] = Field({}, description="fields of the architecture's configuration")
    tokenizer: str | None = Field(None, description="folder or hub name; the checkpoint's when null")
    lora: Lora | None = None

    @model_validator(mode="after")
    def _one(self) -> StartModel:
        if (self.checkpoint is None) == (self.architecture is None):
            raise ValueError("give either `checkpoint` or `architecture`")
        if self.architecture is not None and self.tokenizer is None:
            raise ValueError("an architecture without a checkpoint needs a `tokenizer`")
        return self


class Stopping(Part):
    """Evaluate `every` steps (once an epoch when null); stop after `patience` evaluations without a gain of `delta`."""

    every: int | None = Field(None, gt=0)
    patience: int | None = Field(3, gt=0)
    delta: float = Field(0.0, ge=0, description="nats by which the validation loss must fall to count as a gain")
    examples: int | None = Field(200, gt=0, description="examples a task to generate for when measuring; null is all")


class Shares(Part):
    """How a single file is split."""

    train: float = Field(0.8, gt=0)
    validation: float = Field(0.1, gt=0)
    test: float = Field(0.1, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Shares:
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError(f"shares {self.train}, {self.validation} and {self.test} do not add up to 1")
        return self


class FinetuneRecipe(Part):
    """`temperature` 1 takes tasks by size, larger ones level them: weight = size ** (1 / temperature)."""

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    tasks: tuple[Task, ...] = Field(min_length=1)
    model: StartModel
    splits: Shares = Shares()
    optimizer: AdamW = AdamW(lr=5e-5, betas=(0.9, 0.999), weight_decay=0.01)
    clip: float | None = Field(1.0, gt=0)
    schedule: Schedule = Schedule(warmup=20, decay=0.8)
    epochs: float = Field(3.0, gt=0)
    batch: int = Field(16, gt=0, description="examples in a step, over all processes")
    length: int = Field(512, gt=1, description="tokens of an example; a longer prompt loses its beginning")
    temperature: float = Field(1.0, ge=1)
    stopping: Stopping = Stopping()
    keep: int = Field(1, ge=1)
    log_every: int = Field(10, gt=0)
    seed: int = 0
    machine: Machine = Machine()

    @model_validator(mode="after")
    def _together(self) -> FinetuneRecipe:
        heads = [task.name for task in self.tasks if task.kind not in TEXT_KINDS]
        if heads and len(self.tasks) > 1:
            raise ValueError(f"task `{heads[0]}` has a head of its own: train it alone, or make it text to text")
        if len({task.name for task in self.tasks}) < len(self.tasks):
            raise ValueError("two tasks of the same name")
        return self

    @property
    def text_to_text(self) -> bool:
        return self.tasks[0].kind in TEXT_KINDS

    def identity(self) -> dict[str, Any]:
        """What decides the weights, apart from the content of the examples and the model."""
        return self.model_dump(mode="json", exclude={"name", "machine", "log_every", "keep"})

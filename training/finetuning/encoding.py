"""From examples to tensors: what the model reads, and which positions the loss counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from curation.errors import IntegrityError
from training.finetuning.examples import Example
from training.finetuning.recipe import Kind
from training.model.loss import IGNORED

__all__ = ["Encoded", "Encoder", "collate", "summed_loss", "targets"]


@dataclass(frozen=True)
class Encoded:
    """`inputs` are token ids; `labels` by kind: a target for each input (causal), for each output (encoder-decoder),
    one class, or first and last token of a span."""

    inputs: list[int]
    labels: list[int]


class Encoder:
    """Encodes examples of one kind for one model."""

    def __init__(self, tokenizer: Any, kind: Kind, length: int, *, seq2seq: bool, labels: Sequence[str] = ()) -> None:
        self._tokenizer, self._kind, self._length, self._seq2seq = tokenizer, kind, length, seq2seq
        self._classes = {label: number for number, label in enumerate(labels)}

    def encode(self, example: Example) -> Encoded:
        if self._kind == "classify":
            return self._class(example)
        if self._kind == "extract":
            return self._span(example)
        prompt, response = self._ids(example.prompt), [*self._ids(example.response), self._tokenizer.eos_token_id]
        if self._seq2seq:
            return Encoded([*prompt[: self._length - 1], self._tokenizer.eos_token_id], response[: self._length])
        response = response[: self._length - 1]
        prompt = prompt[-(self._length - len(response)) :]
        return Encoded(prompt + response, [IGNORED] * len(prompt) + response)

    def prompt(self, example: Example, room: int) -> list[int]:
        """What a model is given to go on from, with room for that many tokens after it."""
        ids = self._ids(example.prompt)
        if self._seq2seq:
            return [*ids[: self._length - 1], self._tokenizer.eos_token_id]
        return ids[-max(1, self._length - room) :]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _class(self, example: Example) -> Encoded:
        if example.response not in self._classes:
            do = "add examples of it to the train split, or remove this one"
            raise IntegrityError(f"example {example.id}", "a label that training does not have", "a known label", do)
        return Encoded(self._ids(example.prompt)[: self._length], [self._classes[example.response]])

    def _span(self, example: Example) -> Encoded:
        """Question, then context: a decoder reads the question first. A span beyond the length stands at position 0."""
        question = self._ids(example.prompt)
        found = self._tokenizer(example.context, add_special_tokens=False, return_offsets_mapping=True)
        start = example.context.index(example.response)
        end = start + len(example.response)
        covered = [at for at, (first, last) in enumerate(found["offset_mapping"]) if first < end and last > start]
        inputs = (question + found["input_ids"])[: self._length]
        span = [len(question) + covered[0], len(question) + covered[-1]] if covered else [0, 0]
        return Encoded(inputs, span if span[1] < len(inputs) else [0, 0])

    def span_text(self, example: Example, first: int, last: int) -> str:
        """The part of the context between two positions of the encoded input; empty where they lie outside of it."""
        before = len(self._ids(example.prompt))
        offsets = self._tokenizer(example.context, add_special_tokens=False, return_offsets_mapping=True)
        places = offsets["offset_mapping"][max(0, first - before) : last - before + 1] if first >= before else []
        return example.context[places[0][0] : places[-1][1]] if places else ""


def collate(examples: Sequence[Encoded], pad: int) -> dict[str, Tensor]:
    """input_ids, attention_mask and labels, padded on the right, int64."""
    inputs = _padded([example.inputs for example in examples], pad)
    lengths = torch.tensor([len(example.inputs) for example in examples])
    mask = (torch.arange(inputs.shape[1]) < lengths[:, None]).long()
    labels = _padded([example.labels for example in examples], IGNORED)
    return {"input_ids": inputs, "attention_mask": mask, "labels": labels}


def targets(batch: dict[str, Tensor], kind: Kind, *, seq2seq: bool) -> int:
    """How many targets the loss of a batch is a sum over."""
    labels = batch["labels"]
    if kind in ("classify", "extract"):
        return len(labels)
    counted = labels if seq2seq else labels[:, 1:]
    return int((counted != IGNORED).sum())


def summed_loss(model: Any, batch: dict[str, Tensor], kind: Kind, *, seq2seq: bool) -> Tensor:
    """Sum of cross-entropies in nats over the targets; of a span, the mean of those of its two ends."""
    inputs, labels = {key: batch[key] for key in ("input_ids", "attention_mask")}, batch["labels"]
    if kind == "classify":
        return functional.cross_entropy(model(**inputs).logits.float(), labels[:, 0], reduction="sum")
    if kind == "extract":
        found = model(**inputs)
        ends = zip((found.start_logits, found.end_logits), labels.unbind(1), strict=True)
        losses = [functional.cross_entropy(_real(each, inputs), place, reduction="sum") for each, place in ends]
        return (losses[0] + losses[1]) / 2
    if seq2seq:
        return _token_loss(model(**inputs, labels=labels.clone()).logits, labels)
    return _token_loss(model(**inputs, use_cache=False).logits[:, :-1], labels[:, 1:])


def _token_loss(logits: Tensor, labels: Tensor) -> Tensor:
    flat = logits.float().flatten(0, 1)
    return functional.cross_entropy(flat, labels.flatten(), ignore_index=IGNORED, reduction="sum")


def _real(logits: Tensor, inputs: dict[str, Tensor]) -> Tensor:
    """No span ends in the padding."""
    return logits.float().masked_fill(inputs["attention_mask"] == 0, -torch.inf)


def _padded(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows])

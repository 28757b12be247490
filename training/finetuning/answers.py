"""What a fine-tuned model answers: greedy text, a class, or the best span."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training.finetuning.encoding import Encoder, collate
from training.finetuning.examples import Example
from training.finetuning.recipe import Task

__all__ = ["answers"]

_BATCH = 16
_LONGEST_SPAN = 64


@torch.no_grad()
def answers(
    model: Any, tokenizer: Any, encoder: Encoder, task: Task, examples: Sequence[Example], device: torch.device
) -> list[str]:
    """One answer an example, in order."""
    model.eval()
    found: list[str] = []
    for begin in range(0, len(examples), _BATCH):
        chunk = examples[begin : begin + _BATCH]
        if task.kind == "classify":
            found += _classes(model, tokenizer, encoder, chunk, device)
        elif task.kind == "extract":
            found += _spans(model, tokenizer, encoder, chunk, device)
        else:
            found += _texts(model, tokenizer, encoder, task, chunk, device)
    return found


def _texts(
    model: Any, tokenizer: Any, encoder: Encoder, task: Task, examples: Sequence[Example], device: torch.device
) -> list[str]:
    prompts = [encoder.prompt(example, task.max_new_tokens) for example in examples]
    width = max(map(len, prompts))
    # A decoder goes on from the last column, so prompts stand at the right.
    inputs = torch.tensor([[tokenizer.pad_token_id] * (width - len(ids)) + ids for ids in prompts])
    mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts])
    given = model.generate(
        input_ids=inputs.to(device),
        attention_mask=mask.to(device),
        max_new_tokens=task.max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    new = given if model.config.is_encoder_decoder else given[:, width:]
    return [text.strip() for text in tokenizer.batch_decode(new, skip_special_tokens=True)]


def _classes(
    model: Any, tokenizer: Any, encoder: Encoder, examples: Sequence[Example], device: torch.device
) -> list[str]:
    inputs = _inputs(tokenizer, encoder, examples, device)
    return [model.config.id2label[number] for number in model(**inputs).logits.argmax(1).tolist()]


def _spans(
    model: Any, tokenizer: Any, encoder: Encoder, examples: Sequence[Example], device: torch.device
) -> list[str]:
    """The span with the largest sum of start and end logits, of at most 64 tokens."""
    inputs = _inputs(tokenizer, encoder, examples, device)
    found = model(**inputs)
    hidden = inputs["attention_mask"] == 0
    starts, ends = (logits.float().masked_fill(hidden, -torch.inf) for logits in (found.start_logits, found.end_logits))
    width = starts.shape[1]
    allowed = torch.ones(width, width, dtype=torch.bool, device=device).triu().tril(_LONGEST_SPAN - 1)
    sums = (starts[:, :, None] + ends[:, None, :]).masked_fill(~allowed, -torch.inf)
    places = sums.flatten(1).argmax(1).tolist()
    return [encoder.span_text(example, *divmod(place, width)) for example, place in zip(examples, places, strict=True)]


def _inputs(tokenizer: Any, encoder: Encoder, examples: Sequence[Example], device: torch.device) -> dict[str, Tensor]:
    batch = collate([encoder.encode(example) for example in examples], tokenizer.pad_token_id)
    return {key: batch[key].to(device) for key in ("input_ids", "attention_mask")}

"""Cross-entropy of a linear head, in chunks, so that the logits of a whole batch never stand in memory.

At 64 x 1,024 tokens and 50,304 rows the logits alone are 13 GB in fp32. Here a chunk's logits live only while its loss
and gradients are made; both gradients are made in the forward pass, so nothing is computed twice.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["IGNORED", "summed_cross_entropy", "token_losses"]

IGNORED = -100


def chunk_rows(device: torch.device) -> int:
    """Rows of logits at a time: 1.6 GB at 50,304 columns on a GPU, small enough for the cache on a CPU."""
    return 8192 if device.type == "cuda" else 1024


def token_losses(states: Tensor, weight: Tensor, targets: Tensor, vocab: int) -> Tensor:
    """Loss of each target in nats, fp32 [n]; 0 where the target is ignored. Meant to be called without gradients."""
    head = weight.to(states.dtype)
    pieces = zip(states.split(chunk_rows(states.device)), targets.split(chunk_rows(states.device)), strict=True)
    losses = [
        functional.cross_entropy(_logits(rows, head, vocab), wanted, ignore_index=IGNORED, reduction="none")
        for rows, wanted in pieces
    ]
    return torch.cat(losses)


def summed_cross_entropy(states: Tensor, weight: Tensor, targets: Tensor, vocab: int) -> Tensor:
    """Sum of the losses in nats. states [n, width], weight [rows >= vocab, width], targets int64 [n] or IGNORED."""
    if not torch.is_grad_enabled():
        return token_losses(states, weight, targets, vocab).sum()
    total: Tensor = _SummedCrossEntropy.apply(states, weight, targets, vocab, chunk_rows(states.device))
    return total


def _logits(rows: Tensor, head: Tensor, vocab: int) -> Tensor:
    """fp32 logits; padding rows of the head can never be predicted."""
    logits = (rows @ head.T).float()
    return logits if head.shape[0] == vocab else logits.index_fill(1, _padding(head, vocab), -torch.inf)


def _padding(head: Tensor, vocab: int) -> Tensor:
    return torch.arange(vocab, head.shape[0], device=head.device)


class _SummedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, targets: Tensor, vocab: int, rows: int) -> Tensor:
        head = weight.to(states.dtype)
        total = torch.zeros((), dtype=torch.float32, device=states.device)
        weight_gradient = torch.zeros_like(weight, dtype=torch.float32)
        state_gradients = []
        for piece, wanted in zip(states.split(rows), targets.split(rows), strict=True):
            loss, gradient = _loss_and_gradient(_logits(piece, head, vocab), wanted)
            gradient = gradient.to(states.dtype)
            total = total + loss
            weight_gradient = weight_gradient + gradient.T @ piece
            state_gradients.append(gradient @ head)
        ctx.save_for_backward(torch.cat(state_gradients), weight_gradient.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        states, weight = ctx.saved_tensors
        return (states * upstream).to(states.dtype), weight * upstream, None, None, None


def _loss_and_gradient(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Summed loss, and its gradient with respect to the logits: softmax minus one at the target."""
    counted = targets != IGNORED
    wanted = targets.clamp(min=0)[:, None]
    log_probabilities = torch.log_softmax(logits, 1)
    losses = -log_probabilities.gather(1, wanted)[:, 0] * counted
    columns = torch.arange(logits.shape[1], device=logits.device)
    gradient = (log_probabilities.exp() - (columns == wanted).float()) * counted[:, None]
    return losses.sum(), gradient

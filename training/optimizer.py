"""Optimizers by recipe: AdamW for all, or Muon for the matrices of the blocks and AdamW for the rest."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from curation.errors import ResourceError
from training.recipe import Optimizer

__all__ = ["build_optimizers", "scale_learning_rates", "set_learning_rate"]


def build_optimizers(model: nn.Module, recipe: Optimizer) -> list[torch.optim.Optimizer]:
    """One or two optimizers over the parameters that want a gradient. Each group remembers its peak as `peak_lr`."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    matrices = [p for name, p in named if recipe.muon and p.ndim == 2 and name.startswith("blocks.")]
    chosen = set(map(id, matrices))
    optimizers = [_adamw([p for _, p in named if id(p) not in chosen], recipe)]
    if recipe.muon:
        optimizers.append(_muon(matrices, recipe))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers


def set_learning_rate(optimizers: Iterable[torch.optim.Optimizer], factor: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor


def scale_learning_rates(optimizers: Iterable[torch.optim.Optimizer], factor: float) -> None:
    """Peaks as multiples of those the recipe gave, whatever they were scaled to before."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group.setdefault("recipe_lr", group["peak_lr"]) * factor


def _adamw(parameters: list[nn.Parameter], recipe: Optimizer) -> torch.optim.Optimizer:
    settings = recipe.adamw
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings.lr,
        betas=settings.betas,
        eps=settings.epsilon,
        fused=True,
    )


def _muon(matrices: list[nn.Parameter], recipe: Optimizer) -> torch.optim.Optimizer:
    if not hasattr(torch.optim, "Muon"):
        expected = "torch 2.9 or newer, which has Muon"
        raise ResourceError("optimizer.muon", f"torch {torch.__version__}", expected, "upgrade torch or leave Muon out")
    assert recipe.muon is not None
    settings: dict[str, Any] = recipe.muon.model_dump()
    known = inspect.signature(torch.optim.Muon).parameters
    return torch.optim.Muon(matrices, **{key: value for key, value in settings.items() if key in known})

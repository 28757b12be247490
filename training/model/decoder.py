"""The decoder: token ids in, summed loss or logits out. Two shapes, told apart by a few fields of the configuration.

Weights are kept in fp32 and cast where they are multiplied (`compute_dtype`); norms and the loss are computed in fp32.
Projections that read the same input are separate parameters, so that the export to transformers is a renaming and Muon
sees each matrix for itself, but are joined to one matrix product in the forward pass.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.model.config import ModelConfig
from training.model.loss import summed_cross_entropy, token_losses

__all__ = ["Decoder", "document_mask"]


class Decoder(nn.Module):
    def __init__(self, config: ModelConfig, *, compute_dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.config, self.compute_dtype = config, compute_dtype
        self.embedding = nn.Embedding(config.rows, config.width)
        self.positions = nn.Embedding(config.context, config.width) if config.shape == "gpt2" else None
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.norm = _norm(config, config.width)
        self.head = None if config.tied else nn.Linear(config.width, config.rows, bias=False)
        if config.shape == "qwen3":
            cos, sin = _rotations(config)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)

    def forward(self, tokens: Tensor, targets: Tensor, mask: Tensor | None = None, *, each: bool = False) -> Tensor:
        """Summed cross-entropy in nats, or with `each` that of every target without a gradient, fp32 [batch, length].

        tokens, targets int64 [batch, length]; mask bool [batch, 1, length, length].
        """
        states, flat = self.states(tokens, mask).flatten(0, 1), targets.flatten()
        if each:
            return token_losses(states, self.head_weight, flat, self.config.vocab_size).view_as(targets)
        return summed_cross_entropy(states, self.head_weight, flat, self.config.vocab_size)

    def logits(self, tokens: Tensor) -> Tensor:
        """fp32 [batch, length, vocab_size]."""
        states = self.states(tokens)
        return (states @ self.head_weight[: self.config.vocab_size].to(states.dtype).T).float()

    @property
    def head_weight(self) -> Tensor:
        return self.embedding.weight if self.head is None else self.head.weight

    def states(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Last hidden states after the final norm, [batch, length, width] in `compute_dtype`."""
        length = tokens.shape[1]
        x = self.embedding(tokens)
        if self.positions is not None:
            x = x + self.positions.weight[:length]
            rotation = None
        else:
            rotation = (self.cos[:length], self.sin[:length])
        x = functional.dropout(x, self.config.dropout, self.training).to(self.compute_dtype)
        for block in self.blocks:
            x = block(x, rotation, mask)
        return self.norm(x)

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """GPT-2's initialisation: normal 0.02, projections into the residual stream divided by sqrt(2 * layers)."""
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if parameter.ndim < 2:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
                continue
            into_residual = name.endswith(("attention.out.weight", "feed_forward.down.weight"))
            scale = 0.02 / math.sqrt(2 * self.config.layers) if into_residual else 0.02
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)

    def flops_per_token(self, length: int) -> float:
        """Of forward and backward: 6 per weight that is multiplied, 12 * layers * heads * head width * length."""
        multiplied = sum(p.numel() for p in self.parameters())
        if self.positions is not None:
            multiplied -= self.positions.weight.numel()
        if self.head is not None:
            multiplied -= self.embedding.weight.numel()
        config = self.config
        return 6.0 * multiplied + 12.0 * config.layers * config.heads * config.head_width * length


def document_mask(tokens: Tensor, eos_id: int) -> Tensor:
    """Who may look at whom when documents are kept apart, bool [batch, 1, length, length].

    A document ends with its `eos_id`; a token sees itself and what stands before it in its own document.
    """
    ended = (tokens == eos_id).long().cumsum(1)
    documents = ended - (tokens == eos_id).long()
    same = documents[:, None, :, None] == documents[:, None, None, :]
    causal = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool, device=tokens.device).tril()
    return same & causal


class _Block(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.attention_norm = _norm(config, config.width)
        self.attention = _Attention(config)
        self.feed_forward_norm = _norm(config, config.width)
        self.feed_forward = _Gelu(config) if config.shape == "gpt2" else _SwiGlu(config)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor] | None, mask: Tensor | None) -> Tensor:
        attended = self.attention(self.attention_norm(x), rotation, mask)
        x = x + functional.dropout(attended, self.dropout, self.training)
        return x + functional.dropout(self.feed_forward(self.feed_forward_norm(x)), self.dropout, self.training)


class _Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        bias, inner = config.shape == "gpt2", config.heads * config.head_width
        self.query = nn.Linear(config.width, inner, bias=bias)
        self.key = nn.Linear(config.width, config.kv_heads * config.head_width, bias=bias)
        self.value = nn.Linear(config.width, config.kv_heads * config.head_width, bias=bias)
        self.out = nn.Linear(inner, config.width, bias=bias)
        if config.shape == "qwen3":
            self.query_norm, self.key_norm = _norm(config, config.head_width), _norm(config, config.head_width)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor] | None, mask: Tensor | None) -> Tensor:
        config, (batch, length, _) = self.config, x.shape
        inner, kv_inner = config.heads * config.head_width, config.kv_heads * config.head_width
        joined = _joined(x, self.query, self.key, self.value)
        query, key, value = (
            part.view(batch, length, -1, config.head_width) for part in joined.split([inner, kv_inner, kv_inner], 2)
        )
        if rotation is not None:
            query, key = _rotated(self.query_norm(query), *rotation), _rotated(self.key_norm(key), *rotation)
        attended = functional.scaled_dot_product_attention(
            query.transpose(1, 2),
            key.transpose(1, 2),
            value.transpose(1, 2),
            attn_mask=mask,
            is_causal=mask is None,
            dropout_p=config.dropout if self.training else 0.0,
            enable_gqa=config.heads != config.kv_heads,
        )
        return _linear(attended.transpose(1, 2).reshape(batch, length, inner), self.out)


class _Gelu(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.width, config.hidden)
        self.down = nn.Linear(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return _linear(functional.gelu(_linear(x, self.up), approximate="tanh"), self.down)


class _SwiGlu(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.hidden, bias=False)
        self.up = nn.Linear(config.width, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = _joined(x, self.gate, self.up).chunk(2, -1)
        return _linear(functional.silu(gate) * up, self.down)


class _RmsNorm(nn.Module):
    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x.float(), self.weight.shape, self.weight.float(), self.epsilon).to(x.dtype)


class _LayerNorm(nn.Module):
    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        normed = functional.layer_norm(
            x.float(), self.weight.shape, self.weight.float(), self.bias.float(), self.epsilon
        )
        return normed.to(x.dtype)


def _norm(config: ModelConfig, width: int) -> Any:
    return (_LayerNorm if config.shape == "gpt2" else _RmsNorm)(width, config.norm_epsilon)


def _linear(x: Tensor, layer: nn.Linear) -> Tensor:
    return functional.linear(x, layer.weight.to(x.dtype), None if layer.bias is None else layer.bias.to(x.dtype))


def _joined(x: Tensor, *layers: nn.Linear) -> Tensor:
    """Several layers on one input as one product; joining and casting the weights is one pass over them."""
    weight = torch.cat([layer.weight for layer in layers]).to(x.dtype)
    bias = None if layers[0].bias is None else torch.cat([layer.bias for layer in layers]).to(x.dtype)
    return functional.linear(x, weight, bias)


def _rotations(config: ModelConfig) -> tuple[Tensor, Tensor]:
    """cos and sin of rotary positions, fp32 [context, head_width], halves laid out as transformers does."""
    exponents = torch.arange(0, config.head_width, 2, dtype=torch.float32) / config.head_width
    angles = torch.outer(torch.arange(config.context, dtype=torch.float32), 1.0 / config.rope_theta**exponents)
    angles = torch.cat([angles, angles], 1)
    return angles.cos(), angles.sin()


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding (Su et al. 2021) of x [batch, length, heads, head_width]."""
    first, second = x.chunk(2, -1)
    turned = torch.cat([-second, first], -1)
    return (x * cos[:, None] + turned * sin[:, None]).to(x.dtype)

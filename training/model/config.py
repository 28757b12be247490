"""What a decoder is made of: two shapes, and sizes by name."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation.errors import RecipeError, nearest

__all__ = ["SIZES", "ModelConfig", "named"]


class ModelConfig(BaseModel):
    """A decoder. `gpt2`: learned positions, LayerNorm, GELU, biases. `qwen3`: RoPE, RMSNorm, SwiGLU, QK-norm.

    `vocab_size` is the tokenizer's; the embedding has `rows`, the next multiple of 128, because matrix units are slow
    on odd widths. The extra rows are never predicted and are left out of the export.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Literal["gpt2", "qwen3"] = "qwen3"
    vocab_size: int = Field(gt=0)
    context: int = Field(gt=0)
    layers: int = Field(gt=0)
    width: int = Field(gt=0)
    heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_width: int = Field(gt=0)
    hidden: int = Field(gt=0, description="inner width of the feed-forward part")
    tied: bool = True
    dropout: float = Field(0.0, ge=0, lt=1)
    rope_theta: float = Field(10_000.0, gt=0)
    norm_epsilon: float = Field(1e-6, gt=0)

    @model_validator(mode="after")
    def _fits(self) -> ModelConfig:
        if self.heads % self.kv_heads:
            raise ValueError(f"{self.heads} heads are not a multiple of {self.kv_heads} kv_heads")
        if self.shape == "gpt2" and (self.kv_heads != self.heads or self.heads * self.head_width != self.width):
            raise ValueError("a gpt2 shape has as many kv_heads as heads, and heads * head_width = width")
        return self

    @property
    def rows(self) -> int:
        return -(-self.vocab_size // 128) * 128


def _gpt2(layers: int, width: int, heads: int) -> dict[str, Any]:
    return {
        "shape": "gpt2",
        "layers": layers,
        "width": width,
        "heads": heads,
        "kv_heads": heads,
        "head_width": width // heads,
        "hidden": 4 * width,
        "norm_epsilon": 1e-5,
    }


def _qwen3(layers: int, width: int, heads: int, hidden: int, kv_heads: int | None = None, head_width: int = 0) -> Any:
    return {
        "shape": "qwen3",
        "layers": layers,
        "width": width,
        "heads": heads,
        "kv_heads": kv_heads or heads,
        "head_width": head_width or width // heads,
        "hidden": hidden,
    }


# The first three of the qwen3 shape are those of the study on small models; names count parameters roughly.
SIZES: dict[str, dict[str, Any]] = {
    "tiny": _qwen3(2, 96, 3, 256),
    "7m": _qwen3(6, 256, 4, 704),
    "14m": _qwen3(6, 384, 6, 1024),
    "34m": _qwen3(8, 512, 8, 1408),
    "124m": _qwen3(12, 768, 12, 2048),
    "350m": _qwen3(24, 1024, 16, 2816),
    "qwen3-0.6b": {**_qwen3(28, 1024, 16, 3072, 8, 128), "rope_theta": 1e6},
    "gpt2-tiny": _gpt2(2, 96, 3),
    "gpt2": _gpt2(12, 768, 12),
    "gpt2-medium": _gpt2(24, 1024, 16),
    "gpt2-large": _gpt2(36, 1280, 20),
    "gpt2-xl": _gpt2(48, 1600, 25),
}


def named(size: str, *, vocab_size: int, context: int, **changes: Any) -> ModelConfig:
    """A size by name, with any field changed."""
    if size not in SIZES:
        raise RecipeError("model.size", f"`{size}`", "a named size", nearest(size, SIZES))
    return ModelConfig(**{**SIZES[size], "vocab_size": vocab_size, "context": context, **changes})

"""To transformers and back: each tensor by another name, and GPT-2's matrices transposed and joined.

`export` leaves a folder that `AutoModelForCausalLM`, `pipeline("text-generation")` and every tool above them load.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from curation.errors import ResourceError
from curation.files import TEMPORARY
from training.model.config import ModelConfig

__all__ = ["export", "from_transformers", "to_transformers"]

# own name inside a block -> name in transformers
_QWEN3 = {
    "attention_norm.weight": "input_layernorm.weight",
    "attention.query.weight": "self_attn.q_proj.weight",
    "attention.key.weight": "self_attn.k_proj.weight",
    "attention.value.weight": "self_attn.v_proj.weight",
    "attention.out.weight": "self_attn.o_proj.weight",
    "attention.query_norm.weight": "self_attn.q_norm.weight",
    "attention.key_norm.weight": "self_attn.k_norm.weight",
    "feed_forward_norm.weight": "post_attention_layernorm.weight",
    "feed_forward.gate.weight": "mlp.gate_proj.weight",
    "feed_forward.up.weight": "mlp.up_proj.weight",
    "feed_forward.down.weight": "mlp.down_proj.weight",
}
_GPT2 = {
    "attention_norm.weight": "ln_1.weight",
    "attention_norm.bias": "ln_1.bias",
    "attention.out.weight": "attn.c_proj.weight",
    "attention.out.bias": "attn.c_proj.bias",
    "feed_forward_norm.weight": "ln_2.weight",
    "feed_forward_norm.bias": "ln_2.bias",
    "feed_forward.up.weight": "mlp.c_fc.weight",
    "feed_forward.up.bias": "mlp.c_fc.bias",
    "feed_forward.down.weight": "mlp.c_proj.weight",
    "feed_forward.down.bias": "mlp.c_proj.bias",
}


def export(weights: dict[str, Tensor], config: ModelConfig, tokenizer: Path, eos_id: int, to: Path) -> None:
    """Write a transformers folder with model and tokenizer; it appears under its name when complete."""
    from transformers import AutoTokenizer

    temporary = to.with_name(f"{TEMPORARY}{to.name}-{uuid.uuid4().hex[:12]}")
    try:
        to_transformers(weights, config, eos_id).save_pretrained(temporary)
        AutoTokenizer.from_pretrained(tokenizer, local_files_only=True).save_pretrained(temporary)
        _replace(temporary, to)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def to_transformers(weights: dict[str, Tensor], config: ModelConfig, eos_id: int) -> Any:
    """The same model as GPT2LMHeadModel or Qwen3ForCausalLM."""
    import transformers

    marks: dict[str, Any] = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), eos_id)
    if config.shape == "gpt2":
        theirs: Any = transformers.GPT2Config(**_gpt2_fields(config), **marks)
    else:
        theirs = transformers.Qwen3Config(**_qwen3_fields(config), **marks)
    kind = transformers.GPT2LMHeadModel if config.shape == "gpt2" else transformers.Qwen3ForCausalLM
    model = kind(theirs)
    renamed = _gpt2_out(weights, config) if config.shape == "gpt2" else _qwen3_out(weights, config)
    if config.tied:
        head = "transformer.wte.weight" if config.shape == "gpt2" else "model.embed_tokens.weight"
        renamed["lm_head.weight"] = renamed[head]
    model.load_state_dict(renamed)
    return model.eval()


def from_transformers(
    source: str, *, context: int | None = None, dropout: float = 0.0
) -> tuple[dict[str, Tensor], ModelConfig]:
    """Weights and configuration of a GPT-2 or Qwen3 model from a local folder or the hub."""
    import transformers

    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    except (OSError, ValueError) as error:
        found = str(error).splitlines()[0]
        raise ResourceError(f"model `{source}`", found, "a transformers model", "give a folder or a hub name") from None
    config = _own_config(model.config, source, context, dropout)
    given = model.state_dict()
    weights = _gpt2_in(given, config) if config.shape == "gpt2" else _qwen3_in(given, config)
    return weights, config


def _qwen3_out(weights: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    renamed = {
        "model.embed_tokens.weight": weights["embedding.weight"][: config.vocab_size],
        "model.norm.weight": weights["norm.weight"],
    }
    if not config.tied:
        renamed["lm_head.weight"] = weights["head.weight"][: config.vocab_size]
    for layer in range(config.layers):
        for ours, theirs in _QWEN3.items():
            renamed[f"model.layers.{layer}.{theirs}"] = weights[f"blocks.{layer}.{ours}"]
    return {name: tensor.float().contiguous() for name, tensor in renamed.items()}


def _qwen3_in(given: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    weights = {
        "embedding.weight": _padded(given["model.embed_tokens.weight"], config.rows),
        "norm.weight": given["model.norm.weight"],
    }
    if not config.tied:
        weights["head.weight"] = _padded(given["lm_head.weight"], config.rows)
    for layer in range(config.layers):
        for ours, theirs in _QWEN3.items():
            weights[f"blocks.{layer}.{ours}"] = given[f"model.layers.{layer}.{theirs}"]
    return weights


def _gpt2_out(weights: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    renamed = {
        "transformer.wte.weight": weights["embedding.weight"][: config.vocab_size],
        "transformer.wpe.weight": weights["positions.weight"],
        "transformer.ln_f.weight": weights["norm.weight"],
        "transformer.ln_f.bias": weights["norm.bias"],
    }
    for layer in range(config.layers):
        block, theirs_block = f"blocks.{layer}.", f"transformer.h.{layer}."
        for ours, theirs in _GPT2.items():
            renamed[theirs_block + theirs] = _turned(weights[block + ours])
        for kind in ("weight", "bias"):
            parts = [weights[f"{block}attention.{part}.{kind}"] for part in ("query", "key", "value")]
            renamed[f"{theirs_block}attn.c_attn.{kind}"] = _turned(torch.cat(parts))
    return {name: tensor.float().contiguous() for name, tensor in renamed.items()}


def _gpt2_in(given: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    weights = {
        "embedding.weight": _padded(given["transformer.wte.weight"], config.rows),
        "positions.weight": given["transformer.wpe.weight"][: config.context],
        "norm.weight": given["transformer.ln_f.weight"],
        "norm.bias": given["transformer.ln_f.bias"],
    }
    for layer in range(config.layers):
        block, theirs_block = f"blocks.{layer}.", f"transformer.h.{layer}."
        for ours, theirs in _GPT2.items():
            weights[block + ours] = _turned(given[theirs_block + theirs])
        for kind in ("weight", "bias"):
            parts = _turned(given[f"{theirs_block}attn.c_attn.{kind}"]).chunk(3)
            for part, tensor in zip(("query", "key", "value"), parts, strict=True):
                weights[f"{block}attention.{part}.{kind}"] = tensor
    return {name: tensor.contiguous() for name, tensor in weights.items()}


def _own_config(theirs: Any, source: str, context: int | None, dropout: float) -> ModelConfig:
    """Our configuration of a transformers one. Raises ResourceError for what our two shapes cannot hold."""
    longest = theirs.max_position_embeddings
    common = {"vocab_size": theirs.vocab_size, "context": min(context or longest, longest), "dropout": dropout}
    if theirs.model_type == "gpt2" and theirs.activation_function == "gelu_new":
        return ModelConfig(
            shape="gpt2",
            layers=theirs.n_layer,
            width=theirs.n_embd,
            heads=theirs.n_head,
            kv_heads=theirs.n_head,
            head_width=theirs.n_embd // theirs.n_head,
            hidden=theirs.n_inner or 4 * theirs.n_embd,
            norm_epsilon=theirs.layer_norm_epsilon,
            **common,
        )
    if theirs.model_type == "qwen3" and theirs.rope_parameters["rope_type"] == "default":
        return ModelConfig(
            shape="qwen3",
            layers=theirs.num_hidden_layers,
            width=theirs.hidden_size,
            heads=theirs.num_attention_heads,
            kv_heads=theirs.num_key_value_heads,
            head_width=theirs.head_dim,
            hidden=theirs.intermediate_size,
            tied=theirs.tie_word_embeddings,
            rope_theta=theirs.rope_parameters["rope_theta"],
            norm_epsilon=theirs.rms_norm_eps,
            **common,
        )
    do = "use `gristmill finetune`, which takes any transformers model"
    raise ResourceError(f"model `{source}`", f"a {theirs.model_type} model", "a gpt2 or qwen3 model", do)


def _replace(new: Path, old: Path) -> None:
    """Put a finished folder in the place of an older one."""
    retired = old.with_name(f"{TEMPORARY}retired-{uuid.uuid4().hex[:12]}")
    if old.exists():
        old.rename(retired)
    new.rename(old)
    shutil.rmtree(retired, ignore_errors=True)


def _turned(tensor: Tensor) -> Tensor:
    return tensor.T if tensor.ndim == 2 else tensor


def _padded(tensor: Tensor, rows: int) -> Tensor:
    return torch.cat([tensor, tensor.new_zeros(rows - tensor.shape[0], tensor.shape[1])])


def _gpt2_fields(config: ModelConfig) -> dict[str, Any]:
    return {
        "vocab_size": config.vocab_size,
        "n_positions": config.context,
        "n_embd": config.width,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_inner": config.hidden,
        "layer_norm_epsilon": config.norm_epsilon,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), config.dropout),
    }


def _qwen3_fields(config: ModelConfig) -> dict[str, Any]:
    return {
        "vocab_size": config.vocab_size,
        "hidden_size": config.width,
        "intermediate_size": config.hidden,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_width,
        "max_position_embeddings": config.context,
        "rms_norm_eps": config.norm_epsilon,
        "tie_word_embeddings": config.tied,
        "attention_dropout": config.dropout,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},
    }

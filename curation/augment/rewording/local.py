"""Answers of a transformers model on this machine. torch comes with the extra `train` and is imported when needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from curation.augment.rewording.models import LocalModel
from curation.errors import ResourceError

__all__ = ["ask_local", "load_local"]


class _Loaded(NamedTuple):
    tokenizer: Any
    network: Any
    generates_prompt: bool


def ask_local(model: LocalModel, prompts: Sequence[str], seeds: Sequence[int]) -> Iterator[str]:
    size = 1 if model.temperature else model.batch_size
    for start in range(0, len(prompts), size):
        yield from _generated(model, list(prompts[start : start + size]), seeds[start])


def _generated(model: LocalModel, prompts: list[str], seed: int) -> list[str]:
    import torch

    loaded = load_local(model.path, model.revision, model.device)
    tokens = loaded.tokenizer(prompts, padding=len(prompts) > 1, truncation=False, return_tensors="pt")
    tokens = {name: tokens[name].to(loaded.network.device) for name in ("input_ids", "attention_mask")}
    if not tokens["input_ids"].shape[1]:
        return [""] * len(prompts)
    chance = {"do_sample": True, "temperature": model.temperature} if model.temperature else {"do_sample": False}
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(seed % 2**63)
        made = loaded.network.generate(**tokens, max_new_tokens=model.max_tokens, num_beams=1, **chance)
    if loaded.generates_prompt:
        made = made[:, tokens["input_ids"].shape[1] :]
    return [str(text) for text in loaded.tokenizer.batch_decode(made, skip_special_tokens=True)]


@lru_cache(maxsize=2)
def load_local(path: str, revision: str | None, device: str) -> _Loaded:
    """Raises ResourceError where the extra or the model is missing."""
    try:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
    except ImportError as error:
        needs, do = "torch and transformers", "install gristmill[train]"
        raise ResourceError(f"model {path}", f"no {error.name}", needs, do) from error
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(path, **options)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        network = kind.from_pretrained(path, use_safetensors=True, **options)
        tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left", **options)
    except (OSError, ValueError) as error:
        expected = "a folder or hub name of a text-to-text or causal model with tokenizer and safetensors weights"
        do = "check the name, or fetch the model to a folder first"
        raise ResourceError(f"model {path}", f"{type(error).__name__} while loading it", expected, do) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    return _Loaded(tokenizer, network.eval().to(place), not config.is_encoder_decoder)

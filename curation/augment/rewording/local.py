"""Answers of a transformers model on this machine. torch comes with the extra `train` and is imported when needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from curation.augment.rewording.models import LocalModel
from curation.errors import DataError, ResourceError

__all__ = ["ask_local", "load_local"]


class _Loaded(NamedTuple):
    tokenizer: Any
    network: Any
    generates_prompt: bool
    ends: frozenset[int]


def ask_local(model: LocalModel, prompts: Sequence[str], seeds: Sequence[int]) -> Iterator[str | DataError]:
    size = 1 if model.temperature else model.batch_size
    for start in range(0, len(prompts), size):
        yield from _answers(model, list(prompts[start : start + size]), seeds[start])


def _answers(model: LocalModel, prompts: list[str], seed: int) -> Iterator[str | DataError]:
    """Answers in the order of the prompts; those that the model has no room for are not asked.

    Where the model has less room than `max_tokens`, a prompt is asked alone: it must not shorten other answers.
    """
    loaded = load_local(model.path, model.revision, model.device)
    sizes = [len(ids) for ids in loaded.tokenizer(prompts, truncation=False)["input_ids"]]
    room = [_room(loaded, size, model.max_tokens) if size else 0 for size in sizes]
    roomy = [place for place, left in enumerate(room) if left == model.max_tokens]
    said: dict[int, str | DataError] = {}
    for asked in [roomy, *([place] for place, left in enumerate(room) if 0 < left < model.max_tokens)]:
        if asked:
            made = _generated(loaded, [prompts[each] for each in asked], seed, model.temperature, room[asked[0]])
            said.update(zip(asked, made, strict=True))
    for place, size in enumerate(sizes):
        yield said.get(place, DataError("prompt_too_long", f"{size} tokens") if size else "")


def _room(loaded: _Loaded, size: int, max_tokens: int) -> int:
    """How many tokens an answer may have; none when the prompt alone is too much for the model."""
    most = getattr(loaded.network.config, "max_position_embeddings", None)
    if not isinstance(most, int) or most <= 0:
        return max_tokens
    return min(max_tokens, most - size if loaded.generates_prompt else max_tokens if size <= most else 0)


def _generated(loaded: _Loaded, prompts: list[str], seed: int, temperature: float, most: int) -> list[str | DataError]:
    import torch

    tokens = loaded.tokenizer(prompts, padding=len(prompts) > 1, truncation=False, return_tensors="pt")
    tokens = {name: tokens[name].to(loaded.network.device) for name in ("input_ids", "attention_mask")}
    chance = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(seed % 2**63)
        made = loaded.network.generate(**tokens, max_new_tokens=most, num_beams=1, **chance)
    made = made[:, tokens["input_ids"].shape[1] :] if loaded.generates_prompt else made[:, 1:]
    texts = loaded.tokenizer.batch_decode(made, skip_special_tokens=True)
    cut = [bool(loaded.ends) and made.shape[1] >= most and not loaded.ends & set(row) for row in made.tolist()]
    return [
        DataError("cut_short", f"{most} tokens") if over else str(text) for text, over in zip(texts, cut, strict=True)
    ]


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
    end = network.generation_config.eos_token_id
    ends = frozenset(end if isinstance(end, list) else () if end is None else (end,))
    return _Loaded(tokenizer, network.eval().to(place), not config.is_encoder_decoder, ends)

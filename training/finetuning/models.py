"""Models to fine-tune: any of transformers, from a checkpoint or fresh, with or without adapters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from curation.errors import RecipeError, ResourceError
from training.finetuning.recipe import FinetuneRecipe, Lora

__all__ = ["export_model", "load_model_and_tokenizer"]


def load_model_and_tokenizer(recipe: FinetuneRecipe, labels: Sequence[str]) -> tuple[Any, Any]:
    """(model in fp32, fast tokenizer). Fresh weights depend on the recipe's seed alone."""
    start = recipe.model
    tokenizer = _tokenizer(start.tokenizer or start.checkpoint or "")
    torch.manual_seed(recipe.seed)
    model = _model(recipe, _config(recipe, tokenizer, labels))
    _check_vocabulary(model, tokenizer, recipe)
    model.config.pad_token_id = tokenizer.pad_token_id
    return (_adapted(model, start.lora) if start.lora else model), tokenizer


def export_model(model: Any, tokenizer: Any, to: Path) -> None:
    """Write a transformers folder; adapters are merged into the weights."""
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    model.save_pretrained(to)
    tokenizer.save_pretrained(to)


def _tokenizer(source: str) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        found = str(error).splitlines()[0]
        raise ResourceError(f"tokenizer `{source}`", found, "a transformers tokenizer", "check the name") from None
    if tokenizer.eos_token_id is None:
        do = "name one in its tokenizer_config.json"
        raise ResourceError(f"tokenizer `{source}`", "no token that ends a text", "an eos_token", do)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _config(recipe: FinetuneRecipe, tokenizer: Any, labels: Sequence[str]) -> Any:
    from transformers import AutoConfig

    start = recipe.model
    classes = {"id2label": dict(enumerate(labels)), "label2id": {label: n for n, label in enumerate(labels)}}
    extra = classes if recipe.tasks[0].kind == "classify" else {}
    try:
        if start.checkpoint is not None:
            return AutoConfig.from_pretrained(start.checkpoint, **extra)
        marks = {
            "vocab_size": len(tokenizer),
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            "decoder_start_token_id": tokenizer.pad_token_id,
        }
        assert start.architecture is not None
        return AutoConfig.for_model(start.architecture, **{**marks, **start.settings, **extra})
    except (OSError, ValueError) as error:
        where, found = f"model `{start.checkpoint or start.architecture}`", str(error).splitlines()[0]
        raise ResourceError(where, found, "a model of transformers", "check the name") from None


def _model(recipe: FinetuneRecipe, config: Any) -> Any:
    import transformers

    kind = recipe.tasks[0].kind
    if kind == "classify":
        family: Any = transformers.AutoModelForSequenceClassification
    elif kind == "extract":
        family = transformers.AutoModelForQuestionAnswering
    else:
        family = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    try:
        if recipe.model.checkpoint is None:
            return family.from_config(config, dtype=torch.float32)
        return family.from_pretrained(recipe.model.checkpoint, config=config, dtype=torch.float32)
    except (OSError, ValueError) as error:
        where, found = f"model `{recipe.model.checkpoint}`", str(error).splitlines()[0]
        raise ResourceError(where, found, f"a model for tasks of kind `{kind}`", "choose another model") from None


def _check_vocabulary(model: Any, tokenizer: Any, recipe: FinetuneRecipe) -> None:
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        found, expected = f"a tokenizer of {len(tokenizer)} tokens", f"at most the model's {rows}"
        raise RecipeError("model.tokenizer", found, expected, "use the tokenizer the model was trained with")
    longest = getattr(model.config, "max_position_embeddings", None)
    if longest and recipe.length > longest:
        expected = f"at most the model's {longest} positions"
        raise RecipeError("length", f"{recipe.length} tokens", expected, f"set length={longest}")


def _adapted(model: Any, lora: Lora) -> Any:
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        do = 'pip install "gristmill[lora]", or leave `lora` out'
        raise ResourceError("model.lora", "no peft", "the extra `lora`", do) from None
    settings = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules="all-linear", bias="none"
    )
    return get_peft_model(model, settings)

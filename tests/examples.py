"""Parameters for operators that cannot be made without any: name -> function of a folder for the files they need.

A function that returns a string says why the operator cannot be tried here.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

__all__ = ["EXAMPLES", "tiny_generator"]

GOOD = ["a proof by induction on trees", "lemma one follows from the theorem"]
BAD = ["buy cheap watches now", "click here to win cash now"]


def _text(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def _linear_classifier(folder: Path) -> dict[str, Any]:
    from curation.measure.linear_training import train_linear

    train_linear(_text(GOOD), _text(BAD), bits=10).save(str(folder / "model"))
    return {"model": str(folder / "model")}


def _ngram_perplexity(folder: Path) -> dict[str, Any]:
    from curation.measure.ngram_training import train_ngram_model

    train_ngram_model(_text([*GOOD, *BAD]), order=3, min_word_count=1).save(str(folder / "model"))
    return {"model": str(folder / "model")}


def _benchmarks(folder: Path) -> dict[str, Any]:
    item = {"question": "Plain text of a few words, twice, is what this paragraph says?", "answer": "Yes, it is."}
    (folder / "items.jsonl").write_text(json.dumps({"id": "1", **item}) + "\n")
    return {"benchmarks": (str(folder / "items.jsonl"),)}


def _lexicon(folder: Path) -> dict[str, Any]:
    (folder / "words.txt").write_text("plain\nfew words\n")
    return {"lists": {"en": str(folder / "words.txt")}}


def _transformer_classifier(folder: Path) -> dict[str, Any] | str:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        return "needs torch and transformers, the extra `train`"
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    tokenizer = Tokenizer(WordLevel({"[PAD]": 0, "[UNK]": 1, "text": 2, "a": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertForSequenceClassification(BertConfig(vocab_size=4, num_labels=1, **shape)).save_pretrained(folder)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    fast.save_pretrained(folder)
    return {"model": str(folder)}


def _synonyms(folder: Path) -> dict[str, Any]:
    (folder / "synonyms.tsv").write_text("plain\tsimple\tsober\nwords\tterms\n")
    return {"lexicon": str(folder / "synonyms.tsv")}


def _templates(folder: Path) -> dict[str, Any]:
    return {"templates": ({"prompt": "What stands at {url}?\n", "response": "{text}"},)}


def _rephrase(folder: Path) -> dict[str, Any] | str:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        return "needs torch and transformers, the extra `train`"
    quality = {"min_length": None, "max_length": None, "min_similarity": None, "max_similarity": None}
    quality.update(max_repetition=None, same_language=False)
    return {"model": {"path": tiny_generator(folder), "max_tokens": 3}, "prompt": "{text}", "quality": quality}


def _back_translate(folder: Path) -> dict[str, Any] | str:
    example = _rephrase(folder)
    if isinstance(example, str):
        return example
    return {"there": example["model"], "back": example["model"], "quality": example["quality"]}


def tiny_generator(folder: Path) -> str:
    """An encoder-decoder with random weights and a few words, which ends where it must and always says something."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    words = ["[PAD]", "[END]", "[UNK]", "the", "mill", "stands", "still", "text", "a", "river"]
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    special = {"pad_token": "[PAD]", "eos_token": "[END]", "unk_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    shape = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2, "vocab_size": len(words)}
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(T5Config(**shape, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1))
    model.generation_config.suppress_tokens = [0, 2]
    model.generation_config.min_new_tokens = 2
    model.generation_config.forced_eos_token_id = 1
    model.save_pretrained(folder)
    return str(folder)


EXAMPLES: dict[str, Callable[[Path], dict[str, Any] | str]] = {
    "back_translate": _back_translate,
    "cut_items": _benchmarks,
    "decontaminate": _benchmarks,
    "instruction_templates": _templates,
    "lexicon": _lexicon,
    "linear_classifier": _linear_classifier,
    "ngram_perplexity": _ngram_perplexity,
    "rephrase": _rephrase,
    "synonyms": _synonyms,
    "transformer_classifier": _transformer_classifier,
}

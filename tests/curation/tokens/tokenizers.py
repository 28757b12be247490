"""Small tokenizers of every family that has a fast way, and some that have none."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.reference.ugly import UGLY

TEXTS = [
    *UGLY,
    "The miller's wheat isn't ground; they've 12,345 sacks & we'll see.\n\n\tdef f(x):\n        return x  # ok\r\n",
    "Der Müller mahlt große Körner. L'été, ça n'a pas d'importance.",
    "磨坊主每天磨很多小麦，然后把面粉卖到城里。 小麦、面粉。",
    "Мельник мелет зерно каждый день.",
    "चक्की वाला हर दिन गेहूँ पीसता है।",
    "الطحان يطحن القمح كل يوم",
]
GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TIKTOKEN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
END, EXTRA = "<|end|>", "<extra>"
FAST = (
    "gpt2",
    "prefixed",
    "gpt4",
    "tiktoken",
    "qwen",
    "llama",
    "metaspace-bpe",
    "metaspace-unigram",
    "plain-metaspace",
)
SLOW = ("bert", "unsplit")


@cache
def description(family: str) -> str:
    """The tokenizer.json of a family."""
    from tokenizers import AddedToken, Tokenizer, trainers

    tokenizer = Tokenizer(_model(family))
    tokenizer.pre_tokenizer, tokenizer.normalizer = _pre_tokenizer(family), _normalizer(family)
    kind = {"metaspace-unigram": trainers.UnigramTrainer, "bert": trainers.WordPieceTrainer}
    options: dict[str, Any] = {"unk_token": "<unk>"} if family == "metaspace-unigram" else {}
    trainer = kind.get(family, trainers.BpeTrainer)(
        vocab_size=700, show_progress=False, special_tokens=[END, "<unk>"], initial_alphabet=_alphabet(), **options
    )
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    tokenizer.add_tokens([AddedToken(EXTRA, normalized=False)])
    return str(tokenizer.to_str())


def tokenizer(family: str) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(description(family))


def _alphabet() -> list[str]:
    from tokenizers import pre_tokenizers

    return list(pre_tokenizers.ByteLevel.alphabet())


def _model(family: str) -> Any:
    from tokenizers import models

    if family == "metaspace-unigram":
        return models.Unigram()
    if family == "bert":
        return models.WordPiece(unk_token="<unk>")
    return models.BPE(ignore_merges=family == "llama", unk_token="<unk>" if "metaspace" in family else None)


def _normalizer(family: str) -> Any:
    from tokenizers import normalizers

    return {"qwen": normalizers.NFC(), "bert": normalizers.BertNormalizer()}.get(family)


def _pre_tokenizer(family: str) -> Any:
    from tokenizers import Regex, pre_tokenizers

    if family in ("gpt2", "prefixed"):
        return pre_tokenizers.ByteLevel(add_prefix_space=family == "prefixed")
    if family == "bert":
        return pre_tokenizers.BertPreTokenizer()
    if family.endswith("unsplit"):
        return pre_tokenizers.Metaspace(split=False)
    if "metaspace" in family:
        return pre_tokenizers.Metaspace(prepend_scheme="never" if "plain" in family else "always")
    patterns = {"gpt4": (GPT4, "removed", True), "tiktoken": (TIKTOKEN, "isolated", False)}
    patterns["qwen"] = (GPT4.replace("{1,3}", ""), "isolated", False)
    pattern, behaviour, invert = patterns.get(family, (GPT4, "isolated", False))
    split = pre_tokenizers.Split(Regex(pattern), behaviour, invert)
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])

"""What of a tokenizer's pipeline is known well enough to be done without the library, read off its tokenizer.json.

Known means proven equal: normalizers none and NFC, pre-tokenizers byte-level (with the patterns of GPT-2, GPT-4,
Llama 3 and Qwen 2) and Metaspace, any model without chance, any post-processor that only adds special tokens. Every
other tokenizer is left to the library whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curation.kernels.pretokens import GPT2, GPT4, MARKED_SPACES

__all__ = ["Cut", "cut_of"]

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_TIKTOKEN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
_PATTERNS = {
    _GPT2: (GPT2, 0),
    _GPT4.replace("DIGITS", r"\p{N}{1,3}"): (GPT4, 3),
    _GPT4.replace("DIGITS", r"\p{N}"): (GPT4, 1),
    _TIKTOKEN: (GPT4, 3),
}
_HARMLESS = {"ByteLevel", "TemplateProcessing", "BertProcessing", "RobertaProcessing"}


@dataclass(frozen=True)
class Cut:
    """How a text becomes pre-tokens: `family` and `digits` as the kernel takes them.

    `prefix` puts a space before a text that does not begin with one; `byte_level` writes bytes as the letters that
    GPT-2 chose for them, otherwise spaces become U+2581; `nfc` asks for text in that form.
    """

    family: int
    digits: int
    prefix: bool
    byte_level: bool
    nfc: bool


def cut_of(description: dict[str, Any]) -> Cut | None:
    """The fast way of a tokenizer, from the object in its tokenizer.json; None where only the library will do."""
    normalizer, model = description.get("normalizer"), description["model"]
    nfc = normalizer is not None and normalizer.get("type") == "NFC"
    if (normalizer is not None and not nfc) or model.get("dropout"):
        return None
    if not _only_adds(description.get("post_processor")):
        return None
    parts = _parts(description.get("pre_tokenizer"))
    return _byte_level(parts, nfc) or _metaspace(parts, nfc)


def _only_adds(processor: dict[str, Any] | None) -> bool:
    if processor is None:
        return True
    if processor["type"] == "Sequence":
        return all(_only_adds(each) for each in processor["processors"])
    return processor["type"] in _HARMLESS


def _parts(pre_tokenizer: dict[str, Any] | None) -> list[dict[str, Any]]:
    if pre_tokenizer is None:
        return []
    return list(pre_tokenizer["pretokenizers"]) if pre_tokenizer["type"] == "Sequence" else [pre_tokenizer]


def _byte_level(parts: list[dict[str, Any]], nfc: bool) -> Cut | None:
    if not parts or parts[-1]["type"] != "ByteLevel":
        return None
    last = parts[-1]
    if len(parts) == 1 and last.get("use_regex", True):
        return Cut(GPT2, 0, bool(last.get("add_prefix_space")), True, nfc)
    if len(parts) != 2 or last.get("use_regex", True) or last.get("add_prefix_space") or not _keeps_all(parts[0]):
        return None
    known = _PATTERNS.get(parts[0].get("pattern", {}).get("Regex", ""))
    return None if known is None else Cut(*known, False, True, nfc)


def _keeps_all(split: dict[str, Any]) -> bool:
    """The known patterns match every character, so that both of these give the matches alone."""
    kept = (split.get("behavior"), bool(split.get("invert")))
    return split["type"] == "Split" and kept in {("Isolated", False), ("Removed", True)}


def _metaspace(parts: list[dict[str, Any]], nfc: bool) -> Cut | None:
    if len(parts) != 1 or parts[0]["type"] != "Metaspace":
        return None
    part = parts[0]
    if part.get("replacement") != "▁" or not part.get("split", True) or part.get("prepend_scheme") == "first":
        return None
    return Cut(MARKED_SPACES, 0, part.get("prepend_scheme", "always") == "always", False, nfc)

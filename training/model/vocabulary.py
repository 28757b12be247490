"""Whether two tokenizers give the same numbers to the same pieces, however their files are laid out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curation.files import digest_of
from curation.tokens.library import read_tokenizer

__all__ = ["vocabulary_digest"]


def vocabulary_digest(tokenizer: Any) -> str:
    """sha256 over (piece, number) of a tokenizer, or of the one in a folder."""
    if isinstance(tokenizer, Path):
        vocabulary = read_tokenizer(tokenizer / "tokenizer.json").get_vocab()
    else:
        vocabulary = tokenizer.get_vocab()
    return digest_of(sorted(vocabulary.items()))

"""A text in pieces that make it up again when joined: words and the white space between them, sentences, lines."""

from __future__ import annotations

import re

import numpy as np

from curation.kernels.hashing import frozen
from curation.kernels.sentences import sentence_ends
from curation.kernels.unicode_tables import character_classes

__all__ = ["bare", "sentences_of", "spaced_words", "words_of"]

_WORD_OR_SPACE = re.compile(r"\s+|\S+")
_SPACED = re.compile(r"\S+\s*")
_CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)


def words_of(text: str) -> tuple[list[str], list[int]]:
    """Words and white space in turns, and which of them are words. Joined, the pieces are the text."""
    pieces = _WORD_OR_SPACE.findall(text)
    return pieces, [number for number, piece in enumerate(pieces) if not piece[0].isspace()]


def spaced_words(text: str) -> list[str]:
    """Words, each with the white space behind it; white space before the first one is left out."""
    return _SPACED.findall(text)


def bare(word: str) -> tuple[str, str, str]:
    """What stands before a word's first letter or digit, the word itself, and what stands behind its last one."""
    found = _CORE.search(word)
    return (word[: found.start()], found.group(), word[found.end() :]) if found else (word, "", "")


def sentences_of(text: str) -> list[str]:
    """Sentences by the rules of `curation.kernels.sentences`, of Chinese and Japanese too, each with the white space
    behind it. Joined, they are the text.
    """
    if not text:
        return []
    raw = text.encode()
    data = frozen(np.frombuffer(raw, np.uint8))
    ends = sentence_ends(data, character_classes()).tolist()
    pieces = [raw[start:end].decode() for start, end in zip([0, *ends], [*ends, len(raw)], strict=True)]
    return _with_space_behind(pieces)


def _with_space_behind(pieces: list[str]) -> list[str]:
    sentences: list[str] = []
    for piece in pieces:
        own = piece.lstrip()
        if sentences:
            sentences[-1] += piece[: len(piece) - len(own)]
        else:
            own = piece
        if own:
            sentences.append(own)
    return sentences

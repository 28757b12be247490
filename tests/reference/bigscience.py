"""Slow twin of the BigScience measures."""

from __future__ import annotations

import unicodedata
from collections import Counter
from math import isqrt

from tests.reference.gopher import ngrams, over


def is_special(character: str) -> bool:
    category = unicodedata.category(character)
    return not (character.isalpha() or category[0] == "M" or (category == "Cf" and character != "\u200b"))


def words(text: str) -> list[str]:
    special = "".join(filter(is_special, set(text)))
    return [word for word in (field.strip(special) for field in text.split()) if word]


def lower(word: str) -> str:
    return "".join(character.lower() if len(character.lower()) == 1 else character for character in word)


def measure(text: str, n: int, m: int, stop_words: tuple[str, ...]) -> dict[str, float]:
    grams = Counter(text[k : k + n] for k in range(len(text) - n + 1))
    counts = sorted(grams.values(), reverse=True)
    top = min(isqrt(len(counts)), sum(count > 1 for count in counts))
    tokens = [lower(word) for word in words(text)]
    word_grams = Counter(ngrams(tokens, m))
    return {
        "character_repetition_ratio": over(sum(counts[:top]), sum(counts)),
        "word_repetition_ratio": over(sum(c for c in word_grams.values() if c > 1), word_grams.total()),
        "special_character_ratio": over(sum(map(is_special, text)), len(text)),
        "stop_word_ratio": over(sum(token in stop_words for token in tokens), len(tokens)),
        "words": len(tokens),
    }

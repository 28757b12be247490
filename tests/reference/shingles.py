"""Slow twin of curation.kernels.shingles."""

from __future__ import annotations

from collections import Counter

from tests.reference.hashing import mix

WORD = 2**64
P = 0xD6E8FEB86659FD93
REPEAT = 0x9E3779B97F4A7C15
UNSPACED = [
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3031, 0x312F), (0x31A0, 0x31BF)),
    *((0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0xA4CF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1B000, 0x1B16F)),
    (0x20000, 0x3FFFD),
]


def tokens(text: str, kind: str) -> list[str]:
    if kind == "char":
        return list(text)
    if kind == "auto":
        text = "".join(f" {c} " if any(a <= ord(c) <= b for a, b in UNSPACED) else c for c in text)
    return [word for word in text.split(" ") if word]


def token_hash(token: str) -> int:
    h = 0xCBF29CE484222325
    for byte in token.encode():
        h = (h ^ byte) * 0x100000001B3 % WORD
    return mix(h)


def shingle_hash(words: list[str]) -> int:
    total = 0
    for word in words:
        total = (total * P + token_hash(word)) % WORD
    return mix(total)


def shingle_set(text: str, ngram: int, kind: str, min_tokens: int, repetitive_below: float) -> list[int]:
    words = tokens(text, kind)
    if not words:
        return []
    if len(words) < max(ngram, min_tokens):
        return [shingle_hash(words)]
    shingles = [shingle_hash(words[k : k + ngram]) for k in range(len(words) - ngram + 1)]
    counted = Counter(shingles)
    if len(counted) >= repetitive_below * len(shingles):
        return sorted(counted)
    repeats = {mix((h + k * REPEAT) % WORD) for h, times in counted.items() for k in range(1, times)}
    return sorted(set(counted) | repeats)

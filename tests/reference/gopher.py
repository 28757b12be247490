"""Slow twins of the Gopher measures: each dialect from its definition, in plain Python."""

from __future__ import annotations

import re
from collections import Counter
from statistics import median

from tests.reference import sentences
from tests.reference.words import is_punctuation, words

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
Scores = dict[str, float]


def over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0


def quality(text: str, dialect: str) -> Scores:
    return globals()[f"_quality_{dialect}"](text)


def _quality_datatrove(text: str) -> Scores:
    tokens = words(text)
    proper = [token for token in tokens if not all(map(is_punctuation, token))]
    lines = text.splitlines()
    return {
        "words": len(proper),
        "word_length": over(sum(map(len, proper)), len(proper)),
        "hash_ratio": over(text.count("#"), len(tokens)),
        "ellipsis_ratio": over(text.count("...") + text.count("…"), len(tokens)),
        "bullet_line_ratio": over(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "ellipsis_line_ratio": over(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alphabetic_word_ratio": over(sum(any(map(str.isalpha, token)) for token in tokens), len(tokens)),
        "stop_words": len(set(tokens) & set(STOP_WORDS)),
    }


def _quality_dolma(text: str) -> Scores:
    tokens, lines = text.split(), text.split("\n")
    return {
        "words": len(tokens),
        "word_length": float(median(map(len, tokens))) if tokens else 0.0,
        "symbol_ratio": over(sum("#" in token or "…" in token for token in tokens), len(tokens)),
        "bullet_line_ratio": over(sum(line.startswith(("*", "-")) for line in lines), len(lines)),
        "ellipsis_line_ratio": over(sum(line.endswith("…") for line in lines), len(lines)),
        "alphabetic_word_ratio": over(sum(any(map(str.isalpha, token)) for token in tokens), len(tokens)),
        "stop_words": sum(token in STOP_WORDS for token in tokens),
    }


def _quality_dclm(text: str) -> Scores:
    tokens = text.split()
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    symbols = sum(text.count(mark) for mark in ("#", "...", ". . .", "…"))
    return {
        "words": sum(token[0].isalnum() for token in words(text)),
        "word_length": over(sum(map(len, tokens)), len(tokens)),
        "symbol_ratio": over(symbols, len(tokens)),
        "bullet_line_ratio": over(sum(line.startswith(("●", "•", "*", "-")) for line in lines), len(lines)),
        "ellipsis_line_ratio": over(sum(line.endswith(("...", ". . .", "…")) for line in lines), len(lines)),
        "alphabetic_word_ratio": over(sum(any(map(str.isalpha, token)) for token in tokens), len(tokens)),
        "stop_words": sum(token.lower() in STOP_WORDS for token in tokens),
    }


def _quality_curator(text: str) -> Scores:
    tokens = text.split()
    spans = [sentence.strip() for sentence in sentences.split(text)]
    marks = ("...", "…", "[...]", "[…]", "(...)", "-»")
    symbols = sum(token in marks or 2 * token.count("#") > len(token) for token in tokens)
    endings = (*marks, "read more", "read more..")
    return {
        "words": len(tokens),
        "word_length": over(sum(map(len, tokens)), len(tokens)),
        "symbol_ratio": over(symbols, len(tokens)),
        "bullet_line_ratio": over(sum(span[0] in "•‣⁃⁌⁍∙○●◘◦⦾⦿" for span in spans), len(spans)),
        "ellipsis_line_ratio": over(sum(ascii_lower(span).endswith(endings) for span in spans), len(spans)),
        "alphabetic_word_ratio": over(sum(any(map(str.isalpha, token)) for token in tokens), len(tokens)),
        "stop_words": sum(token in STOP_WORDS for token in tokens),
    }


def ascii_lower(text: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in text)


def repetition(text: str, dialect: str) -> Scores:
    return globals()[f"_repetition_{dialect}"](text)


def _repetition_datatrove(text: str) -> Scores:
    scores: Scores = {}
    for kind, pieces in (("line", re.split(r"\n+", text)), ("paragraph", re.split(r"\n{2,}", text.strip()))):
        extra = [piece for k, piece in enumerate(pieces) if piece in pieces[:k]]
        scores[f"duplicate_{kind}_fraction"] = over(len(extra), len(pieces))
        scores[f"duplicate_{kind}_character_fraction"] = over(sum(map(len, extra)), len(text))
    tokens = words(text)
    for n in range(2, 5):
        grams = [" ".join(gram) for gram in ngrams(tokens, n)]
        top, count = Counter(grams).most_common(1)[0] if grams else ("", 0)
        scores[f"top_{n}_gram_character_fraction"] = over(len(top) * count, len(text))
    for n in range(5, 11):
        scores[f"duplicate_{n}_gram_character_fraction"] = over(_walk(tokens, n), len(text))
    return scores


def _walk(tokens: list[str], n: int) -> int:
    met: set[str] = set()
    total, position = 0, 0
    while position + n <= len(tokens):
        gram = "".join(tokens[position : position + n])
        if gram in met:
            total += len(gram)
            position += n
        else:
            met.add(gram)
            position += 1
    return total


def _repetition_dolma(text: str) -> Scores:
    tokens = text.split()
    size = sum(map(len, tokens))
    lines = Counter(text.split("\n"))
    repeated = {line: count for line, count in lines.items() if count > 1}
    scores = {
        "duplicate_line_fraction": over(sum(repeated.values()), lines.total()),
        "duplicate_line_character_fraction": over(sum(len(line) * n for line, n in repeated.items()), size),
    }
    for n in range(2, 11):
        grams = Counter(ngrams(tokens, n))
        weights = {gram: count * length(gram) for gram, count in grams.items()}
        if n < 5:
            top = grams.most_common(1)[0][0] if grams else ()
            scores[f"top_{n}_gram_character_fraction"] = over(weights.get(top, 0), size)
        else:
            dup = sum(weight for gram, weight in weights.items() if grams[gram] > 1)
            scores[f"duplicate_{n}_gram_character_fraction"] = over(dup, sum(weights.values()))
    return scores


def _repetition_dclm(text: str) -> Scores:
    scores: Scores = {}
    for kind, cut in (("line", "\n"), ("paragraph", "\n\n")):
        pieces = [piece for piece in map(str.strip, text.split(cut)) if piece]
        copies = [piece for piece in pieces if pieces.count(piece) > 1]
        scores[f"duplicate_{kind}_fraction"] = over(len(copies), len(pieces))
        scores[f"duplicate_{kind}_character_fraction"] = over(length(copies), length(pieces))
    tokens = [token for token in words(text) if token[0].isalnum()]
    for n in range(2, 11):
        grams = ngrams(tokens, n)
        counts = Counter(grams)
        most = max(counts.values(), default=1)
        if n < 5:
            top = max((length(gram) for gram, count in counts.items() if count == most), default=0)
            scores[f"top_{n}_gram_character_fraction"] = over(top * most if most > 1 else 0, length(tokens))
        else:
            covered = {k + j for k, gram in enumerate(grams) if counts[gram] > 1 for j in range(n)}
            scores[f"duplicate_{n}_gram_character_fraction"] = over(
                length([tokens[k] for k in covered]), length(tokens)
            )
    return scores


def ngrams(tokens: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[k : k + n]) for k in range(len(tokens) - n + 1)]


def length(tokens: list[str] | tuple[str, ...]) -> int:
    return sum(map(len, tokens))

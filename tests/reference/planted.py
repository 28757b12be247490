"""A corpus with planted near-duplicates, made of words that mean nothing, and the true similarity of every pair."""

from __future__ import annotations

import itertools
import random

from tests.reference.linking import jaccard

VOCABULARY = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("", "n", "r", "st", "lo", "ma")]


def prose(source: random.Random, words: int) -> list[str]:
    return source.choices(VOCABULARY, weights=range(len(VOCABULARY), 0, -1), k=words)


def edited(source: random.Random, words: list[str], share: float) -> list[str]:
    """Each word is replaced, deleted or doubled with the given probability."""
    out: list[str] = []
    for word in words:
        if source.random() >= share:
            out.append(word)
        else:
            out.extend(source.choice([[source.choice(VOCABULARY)], [], [word, word]]))
    return out


def planted(seed: int) -> list[str]:
    """Copies, edits of 1 to 30 % of the words, shared boilerplate, templates with values, and unrelated texts."""
    source = random.Random(seed)
    documents: list[list[str]] = []
    for length in (30, 80, 300, 1500):
        for _ in range(6):
            page = prose(source, length)
            shares = (0.0, 0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3)
            documents += [page, *(edited(source, page, share) for share in shares)]
    boilerplate = prose(source, 120)
    documents += [boilerplate[:60] + prose(source, length) + boilerplate[60:] for length in (100, 200, 400) * 10]
    for values in (10, 60):
        template = prose(source, 200)
        documents += [template[:100] + prose(source, values) + template[100:] for _ in range(60)]
    documents += [prose(source, 800) for _ in range(60)]
    source.shuffle(documents)
    return [" ".join(words).capitalize() + "." for words in documents]


def true_pairs(documents: list[str], at_least: float) -> dict[tuple[int, int], float]:
    """Jaccard of word 5-grams of all pairs at or above a limit."""
    shingles = [five_grams(text) for text in documents]
    found = {(a, b): jaccard(shingles[a], shingles[b]) for a, b in itertools.combinations(range(len(documents)), 2)}
    return {pair: similarity for pair, similarity in found.items() if similarity >= at_least}


def five_grams(text: str) -> set[int]:
    words = text.lower().rstrip(".").split()
    return {hash(tuple(words[k : k + 5])) for k in range(len(words) - 4)}

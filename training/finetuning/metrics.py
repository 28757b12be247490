"""Scores of answers by their plain definitions, all in [0, 1] unless said otherwise.

Exact match and token F1 are those of SQuAD (Rajpurkar et al. 2016): without case, punctuation and articles. ROUGE (Lin
2004) is the F1 of n-grams, or of the longest common subsequence, on lower-case words without stemming.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

__all__ = ["METRICS", "exact_match", "macro_f1", "rouge_l", "rouge_n", "score", "token_f1"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_WORDS = re.compile(r"\w+")


def exact_match(found: str, wanted: str) -> float:
    return float(_plain(found) == _plain(wanted))


def token_f1(found: str, wanted: str) -> float:
    return _f1(Counter(_plain(found).split()), Counter(_plain(wanted).split()))


def rouge_n(found: str, wanted: str, n: int) -> float:
    return _f1(_ngrams(found, n), _ngrams(wanted, n))


def rouge_l(found: str, wanted: str) -> float:
    ours, theirs = _words(found), _words(wanted)
    common = _common_subsequence(ours, theirs)
    return 2 * common / (len(ours) + len(theirs)) if common else 0.0


def macro_f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Mean F1 of the classes that occur in `wanted`."""
    scores = []
    for label in sorted(set(wanted)):
        hits = sum(f == w == label for f, w in zip(found, wanted, strict=True))
        scores.append(2 * hits / (found.count(label) + wanted.count(label)) if hits else 0.0)
    return sum(scores) / len(scores)


def copied(found: str, source: str) -> float:
    """Share of the answer's word 4-grams that stand in its source; 0 for answers of fewer than 4 words."""
    ours, theirs = _ngrams(found, 4), _ngrams(source, 4)
    return sum(count for gram, count in ours.items() if gram in theirs) / ours.total() if ours else 0.0


METRICS: dict[str, tuple[str, ...]] = {
    "generate": ("exact_match", "rouge_l"),
    "summarise": ("rouge_1", "rouge_2", "rouge_l", "copied", "compression"),
    "answer": ("exact_match", "f1"),
    "extract": ("exact_match", "f1"),
    "label": ("accuracy", "macro_f1"),
    "classify": ("accuracy", "macro_f1"),
}

_EACH: dict[str, Callable[[str, str, str], float]] = {
    "exact_match": lambda found, wanted, source: exact_match(found, wanted),
    "f1": lambda found, wanted, source: token_f1(found, wanted),
    "rouge_1": lambda found, wanted, source: rouge_n(found, wanted, 1),
    "rouge_2": lambda found, wanted, source: rouge_n(found, wanted, 2),
    "rouge_l": lambda found, wanted, source: rouge_l(found, wanted),
    "copied": lambda found, wanted, source: copied(found, source),
    "compression": lambda found, wanted, source: len(_words(found)) / max(1, len(_words(source))),
    "accuracy": lambda found, wanted, source: float(found == wanted),
}


def score(kind: str, found: Sequence[str], wanted: Sequence[str], sources: Sequence[str]) -> dict[str, float]:
    """Mean of each metric of a kind of task. `compression` is words of the answer per word of its source."""
    means = {}
    for name in METRICS[kind]:
        if name == "macro_f1":
            means[name] = macro_f1(found, wanted)
        else:
            each = [_EACH[name](*texts) for texts in zip(found, wanted, sources, strict=True)]
            means[name] = sum(each) / len(each)
    return means


def _plain(text: str) -> str:
    """SQuAD's normal form."""
    bare = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.lower())


def _ngrams(text: str, n: int) -> Counter[tuple[str, ...]]:
    words = _words(text)
    return Counter(zip(*(words[start:] for start in range(n)), strict=False))


def _f1(ours: Counter[str] | Counter[tuple[str, ...]], theirs: Counter[str] | Counter[tuple[str, ...]]) -> float:
    """2 * common / (ours + theirs); two empty bags are equal."""
    if not ours and not theirs:
        return 1.0
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())  # type: ignore[operator]


def _common_subsequence(ours: Sequence[str], theirs: Sequence[str]) -> int:
    row = [0] * (len(theirs) + 1)
    for word in ours:
        previous = 0
        for at, other in enumerate(theirs, 1):
            previous, row[at] = row[at], previous + 1 if word == other else max(row[at], row[at - 1])
    return row[-1]

"""Slow twin of ngram training and scoring: modified Kneser-Ney with dictionaries, straight from the formula."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
Ngram = tuple[str, ...]


class Twin:
    def __init__(self, lines: Sequence[Sequence[str]], order: int, min_word_count: int, min_trigram_count: int) -> None:
        words = Counter(word for line in lines for word in line)
        self.vocabulary = {word for word, count in words.items() if count >= min_word_count}
        self.order = order
        self.min_count = min_trigram_count if order == 3 else 1
        framed = [[START, *(w if w in self.vocabulary else UNKNOWN for w in line), END] for line in lines]
        self.levels = [self._adjusted(framed, k) for k in range(1, order + 1)]

    def _adjusted(self, framed: list[list[str]], k: int) -> Counter[Ngram]:
        windows = [tuple(line[i : i + k]) for line in framed for i in range(len(line) - k + 1)]
        if k == self.order:
            return Counter(window for window in windows if k > 1 or window != (START,))
        longer = {tuple(line[i : i + k + 1]) for line in framed for i in range(len(line) - k)}
        counts = Counter(ngram[1:] for ngram in longer)
        if k > 1:
            counts.update(window for window in windows if window[0] == START)
        return counts

    def _discount(self, k: int, count: int) -> float:
        ns = Counter(self.levels[k - 1].values())
        found = [0.5, 1.0, 1.5]
        if all(ns[i] for i in (1, 2, 3, 4)):
            y = ns[1] / (ns[1] + 2 * ns[2])
            exact = [i - (i + 1) * y * ns[i + 1] / ns[i] for i in (1, 2, 3)]
            found = exact if all(0 < d <= i + 1 for i, d in enumerate(exact)) else found
        return found[min(count, 3) - 1]

    def probability(self, word: str, history: Ngram) -> float:
        k = len(history) + 1
        if k == 1:
            total = sum(self.levels[0].values())
            kept = {w: (c - self._discount(1, c)) / total for (w,), c in self.levels[0].items()}
            return kept.get(word, 0.0) + (1 - sum(kept.values())) / (len(self.vocabulary) + 2)
        following = {ngram[-1]: c for ngram, c in self.levels[k - 1].items() if ngram[:-1] == history}
        if not following:
            return self.probability(word, history[1:])
        total = sum(following.values())
        lowest = self.min_count if k == 3 else 1
        kept = {w: (c - self._discount(k, c)) / total for w, c in following.items() if c >= lowest}
        return kept.get(word, 0.0) + (1 - sum(kept.values())) * self.probability(word, history[1:])

    def words(self) -> list[str]:
        return [*sorted(self.vocabulary), UNKNOWN, END]

    def probabilities(self, line: Sequence[str]) -> list[float]:
        framed = [START, *(w if w in self.vocabulary else UNKNOWN for w in line), END]
        return [
            self.probability(framed[i], tuple(framed[max(0, i - self.order + 1) : i])) for i in range(1, len(framed))
        ]


def contexts(twin: Twin) -> list[Ngram]:
    seen: dict[Ngram, None] = defaultdict(lambda: None)
    for level in twin.levels[1:]:
        for ngram in level:
            seen[ngram[:-1]] = None
    return [(), *seen]

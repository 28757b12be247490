"""Which example of which source is the n-th of a run: a function of n, so there is nothing to save.

Sample n belongs to a source by a fixed pattern that holds the weights and repeats every 65,536 samples. It is the k-th
of its source, and the examples of a source come by a new permutation each epoch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from curation.errors import RecipeError
from training.data.order import key_of, permuted

__all__ = ["Mixture"]

_PERIOD = 1 << 16

Numbers = npt.NDArray[np.int64]


class Mixture:
    """`sizes`, `weights` and `names` by source; equal names, sizes and seeds give equal orders.

    A source whose size is a list of sizes has phases: its examples of one are read before those of the next.
    """

    def __init__(
        self, sizes: Sequence[int | Sequence[int]], weights: Sequence[float], names: Sequence[str], seed: int
    ) -> None:
        self._phases = [[size] if isinstance(size, int) else list(size) for size in sizes]
        self.sizes, self.names, self.seed = [sum(phases) for phases in self._phases], list(names), seed
        self.weights = [weight / sum(weights) for weight in weights]
        self._pattern, self._ordinals, self.counts = _pattern(self.weights)

    def samples(self, first: int, count: int) -> tuple[Numbers, Numbers]:
        """(source, example) of the samples first, first + 1, …; two int64 arrays [count]."""
        numbers = np.arange(first, first + count, dtype=np.int64)
        slots = numbers % _PERIOD
        sources = self._pattern[slots]
        ordinals = numbers // _PERIOD * self.counts[sources] + self._ordinals[slots]
        examples = np.empty_like(numbers)
        for source in np.unique(sources).tolist():
            examples[sources == source] = self._place(source, ordinals[sources == source])
        return sources, examples

    def epochs(self, samples: int) -> list[float]:
        """How often each source has been read after that many samples."""
        whole, rest = divmod(samples, _PERIOD)
        drawn = whole * self.counts + np.bincount(self._pattern[:rest], minlength=len(self.sizes))
        return [int(count) / size for count, size in zip(drawn, self.sizes, strict=True)]

    def _place(self, source: int, ordinals: Numbers) -> Numbers:
        size = self.sizes[source]
        epochs, positions = ordinals // size, ordinals % size
        examples = np.empty_like(ordinals)
        for epoch in np.unique(epochs).tolist():
            first = 0
            for number, count in enumerate(self._phases[source]):
                chosen = (epochs == epoch) & (positions >= first) & (positions < first + count)
                parts = (number,) if number else ()
                key = key_of(self.seed, self.names[source], source, epoch, *parts)
                examples[chosen] = first + permuted(positions[chosen] - first, count, key)
                first += count
        return examples


def _pattern(
    weights: Sequence[float],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each slot of a period its source and the how-manieth of that source it is; and counts by source.

    Counts are the weights by largest remainder. The k-th of n samples of a source stands at (k + 1/2) / n of the
    period, so every stretch of samples is close to the weights.
    """
    exact = np.asarray(weights) * _PERIOD
    counts = np.floor(exact).astype(np.int64)
    short = _PERIOD - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:short]] += 1
    if (counts == 0).any():
        number = int(np.flatnonzero(counts == 0)[0])
        found, expected = f"a share of {weights[number]:.1e}", f"at least {1 / _PERIOD:.1e}"
        raise RecipeError(f"data[{number}].weight", found, expected, "raise the weight or leave the source out")
    sources = np.repeat(np.arange(len(counts)), counts)
    ordinals = np.concatenate([np.arange(count) for count in counts])
    order = np.argsort((ordinals + 0.5) / counts[sources], kind="stable")
    return sources[order], ordinals[order], counts

"""Which tokens a step trains on, as a pure function: nothing to save, nothing to skip, no workers.

A window is `length` tokens and the one after them; windows of a split lie side by side, so every token is a target once
an epoch. Samples are numbered through the whole run, and the mixture says which window of which source a number is.
A step takes the next `batch` samples, and rank r of n takes every n-th of them from r. So a resumed run reads on where
it stopped, whatever the number of processes, and 1, 2 or 4 ranks together read the very same windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation.errors import IntegrityError, RecipeError
from curation.files import digest_of
from training.data.mixture import Mixture
from training.data.tokens import TokenizerFacts, TokenSplit

__all__ = ["Batch", "Loader", "Mixed"]

# Samples looked through at once.
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Mixed:
    """A split in a mixture. `weight` is its share of samples, by tokens when None; without `max_epochs` the limit is
    the split's own, which has one where its dataset has a mixture.
    """

    split: TokenSplit
    weight: float | None = None
    max_epochs: float | None = None


@dataclass(frozen=True)
class Batch:
    """tokens: int64 [windows, length + 1]; sources and windows: int64 [windows], where each row came from."""

    tokens: npt.NDArray[np.int64]
    sources: npt.NDArray[np.int64]
    windows: npt.NDArray[np.int64]


class Loader:
    """Batches of windows by step. `batch` is the number of windows in a step over all ranks."""

    def __init__(self, mixture: Sequence[Mixed], *, length: int, batch: int, seed: int) -> None:
        self.mixture, self.length, self.batch_windows, self.seed = tuple(mixture), length, batch, seed
        self.tokenizer = _same_tokenizer([part.split for part in mixture])
        self.windows = [_windows(part.split, length) for part in mixture]
        weights = [part.split.tokens if part.weight is None else part.weight for part in mixture]
        names = [part.split.fingerprint for part in mixture]
        self._order = Mixture([list(part) for part in self.windows], weights, names, seed)
        self.fingerprint = digest_of(
            {
                "splits": names,
                "weights": self._order.counts.tolist(),
                "length": length,
                "batch": batch,
                "seed": seed,
            }
        )

    def batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """What one rank reads in a step."""
        sources, windows = self.samples(step)
        sources, windows = sources[rank::world], windows[rank::world]
        tokens = np.empty((len(windows), self.length + 1), np.int64)
        for number, part in enumerate(self.mixture):
            mine = sources == number if len(self.mixture) > 1 else slice(None)
            tokens[mine] = part.split.read(self._starts(number, windows[mine]), self.length + 1)
        return Batch(tokens, sources, windows)

    def _starts(self, source: int, windows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """First token of each window. No window reaches from one phase into the next."""
        firsts = np.cumsum([0, *self.windows[source]])
        tokens = np.cumsum([0, *(phase.tokens for phase in self.mixture[source].split.phases)])
        phases = np.searchsorted(firsts, windows, side="right") - 1
        starts: npt.NDArray[np.int64] = tokens[phases] + (windows - firsts[phases]) * self.length
        return starts

    def samples(self, step: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(source, window) of every sample of a step, in order."""
        return self._order.samples(step * self.batch_windows, self.batch_windows)

    def windows_over(self, source: int, start: int, end: int) -> npt.NDArray[np.int64]:
        """Windows of a source that hold a token of [start, end) in its stream, as input or as the last target."""
        found, first, begin = [np.zeros(0, np.int64)], 0, 0
        for count, phase in zip(self.windows[source], self.mixture[source].split.phases, strict=True):
            low = max(0, (start - begin - self.length - 1) // self.length + 1)
            high = min(count, -(-(end - begin) // self.length))
            found.append(first + np.arange(low, max(low, high), dtype=np.int64))
            first, begin = first + count, begin + phase.tokens
        return np.concatenate(found)

    def steps_with(self, source: int, windows: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.int64]:
        """Those of the first `steps` steps that read one of the windows of a source."""
        found, block = [np.zeros(0, np.int64)], max(1, _BLOCK // self.batch_windows)
        for step in range(0, steps, block):
            count = min(block, steps - step) * self.batch_windows
            sources, read = self._order.samples(step * self.batch_windows, count)
            hits = np.flatnonzero((sources == source) & np.isin(read, windows))
            found.append(step + np.unique(hits // self.batch_windows))
        return np.concatenate(found)

    def epochs(self, steps: int) -> list[float]:
        """How often each source is read in a run of that many steps."""
        return self._order.epochs(steps * self.batch_windows)

    @property
    def weights(self) -> list[float]:
        """Share of the samples that each source gives, adding up to 1."""
        return self._order.weights

    def bytes_per_token(self) -> float:
        """UTF-8 bytes of text behind a token, on average over the mixture."""
        rates = [part.split.bytes / part.split.tokens for part in self.mixture]
        return sum(rate * weight for rate, weight in zip(rates, self.weights, strict=True))

    def check_epochs(self, steps: int) -> None:
        """Raise RecipeError where a source would be repeated more often than its limit allows."""
        for number, (part, epochs) in enumerate(zip(self.mixture, self.epochs(steps), strict=True)):
            most = part.split.max_epochs if part.max_epochs is None else part.max_epochs
            if most is not None and epochs > most:
                found = f"{epochs:.2f} epochs over {part.split.tokens:,} tokens"
                do = "train for fewer steps, give it less weight, or raise `max_epochs`"
                raise RecipeError(f"data[{number}]", found, f"at most {most:g}", do)


def _windows(split: TokenSplit, length: int) -> list[int]:
    """Windows of each phase. A phase shorter than one is passed over."""
    counts = [max(0, (phase.tokens - 1) // length) for phase in split.phases]
    if not any(counts):
        found, expected = f"{split.tokens} tokens", f"at least {length + 1}, one window"
        raise RecipeError(f"split `{split.name}`", found, expected, "take more data or a shorter context")
    return counts


def _same_tokenizer(splits: Sequence[TokenSplit]) -> TokenizerFacts:
    first = splits[0].tokenizer
    for number, split in enumerate(splits):
        if split.tokenizer.sha256 != first.sha256:
            found = f"tokenizer `{split.tokenizer.name}` {split.tokenizer.sha256[:12]}…"
            expected = f"`{first.name}` {first.sha256[:12]}… as in data[0]"
            raise IntegrityError(f"data[{number}]", found, expected, "tokenise all sources with one tokenizer")
    return first

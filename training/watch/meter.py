"""Tokens per second and share of the peak, counted over training steps only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

__all__ = ["Meter", "Rates", "memory_bytes"]


@dataclass(frozen=True)
class Rates:
    """Over the steps since the last lap. `mfu` is the share of the data sheet's peak, `of_roof` of the measured one."""

    tokens_per_second: float
    mfu: float | None
    of_roof: float | None


class Meter:
    """Counts tokens of all processes; time outside of `start` and `lap` (evaluation, checkpoints) does not count."""

    def __init__(
        self,
        flops_per_token: float,
        *,
        peak: float | None = None,
        roof: float | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._flops, self._peak, self._roof, self._clock = flops_per_token, peak, roof, clock
        self.start()

    def start(self) -> None:
        self._since, self._tokens = self._clock(), 0

    def count(self, tokens: int) -> None:
        self._tokens += tokens

    def lap(self) -> Rates:
        """Rates since `start` or the last lap."""
        rate = self._tokens / max(self._clock() - self._since, 1e-9)
        self.start()
        shares = [None if limit is None else rate * self._flops / limit for limit in (self._peak, self._roof)]
        return Rates(rate, *shares)


def memory_bytes(device: torch.device) -> int:
    """The most memory that was held so far: of the GPU, or of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

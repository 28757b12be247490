"""Effects in digits, the same wherever they are said."""

from __future__ import annotations

from training.ablation.statistics.estimates import Estimate

__all__ = ["said", "said_p", "signed"]


def signed(value: float) -> str:
    """Four decimals and a true minus."""
    return f"{value:+.4f}".replace("-", "−")


def said(estimate: Estimate) -> str:
    """The value with its interval, where it has one."""
    if estimate.low is None or estimate.high is None:
        return signed(estimate.value)
    return f"{signed(estimate.value)} [{signed(estimate.low)}, {signed(estimate.high)}]"


def said_p(p: float | None) -> str:
    if p is None:
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"

"""Proportions of a training split: how much of each source or language, how often, and in which phase.

Everything is counted in one unit (documents, bytes or tokens) with whole numbers by largest remainder. Documents of a
group stand in one fixed order, by a hash of their id; phases take from it one after the other, and again from its
beginning at its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation.errors import RecipeError, nearest

__all__ = ["Amounts", "Mixture", "Phase", "demands", "largest_remainder"]

Weights = dict[str, Annotated[float, Field(ge=0)]]
Quotas = dict[str, Annotated[int, Field(ge=0)]]
Amounts = dict[str, int]


# Quotas of several phases are rounded one by one, and so need a little more than their sum.
_SLACK = 1000


class _NoRoomError(RecipeError):
    """A whole of this size cannot be; another one may."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Phase(_Part):
    """`share` of the whole, in order. Weights and quotas that are not given are those of the mixture."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    share: float = Field(gt=0)
    weights: Weights | None = None
    quotas: Quotas | None = None


class Mixture(_Part):
    """Groups are named by `by`: `web`, `de`, or `web/de` for both; `*` and `?` in a name stand for any letters.

    Without `weights`, groups count by their size to the power of `temperature`; with them every group needs one, and
    groups under one name share it in that way. `quotas` fix amounts, in `unit`; the rest goes by weight. `total` is the
    size of the whole, by default the largest that no cap forbids. A group may be taken `max_repeats` times at most.
    `copies` takes documents of large duplicate clusters more often: {3: 2} twice those found at least three times.
    """

    by: tuple[Literal["source", "language"], ...] = Field(("source",), min_length=1, max_length=2)
    unit: Literal["documents", "bytes", "tokens"] = "documents"
    weights: Weights = {}
    temperature: float = Field(1.0, ge=0, le=1)
    quotas: Quotas = {}
    total: int | None = Field(None, gt=0)
    max_repeats: float = Field(1.0, gt=0)
    copies: dict[int, Annotated[int, Field(ge=1)]] = {}
    phases: tuple[Phase, ...] = ()
    seed: str = "0"

    @model_validator(mode="after")
    def _phases_once(self) -> Mixture:
        names = [phase.name for phase in self.phases]
        if len(set(names)) < len(names):
            raise ValueError("two phases of one name")
        return self

    def all_phases(self) -> tuple[Phase, ...]:
        return self.phases or (Phase(name="all", share=1.0),)


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to weights that add up to `total`; of equal remainders the first is raised."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    counts = [int(value) for value in exact]
    order = sorted(range(len(weights)), key=lambda k: (counts[k] - exact[k], k))
    for k in order[: total - sum(counts)]:
        counts[k] += 1
    return counts


def demands(mixture: Mixture, available: Amounts, most: Mapping[str, float]) -> dict[str, Amounts]:
    """What each phase takes of each group, in the mixture's unit.

    `available` is one epoch of each group, `most` how many epochs are allowed. Raises RecipeError, with the amount by
    which it falls short, for what cannot be met.
    """
    caps = {group: int(amount * most[group]) for group, amount in available.items()}
    if mixture.total is not None:
        found = _at(mixture, available, mixture.total)
        _check(found, available, caps, mixture)
        return found
    low = _least(mixture)
    while low < _least(mixture) + _SLACK and not _has_room(mixture, available, low):
        low += 1
    _check(_at(mixture, available, low), available, caps, mixture)
    high = max(low, sum(caps.values()))
    while low < high:
        middle = (low + high + 1) // 2
        if _has_room(mixture, available, middle) and _fits(_at(mixture, available, middle), caps):
            low = middle
        else:
            high = middle - 1
    if sum(available.values()) and not low:
        raise RecipeError("mixture", "nothing that may be taken", "a weight above 0", "see weights and `max_repeats`")
    return _at(mixture, available, low)


def _has_room(mixture: Mixture, available: Amounts, total: int) -> bool:
    """Whether phases of a whole of this size hold their quotas, and what is left goes to somebody."""
    try:
        _at(mixture, available, total)
    except _NoRoomError:
        return False
    return True


def _least(mixture: Mixture) -> int:
    """About the smallest whole that has room for its quotas: their parts are rounded up in one phase or the other."""
    phases, shares = mixture.all_phases(), sum(phase.share for phase in mixture.all_phases())
    own = [(sum(phase.quotas.values()), phase.share) for phase in phases if phase.quotas is not None]
    needed = [-(-total * shares // share) for total, share in own]
    return int(max([sum(mixture.quotas.values()), *needed, 0]))


def _at(mixture: Mixture, available: Amounts, total: int) -> dict[str, Amounts]:
    phases = mixture.all_phases()
    shares = [phase.share for phase in phases]
    sizes = largest_remainder(total, shares)
    found = {}
    for phase, size, common in zip(phases, sizes, _spread(mixture.quotas, shares), strict=True):
        quotas = common if phase.quotas is None else phase.quotas
        weights = mixture.weights if phase.weights is None else phase.weights
        found[phase.name] = _phase(mixture, phase.name, size, weights, quotas, available)
    return found


def _spread(quotas: Quotas, shares: Sequence[float]) -> list[Quotas]:
    """Quotas over phases, so that those of a phase together are its share of all of them."""
    left, parts = dict(quotas), []
    for together in largest_remainder(sum(quotas.values()), shares):
        part = dict(zip(left, largest_remainder(together, list(left.values())), strict=True))
        left = {name: amount - part[name] for name, amount in left.items()}
        parts.append(part)
    return parts


def _phase(mixture: Mixture, name: str, size: int, weights: Weights, quotas: Quotas, available: Amounts) -> Amounts:
    natural = {group: float(amount) ** mixture.temperature for group, amount in available.items()}
    where = f"mixture, phase `{name}`"
    fixed: Amounts = {}
    for pattern, amount in quotas.items():
        groups = _named(pattern, available, f"{where}, quota")
        for group in groups:
            if group in fixed:
                raise RecipeError(where, f"two quotas for `{group}`", "one", "make their names exclude each other")
        fixed.update(zip(groups, largest_remainder(amount, [natural[group] for group in groups]), strict=True))
    rest = size - sum(fixed.values())
    if rest < 0:
        found, do = f"quotas of {sum(fixed.values()):,} {mixture.unit}", "raise `total` or lower the quotas"
        raise _NoRoomError(where, found, f"at most {size:,}, {-rest:,} less", do)
    free = [group for group in available if group not in fixed]
    shares = _weighted(weights, {group: natural[group] for group in free}, available, where)
    if rest and not sum(shares.values()):
        found, do = f"{rest:,} {mixture.unit} beyond the quotas", "give a weight, or lower `total`"
        raise _NoRoomError(where, found, "a group with a weight above 0 to take them from", do)
    return {**fixed, **dict(zip(free, largest_remainder(rest, [shares[group] for group in free]), strict=True))}


def _weighted(weights: Weights, natural: dict[str, float], available: Amounts, where: str) -> dict[str, float]:
    """Each group by the first name that fits it; groups under one name share its weight by their size."""
    if not weights:
        return natural
    for pattern in weights:
        _named(pattern, available, f"{where}, weight")
    home = {group: next((p for p in weights if fnmatchcase(group, p)), None) for group in natural}
    sums = dict.fromkeys(weights, 0.0)
    for group, name in home.items():
        if name is None:
            raise RecipeError(where, f"no weight for `{group}`", "one for every group", 'name it, or "*" for the rest')
        sums[name] += natural[group]
    return {
        group: weights[name] * natural[group] / sums[name] if name is not None and sums[name] else 0.0
        for group, name in home.items()
    }


def _named(pattern: str, available: Amounts, where: str) -> list[str]:
    groups = [group for group in available if fnmatchcase(group, pattern)]
    if not groups:
        raise RecipeError(where, f"`{pattern}`, which no document belongs to", "a group", nearest(pattern, available))
    return groups


def _sums(found: dict[str, Amounts]) -> Amounts:
    sums: Amounts = {}
    for amounts in found.values():
        for group, amount in amounts.items():
            sums[group] = sums.get(group, 0) + amount
    return sums


def _fits(found: dict[str, Amounts], caps: Amounts) -> bool:
    return all(amount <= caps[group] for group, amount in _sums(found).items())


def _check(found: dict[str, Amounts], available: Amounts, caps: Amounts, mixture: Mixture) -> None:
    for group, amount in _sums(found).items():
        if amount > caps[group]:
            there, short = available[group], amount - caps[group]
            times = f", {amount / there:.2f} times the {there:,} there are" if there else ", and there are none"
            raise RecipeError(
                f"mixture, group `{group}`",
                f"{amount:,} {mixture.unit} wanted{times}",
                f"at most {caps[group]:,} by `max_repeats: {mixture.max_repeats:g}`, {short:,} less",
                "lower its weight, its quota or `total`, or raise `max_repeats`",
            )

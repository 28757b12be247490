"""Where phases cut the order of a group's documents, found without holding that order.

Documents stand by a 64-bit hash. A first pass adds up amounts by the hash's highest bits, a second looks into the bins
that cuts fall into. A cut is (whole epochs, hash): what lies before it are documents of smaller hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import mix_all

__all__ = ["BINS", "Cut", "find_cuts", "order_hashes", "times_taken"]

BINS = 1 << 12
_SHIFT = np.uint64(52)
_LAST = (1 << 64) - 1

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Census = Iterable[tuple[str, Hashes, Numbers]]  # group, hashes and amounts of some of its documents


class Cut(NamedTuple):
    """`amount` of the endless order lies before it: what was asked for, up to the end of the document there."""

    epoch: int
    hash: int
    amount: int


def order_hashes(words: npt.NDArray[np.uint64], key: int) -> Hashes:
    """Place of documents in the order, from their ids as (n, 2) words."""
    return mix_all(words[:, 1] ^ np.uint64(key))


def find_cuts(
    census: Iterable[Census], again: Iterable[Census], wanted: Mapping[str, Sequence[int]]
) -> dict[str, list[Cut]]:
    """A cut for each amount wanted of a group's endless order; both iterables give the same documents."""
    sums = _sums(census, wanted)
    totals = {group: int(bins.sum()) for group, bins in sums.items()}
    open_bins: dict[str, set[int]] = {}
    for group, amounts in wanted.items():
        ends = np.cumsum(sums[group])
        rests = {amount % totals[group] for amount in amounts if totals[group]}
        open_bins[group] = {int(np.searchsorted(ends, rest)) for rest in rests if rest}
    inside = _collect(again, open_bins)
    return {
        group: [_cut(amount, totals[group], sums[group], inside.get(group, {})) for amount in amounts]
        for group, amounts in wanted.items()
    }


def _sums(census: Iterable[Census], wanted: Mapping[str, Sequence[int]]) -> dict[str, Numbers]:
    sums = {group: np.zeros(BINS, np.int64) for group in wanted}
    for group, hashes, amounts in _flat(census):
        np.add.at(sums[group], (hashes >> _SHIFT).astype(np.int64), amounts)
    return sums


def _collect(census: Iterable[Census], wanted: Mapping[str, set[int]]) -> dict[str, dict[int, tuple[Hashes, Numbers]]]:
    found: dict[str, dict[int, list[tuple[Hashes, Numbers]]]] = {group: {} for group in wanted}
    for group, hashes, amounts in _flat(census):
        bins = (hashes >> _SHIFT).astype(np.int64)
        for number in wanted[group]:
            mine = bins == number
            if mine.any():
                found[group].setdefault(number, []).append((hashes[mine], amounts[mine]))
    return {group: {number: _sorted(pieces) for number, pieces in bins.items()} for group, bins in found.items()}


def _flat(census: Iterable[Census]) -> Iterator[tuple[str, Hashes, Numbers]]:
    for part in census:
        yield from part


def _sorted(pieces: list[tuple[Hashes, Numbers]]) -> tuple[Hashes, Numbers]:
    hashes = np.concatenate([hashes for hashes, _ in pieces])
    amounts = np.concatenate([amounts for _, amounts in pieces])
    order = np.argsort(hashes, kind="stable")
    return hashes[order], amounts[order]


def _cut(amount: int, total: int, sums: Numbers, inside: dict[int, tuple[Hashes, Numbers]]) -> Cut:
    epoch, rest = divmod(amount, total) if total else (0, 0)
    if not rest:
        return Cut(epoch, 0, epoch * total)
    number = int(np.searchsorted(np.cumsum(sums), rest))
    hashes, amounts = inside[number]
    ends = int(sums[:number].sum()) + np.cumsum(amounts)
    last = int(np.searchsorted(ends, rest))  # the document that brings it to what is wanted
    after = int(hashes[last]) + 1 if int(hashes[last]) < _LAST else _LAST
    return Cut(epoch, after, epoch * total + int(ends[last]))


def times_taken(hashes: Hashes, start: Cut, end: Cut) -> Numbers:
    """How often each document lies between two cuts."""
    before = (hashes < np.uint64(end.hash)).astype(np.int64) - (hashes < np.uint64(start.hash)).astype(np.int64)
    times: Numbers = before + (end.epoch - start.epoch)
    return times

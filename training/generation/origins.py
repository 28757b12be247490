"""Where a text may come from: its nearest training documents, and spans that stand in the shards word for word.

One pass over the token shards. Every stretch of `n` tokens of the texts is hashed; wherever a hash occurs in the shards
the tokens themselves are compared. Nearness of a document is the share of a text's distinct n-grams that stand in it.
Reading is vectorised and needs no index; figures of speed stand in benchmarks/.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.data.tokens import TokenSplit

__all__ = ["Nearest", "Origins", "Span", "find_origins"]

_CHUNK = 1 << 20
_FILTER_BITS = 20
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Nearest:
    """A training document; `shared` is the share of the text's n-grams that stand in it."""

    document: str
    split: str
    shared: float


@dataclass(frozen=True)
class Span:
    """`length` tokens from `start` of the text that stand in a training document at position `at` of its split."""

    start: int
    length: int
    document: str
    split: str
    at: int


@dataclass(frozen=True)
class Origins:
    """`copied` is the share of the text's tokens inside spans. Spans do not overlap, longest first chosen."""

    nearest: tuple[Nearest, ...]
    spans: tuple[Span, ...]
    copied: float


def find_origins(
    texts: Sequence[Sequence[int]],
    splits: Sequence[TokenSplit],
    *,
    n: int = 5,
    min_span: int = 10,
    documents: int = 3,
    matches: int = 1000,
) -> list[Origins]:
    """Origins of texts given as tokens. An n-gram is followed to about `matches` places at most."""
    arrays = [np.asarray(text, np.uint32) for text in texts]
    wanted = [_hashes(array, n) for array in arrays]
    known = np.unique(np.concatenate([*wanted, np.zeros(0, np.uint64)]))
    hits = list(_hits(splits, known, n, matches)) if len(known) else []
    return [
        _origins(array, hashes, splits, hits, (n, min_span, documents))
        for array, hashes in zip(arrays, wanted, strict=True)
    ]


def _hits(
    splits: Sequence[TokenSplit], known: Hashes, n: int, matches: int
) -> Iterator[tuple[int, Hashes, npt.NDArray[np.int64]]]:
    """(split, hashes, positions in its stream) of n-grams in the shards whose hash is known."""
    table = np.zeros(1 << _FILTER_BITS, np.bool_)
    table[_short(known)] = True
    counts = np.zeros(len(known), np.int64)
    for number, split in enumerate(splits):
        for shard, offset in zip(split.shards, split.starts.tolist(), strict=False):
            for begin in range(0, len(shard.tokens), _CHUNK):
                hashes = _hashes(shard.tokens[begin : begin + _CHUNK + n - 1], n)
                likely = np.flatnonzero(table[_short(hashes)])
                places = np.minimum(np.searchsorted(known, hashes[likely]), len(known) - 1)
                true = (known[places] == hashes[likely]) & (counts[places] < matches)
                np.add.at(counts, places[true], 1)
                if true.any():
                    yield number, hashes[likely[true]], likely[true] + begin + offset


def _hashes(tokens: npt.NDArray[Any], n: int) -> Hashes:
    """A 64-bit polynomial hash of every n tokens in a row; empty for fewer than n."""
    count = len(tokens) - n + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    total = np.zeros(count, np.uint64)
    for shift in range(n):
        total += tokens[shift : shift + count]
        total *= np.uint64(0x9E3779B97F4A7C15)
    return total


def _short(hashes: Hashes) -> Hashes:
    """The upper bits: the product has carried every token of the n-gram into them."""
    return hashes >> np.uint64(64 - _FILTER_BITS)


def _origins(
    text: npt.NDArray[np.uint32],
    hashes: Hashes,
    splits: Sequence[TokenSplit],
    hits: Sequence[tuple[int, Hashes, npt.NDArray[np.int64]]],
    settings: tuple[int, int, int],
) -> Origins:
    n, min_span, documents = settings
    starts = {int(value): at for at, value in reversed(list(enumerate(hashes.tolist())))}
    grams: dict[tuple[int, str], set[int]] = {}
    spans: dict[int, Span] = {}
    reach: dict[tuple[int, int], int] = {}
    for number, values, positions in hits:
        mine = np.isin(values, hashes)
        for value, at in zip(values[mine].tolist(), positions[mine].tolist(), strict=True):
            if not _same(splits[number], at, text[starts[value] : starts[value] + n]):
                continue
            document, first, end = splits[number].document_at(at)
            grams.setdefault((number, document), set()).add(value)
            for start in np.flatnonzero(hashes == value).tolist():
                # A longer span on the same diagonal has been followed already.
                if reach.get((number, at - start), -1) >= start:
                    continue
                length = _extent(text[start:], splits[number], at, end)
                reach[number, at - start] = start + length - n
                if length >= min_span and (start not in spans or spans[start].length < length):
                    spans[start] = Span(start, length, document, splits[number].name, at - first)
    return Origins(_nearest(grams, splits, len(starts), documents), *_chosen(spans, len(text)))


def _same(split: TokenSplit, at: int, wanted: npt.NDArray[np.uint32]) -> bool:
    """Whether the tokens behind a hash are the tokens it was made of."""
    return at + len(wanted) <= split.tokens and bool((split.read(np.array([at]), len(wanted))[0] == wanted).all())


def _extent(text: npt.NDArray[np.uint32], split: TokenSplit, at: int, end: int) -> int:
    """How many tokens agree from here on, inside of the document."""
    length = min(len(text), end - at)
    differs = np.flatnonzero(split.read(np.array([at]), length)[0] != text[:length])
    return int(differs[0]) if len(differs) else length


def _nearest(
    grams: dict[tuple[int, str], set[int]], splits: Sequence[TokenSplit], distinct: int, documents: int
) -> tuple[Nearest, ...]:
    ranked = sorted(grams.items(), key=lambda item: (-len(item[1]), item[0]))[:documents]
    return tuple(Nearest(name, splits[number].name, len(found) / distinct) for (number, name), found in ranked)


def _chosen(spans: dict[int, Span], length: int) -> tuple[tuple[Span, ...], float]:
    """Longest first, without overlap; and the share of the text that they cover."""
    covered = np.zeros(length, np.bool_)
    chosen = []
    for span in sorted(spans.values(), key=lambda span: (-span.length, span.start)):
        if not covered[span.start : span.start + span.length].any():
            covered[span.start : span.start + span.length] = True
            chosen.append(span)
    return tuple(sorted(chosen, key=lambda span: span.start)), float(covered.mean()) if length else 0.0

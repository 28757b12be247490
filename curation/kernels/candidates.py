"""Pairs worth comparing, from documents that share a band key: complete in small buckets, linear in large ones.

A bucket is all entries of one key. Within it entries stand by (order, rank, document): `order` holds further MinHash
values (`minhash.band_orders`), so likely duplicates are neighbours, and the best-ranked of equals comes first.

- Up to `WHOLE` entries: every pair.
- Larger: every entry is paired with the `HUBS` best-ranked of the bucket. A run of entries with equal order (copies of
  one page) is a chain: each with the first of the run and with the one before it. Firsts of runs are paired with the
  `WINDOW` firsts before them. That is at most HUBS + 2 + WINDOW pairs an entry, whatever the bucket holds.

What large buckets can lose: a pair of which neither is a hub and which stands more than WINDOW runs apart, and that in
every large bucket which it shares, and only if it shares no small one. Copies of one page never are: the best-ranked is
a hub of every bucket. Pages of one template with other values meet in large buckets by the rows that fall on the
template; true duplicates among them mostly share bands with rows on their values as well, and these buckets are small.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hashing import frozen
from curation.kernels.jit import helper, kernel
from curation.kernels.runs import occurs_again, run_starts, sorted_unique

__all__ = ["HUBS", "WHOLE", "WINDOW", "candidate_pairs"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]

HUBS = 4
WINDOW = 16
WHOLE = 2 * (HUBS + 2 + WINDOW)


def candidate_pairs(keys: Words, orders: Words, documents: Indexes, ranks: Words) -> tuple[Indexes, Indexes]:
    """Unique pairs (left < right, sorted) of documents that share a key. All inputs have one element per entry.

    `documents` are numbers below 2**32, given in the order of ids, so that ties do not depend on arrival.
    """
    # Few keys are shared, so only those entries are worth sorting with care.
    shared = np.flatnonzero(occurs_again(keys))
    sorting = shared[np.lexsort((documents[shared], ~ranks[shared], orders[shared], keys[shared]))]
    keys, orders, ranks = keys[sorting], orders[sorting], ranks[sorting]
    documents = documents[sorting].astype(np.int64)
    bounds = np.append(run_starts(keys), len(keys))
    sizes = np.diff(bounds)
    most = np.where(sizes <= WHOLE, sizes * (sizes - 1) // 2, sizes * (HUBS + 2 + WINDOW)).sum()
    pairs = np.empty(int(most), np.uint64)
    size = _pairs(frozen(bounds), frozen(orders), frozen(documents), frozen(ranks), pairs)
    found = sorted_unique(pairs[:size])
    return (found >> np.uint64(32)).astype(np.int64), (found & np.uint64(0xFFFFFFFF)).astype(np.int64)


@helper
def _add(pairs, size, a, b):  # type: ignore[no-untyped-def]
    """A pair as one word, the smaller document high. A document does not pair with itself."""
    pairs[size] = np.uint64(min(a, b)) << np.uint64(32) | np.uint64(max(a, b))
    return size + (a != b)


@helper
def _all(documents, start, end, pairs, size):  # type: ignore[no-untyped-def]
    for i in range(start + 1, end):
        for j in range(start, i):
            size = _add(pairs, size, documents[i], documents[j])
    return size


@helper
def _find_hubs(documents, ranks, start, end, hubs):  # type: ignore[no-untyped-def]
    """Entries of the best ranks, best first; ties to the smaller document."""
    for place in range(len(hubs)):
        hubs[place] = -1
    for i in range(start, end):
        entry = i
        for place in range(len(hubs)):
            other = hubs[place]
            if other < 0 or (ranks[entry], -documents[entry]) > (ranks[other], -documents[other]):
                hubs[place], entry = entry, other
            if entry < 0:
                break


@helper
def _linear(orders, documents, start, end, hubs, firsts, pairs, size):  # type: ignore[no-untyped-def]
    """Pairs of one large bucket. `firsts` is a ring of the latest firsts of runs."""
    runs = 0
    first = start
    for i in range(start, end):
        for hub in hubs:
            size = _add(pairs, size, documents[i], documents[hub])
        if i > start and orders[i] == orders[i - 1]:
            size = _add(pairs, size, documents[i], documents[first])
            size = _add(pairs, size, documents[i], documents[i - 1])
            continue
        first = i
        for back in range(min(runs, len(firsts))):
            size = _add(pairs, size, documents[i], documents[firsts[(runs - 1 - back) % len(firsts)]])
        firsts[runs % len(firsts)] = i
        runs += 1
    return size


@kernel
def _pairs(bounds, orders, documents, ranks, pairs):  # type: ignore[no-untyped-def]
    hubs, firsts = np.empty(HUBS, np.int64), np.empty(WINDOW, np.int64)
    size = np.int64(0)  # for a literal 0 the helpers would be compiled once more
    for bucket in range(len(bounds) - 1):
        start, end = bounds[bucket], bounds[bucket + 1]
        if end - start <= WHOLE:
            size = _all(documents, start, end, pairs, size)
        else:
            _find_hubs(documents, ranks, start, end, hubs)
            size = _linear(orders, documents, start, end, hubs, firsts, pairs, size)
    return size

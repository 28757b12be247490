"""Which split a document belongs to: a hash of its duplicate cluster, so near-copies never straddle train and test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import xxhash

__all__ = ["split_of"]


def split_of(clusters: Sequence[str], splits: Mapping[str, float], seed: str) -> npt.NDArray[np.object_]:
    """Names of splits for cluster ids. The share of a split is a share of clusters, not of documents or bytes."""
    hashes = np.array([xxhash.xxh3_64_intdigest(f"{seed}\0{cluster}".encode()) for cluster in clusters], np.uint64)
    # 53 bits make an exact float in [0, 1).
    position = (hashes >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    names = np.array(list(splits), object)
    bounds = np.cumsum(list(splits.values()))
    bounds[-1] = 1.0
    chosen: npt.NDArray[np.object_] = names[np.searchsorted(bounds, position, side="right")]
    return chosen

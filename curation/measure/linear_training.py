"""Training of the linear classifier: logistic regression by stochastic gradient descent, one thread, one order.

DCLM's way: documents that are wanted against documents as they come, the best share of the scores kept.
The same texts, parameters and seed give the same model, bit for bit.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curation.errors import ResourceError
from curation.kernels.hashed_ngrams import train_epoch
from curation.kernels.hashing import frozen
from curation.kernels.unicode_tables import character_classes, lower_case
from curation.measure.linear_model import LinearModel
from curation.schema import TEXT, text_buffers

__all__ = ["train_linear"]


def train_linear(
    positive: pa.Array,
    negative: pa.Array,
    *,
    bits: int = 20,
    max_n: int = 2,
    epochs: int = 5,
    rate: float = 0.5,
    l2: float = 0.0,
    seed: int = 0,
) -> LinearModel:
    """A model of 2**bits weights over n-grams of 1 to `max_n` tokens.

    Both classes weigh the same, however many documents they have. `rate` is AdaGrad's; each epoch has its own shuffled
    order. Raises ResourceError when a class has no document.
    """
    for name, column in (("positive", positive), ("negative", negative)):
        if len(column) == 0:
            raise ResourceError("training a classifier", f"no {name} documents", "at least one", "check the input")
    labels = np.repeat([1.0, 0.0], [len(positive), len(negative)])
    importance = np.repeat(len(labels) / 2 / np.array([len(positive), len(negative)]), [len(positive), len(negative)])
    data, offsets = text_buffers(_joined(positive, negative))
    weights, squares, bias = np.zeros(1 << bits, np.float32), np.zeros(1 << bits, np.float32), np.zeros(2)
    generator = np.random.Generator(np.random.PCG64(seed))
    losses: list[float] = []
    for _ in range(epochs):
        order = generator.permutation(len(labels))
        tables = character_classes(), lower_case()
        loss = train_epoch(
            frozen(data), frozen(offsets), *tables, labels, importance, order, weights, squares, bias, max_n, rate, l2
        )
        losses.append(loss / len(labels))
    about = {
        "documents": f"{len(positive)} positive, {len(negative)} negative",
        "parameters": f"bits={bits} max_n={max_n} epochs={epochs} rate={rate} l2={l2} seed={seed}",
        "log_loss": " ".join(f"{loss:.4f}" for loss in losses),
    }
    return LinearModel(frozen(weights), float(bias[0]), max_n, about)


def _joined(*columns: pa.Array) -> pa.Array:
    return pa.concat_arrays([column.cast(TEXT).fill_null("") for column in columns])

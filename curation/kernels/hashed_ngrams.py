"""Word n-grams as numbers of a hash table, for linear models: scoring, and one epoch of their training.

Tokens are those of `curation.kernels.words.next_word`, in lower case and with every ASCII digit read as 0. A token is a
64-bit hash; an n-gram hash folds its tokens from left to right; its low bits are the bucket. `classes` and `lower` are
the tables of `curation.kernels.unicode_tables`.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hashing import mix
from curation.kernels.jit import helper, kernel
from curation.kernels.utf8 import decode
from curation.kernels.words import next_word

__all__ = ["hash_token", "read_tokens", "score_documents", "train_epoch"]

_U = np.uint64
_BASIS, _PRIME = _U(14695981039346656037), _U(1099511628211)  # FNV-1a
_FOLD = _U(0x9E3779B97F4A7C15)


@helper
def hash_token(data, start, stop, lower):  # type: ignore[no-untyped-def]
    """uint64 of data[start:stop]: FNV-1a over folded code points, finished by the finalizer of XXH64."""
    hashed = _BASIS
    position = start
    while position < stop:
        byte = np.int64(data[position])
        if byte < 0x80:
            position += 1
            point = np.int64(48) if 48 <= byte <= 57 else np.int64(lower[byte])
        else:
            point, position = decode(data, position, stop)
            point = np.int64(lower[point])
        hashed = (hashed ^ _U(point)) * _PRIME
    return mix(hashed)


@helper
def read_tokens(data, start, end, classes, lower, tokens):  # type: ignore[no-untyped-def]
    """Writes the hashes of the tokens of data[start:end] to `tokens` (uint64, as long as the text): how many."""
    count = 0
    position = start
    while True:
        begin, position, _, _, _, _ = next_word(data, position, end, classes)
        if begin >= position:
            return count
        tokens[count] = hash_token(data, begin, position, lower)
        count += 1


@helper
def _sum_weights(tokens, count, weights, max_n):  # type: ignore[no-untyped-def]
    """Sum of weights over all n-grams of 1 to `max_n` tokens, and how many there are."""
    mask = _U(len(weights) - 1)
    total, ngrams = 0.0, 0
    for i in range(count):
        folded = tokens[i]
        total += np.float64(weights[folded & mask])
        for k in range(i + 1, min(i + max_n, count)):
            folded = mix(folded * _FOLD + tokens[k])
            total += np.float64(weights[folded & mask])
        ngrams += min(max_n, count - i)
    return total, ngrams


@helper
def _descend(tokens, count, weights, squares, max_n, gradient, rate, l2):  # type: ignore[no-untyped-def]
    """One AdaGrad step (Duchi et al. 2011) on the weight of every n-gram, in text order."""
    mask = _U(len(weights) - 1)
    for i in range(count):
        folded = tokens[i]
        for k in range(i, min(i + max_n, count)):
            if k > i:
                folded = mix(folded * _FOLD + tokens[k])
            bucket = folded & mask
            slope = gradient + l2 * weights[bucket]
            squares[bucket] += slope * slope
            weights[bucket] -= rate * slope / np.sqrt(squares[bucket] + 1e-12)


@helper
def _longest(offsets):  # type: ignore[no-untyped-def]
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    return longest


@kernel
def score_documents(data, offsets, classes, lower, weights, bias, max_n):  # type: ignore[no-untyped-def]
    """float64[n]: bias plus the mean weight of a document's n-grams (a logit); NaN for a document without tokens.

    `weights` is float32 with a power of two as length.
    """
    logits = np.full(len(offsets) - 1, np.nan)
    tokens = np.empty(_longest(offsets), np.uint64)
    for row in range(len(offsets) - 1):
        count = read_tokens(data, offsets[row], offsets[row + 1], classes, lower, tokens)
        if count:
            total, ngrams = _sum_weights(tokens, count, weights, max_n)
            logits[row] = bias + total / ngrams
    return logits


@kernel
def train_epoch(  # type: ignore[no-untyped-def]
    data, offsets, classes, lower, labels, importance, order, weights, squares, bias, max_n, rate, l2
):
    """One pass of logistic regression over the documents in `order`; changes `weights`, `squares` and `bias` in place.

    `labels` are 0.0 or 1.0, `importance` scales each document's gradient, `bias` is float64[2]: the bias and its sum of
    squared gradients. Returns the sum of importance times log loss before each step. Documents without tokens are left
    out.
    """
    tokens = np.empty(_longest(offsets), np.uint64)
    loss = 0.0
    for row in order:
        count = read_tokens(data, offsets[row], offsets[row + 1], classes, lower, tokens)
        if not count:
            continue
        total, ngrams = _sum_weights(tokens, count, weights, max_n)
        logit = bias[0] + total / ngrams
        margin = logit if labels[row] > 0.5 else -logit
        loss += importance[row] * (np.log1p(np.exp(-abs(margin))) + max(0.0, -margin))
        gradient = importance[row] * (1.0 / (1.0 + np.exp(-logit)) - labels[row])
        bias[1] += gradient * gradient
        bias[0] -= rate * gradient / np.sqrt(bias[1] + 1e-12)
        _descend(tokens, count, weights, squares, max_n, gradient / ngrams, rate, l2)
    return loss

"""Token ids of a column of texts, equal to the tokenizers library's own and several times as fast.

Words repeat: their ids come out of a cache over pre-tokens, which byte-pair models fill with a kernel of ours, other
models with the library. Documents that need the library's whole pipeline (an added token to be matched, a text to be
put in normal form) are given to it one and all, and so is everything when the pipeline is not a known one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.kernels.hashing import frozen
from curation.kernels.normal_form import FORM, find_unnormalized
from curation.kernels.token_cache import find_documents
from curation.schema import text_buffers
from curation.tokens.cache import TokenCache, joined
from curation.tokens.characters import composing_flags
from curation.tokens.pipeline import cut_of

__all__ = ["Encoded", "Encoder"]

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """tokens: uint16 or uint32 [all]; offsets: int64 [n + 1], document i is tokens[offsets[i]:offsets[i + 1]]."""

    tokens: npt.NDArray[Any]
    offsets: Numbers


class Encoder:
    """`tokenizer` is a `tokenizers.Tokenizer`; its truncation, padding and handling of special tokens are set here.

    Special tokens that stand in a text are text, unless `special_tokens` asks for their ids. None are added.
    """

    def __init__(self, tokenizer: Any, *, special_tokens: bool = False, fast: bool = True) -> None:
        self._library = tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = not special_tokens
        description = json.loads(tokenizer.to_str())
        self.vocabulary = 1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
        self._cut = cut_of(description) if fast else None
        self._added = _Words([token["content"] for token in _matched(description, special_tokens)])
        self._cache = None if self._cut is None else TokenCache(tokenizer, description, self._cut)

    @property
    def is_fast(self) -> bool:
        """Whether the pipeline is one that needs the library for new pre-tokens at most."""
        return self._cache is not None

    @property
    def dtype(self) -> Any:
        """The smallest of uint16 and uint32 that holds every id of the vocabulary."""
        return np.uint16 if self.vocabulary <= 1 << 16 else np.uint32

    def encode(self, texts: pa.Array, end_token: int | None = None) -> Encoded:
        """Ids of every text, each followed by `end_token` if there is one; null is an empty text."""
        ends = 0 if end_token is None else 1
        data, offsets = text_buffers(texts)
        asked = self._needs_library(data, offsets)
        slow = self._by_library(texts, asked)
        pieces, places = self._pieces(texts, asked, slow, ends)
        tokens = pieces[0] if len(pieces) == 1 else np.concatenate([np.zeros(0, self.dtype), *pieces])
        for row, ids in slow.items():
            tokens[places[row] : places[row] + len(ids)] = ids
        if end_token is not None:
            tokens[places[1:] - 1] = end_token
        return Encoded(tokens, places)

    def _needs_library(self, data: Bytes, offsets: Numbers) -> npt.NDArray[np.bool_]:
        if self._cut is None:
            return np.ones(len(offsets) - 1, np.bool_)
        asked = self._added.found_in(data, offsets)
        if self._cut.nfc:
            asked |= find_unnormalized(frozen(data), frozen(offsets), *composing_flags(), FORM)
        return asked

    def _by_library(self, texts: pa.Array, asked: npt.NDArray[np.bool_]) -> dict[int, list[int]]:
        rows = np.flatnonzero(asked)
        given = [text or "" for text in texts.take(pa.array(rows)).to_pylist()]
        encodings = self._library.encode_batch_fast(given, add_special_tokens=False)
        return {row: encoding.ids for row, encoding in zip(rows.tolist(), encodings, strict=True)}

    def _pieces(
        self, texts: pa.Array, asked: npt.NDArray[np.bool_], slow: dict[int, list[int]], ends: int
    ) -> tuple[list[npt.NDArray[Any]], Numbers]:
        """Tokens of stretches of documents with room for those of the library and for end tokens, and offsets."""
        counts = np.zeros(len(asked), np.int64)
        counts[list(slow)] = [len(ids) for ids in slow.values()]
        if self._cache is None or asked.all():
            places = np.concatenate([[0], np.cumsum(counts + ends)]).astype(np.int64)
            return [np.zeros(places[-1], self.dtype)], places
        return self._cache.encode(texts, asked, counts, ends, self.dtype)


def _matched(description: dict[str, Any], special_tokens: bool) -> list[dict[str, Any]]:
    """Added tokens that the library looks for in a text."""
    return [token for token in description.get("added_tokens", []) if special_tokens or not token["special"]]


class _Words:
    """A list of words as the kernel looks for them."""

    def __init__(self, words: list[str]) -> None:
        self._bytes, self._offsets = joined([word.encode() for word in words if word])
        self._first = np.zeros(256, np.bool_)
        self._first[self._bytes[self._offsets[:-1]]] = True

    def found_in(self, data: Bytes, offsets: Numbers) -> npt.NDArray[np.bool_]:
        if len(self._offsets) == 1:
            return np.zeros(len(offsets) - 1, np.bool_)
        found: npt.NDArray[np.bool_] = find_documents(
            frozen(data), frozen(offsets), self._bytes, self._offsets, self._first
        )
        return found

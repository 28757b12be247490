"""The cache over pre-tokens with its ways of being filled: see `kernels.token_cache` for the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.kernels.hash_tables import slots_for
from curation.kernels.hashing import frozen
from curation.kernels.token_cache import add_words, count_tokens, look_up, spread_tokens
from curation.schema import TEXT, text_buffers
from curation.tokens.characters import byte_letters, pretoken_classes
from curation.tokens.merges import Merges, vocabulary_of
from curation.tokens.pipeline import Cut

__all__ = ["TokenCache", "joined"]

_ENTRIES, _ARENA = 1 << 19, 1 << 23
_SPACE, _NOTHING = pa.scalar(" ", TEXT), pa.scalar("", TEXT)

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


class TokenCache:
    """Pre-tokens and their ids. Full, it begins anew; what it holds never shows in what comes out."""

    def __init__(self, tokenizer: Any, description: dict[str, Any], cut: Cut) -> None:
        from tokenizers import Tokenizer

        self._cut, self._model = cut, Tokenizer(tokenizer.model)
        self._merges = Merges.of(description) if cut.byte_level else None
        # Llama 3 takes a pre-token that is in the vocabulary whole, whatever the merges make of it.
        whole = vocabulary_of(description) if description["model"].get("ignore_merges") else {}
        letters = {letter: byte for byte, letter in byte_letters().items()}
        known = {token: whole[token] for token in whole if token and all(letter in letters for letter in token)}
        self._known = joined([bytes(letters[letter] for letter in token) for token in known])
        self._known_ids = np.array(list(known.values()), np.int64)
        self._entries, self._arena_bytes = max(_ENTRIES, 2 * len(known)), max(_ARENA, 2 * len(self._known[0]))
        self._begin()

    def _begin(self) -> None:
        self._keys = np.zeros(slots_for(self._entries), np.uint64)
        self._slots = np.zeros(len(self._keys), np.int32)
        self._starts, self._sizes = np.empty(self._entries, np.int64), np.empty(self._entries, np.int32)
        self._arena, self._used = np.empty(self._arena_bytes, np.uint8), np.zeros(2, np.int64)
        self._stops, self._pool = np.zeros(self._entries + 1, np.int64), np.empty(1 << 16, np.int64)
        add_words(*self._known, *self._table())
        self._pool = np.concatenate([self._known_ids, self._pool])
        self._filled = len(self._known_ids)
        self._stops[: self._filled + 1] = np.arange(self._filled + 1)

    def _table(self) -> tuple[Any, ...]:
        return self._keys, self._slots, self._starts, self._sizes, self._arena, self._used

    def encode(
        self, texts: pa.Array, skipped: npt.NDArray[np.bool_], counts: Numbers, ends: int, dtype: Any
    ) -> tuple[list[npt.NDArray[Any]], Numbers]:
        """Tokens of stretches of documents with room for those of skipped ones and for `ends` more, and offsets.

        `counts` holds the tokens of skipped documents and receives those of the others.
        """
        data, offsets = text_buffers(_with_space(texts, self._cut.byte_level) if self._cut.prefix else texts)
        classes, family, digits = pretoken_classes(), self._cut.family, self._cut.digits
        out = np.empty(int(offsets[-1] - offsets[0]), np.int32)
        stops, pieces, done = np.zeros(len(counts), np.int64), [], 0
        while done < len(counts):
            last = look_up(
                *(frozen(data), frozen(offsets), done, skipped, family, digits, classes), *self._table(), out, stops
            )
            self._fill()
            own = np.where(skipped, counts, 0)
            count_tokens(out, stops, done, last, self._stops, own)
            counts[done:last] = np.where(skipped, counts, own)[done:last]
            places = np.concatenate([[0], np.cumsum(counts[:last] + ends)]).astype(np.int64)
            pieces.append(np.zeros(places[last] - places[done], dtype))
            spread_tokens(out, stops, done, last, self._stops, self._pool, places - places[done], pieces[-1])
            self._make_room(last == done, last == len(counts))
            done = last
        return pieces, places

    def _make_room(self, stuck: bool, finished: bool) -> None:
        if stuck and self._is_new:  # one document alone is more than an empty cache holds
            self._entries, self._arena_bytes = 2 * self._entries, 2 * self._arena_bytes
        if not finished:
            self._begin()
        self._is_new = not finished

    _is_new = True

    def _fill(self) -> None:
        """Ids of the entries that have none yet."""
        used, arena_end = self._used.tolist()
        while self._filled < used:
            number = self._filled
            room = int(self._stops[number]) + arena_end - int(self._starts[number])
            if room > len(self._pool):
                self._pool = np.concatenate([self._pool, np.empty(max(room, len(self._pool)), np.int64)])
            if self._merges is not None:
                self._filled = self._merges.encode(self._table(), number, used, self._pool, self._stops)
            if self._filled == number:
                self._filled = self._by_library(number, number + 1 if self._merges is not None else used)

    def _by_library(self, first: int, last: int) -> int:
        words = [self._word(number) for number in range(first, last)]
        for number, encoding in enumerate(self._model.encode_batch_fast(words, add_special_tokens=False), first):
            at = int(self._stops[number])
            end = at + len(encoding.ids)
            if end > len(self._pool):
                self._pool = np.concatenate([self._pool, np.empty(end, np.int64)])
            self._pool[at:end] = encoding.ids
            self._stops[number + 1] = end
        return last

    def _word(self, number: int) -> str:
        start = int(self._starts[number])
        content = self._arena[start : start + int(self._sizes[number])].tobytes()
        return content.decode("latin-1").translate(byte_letters()) if self._cut.byte_level else _marked(content)


def _marked(content: bytes) -> str:
    return content.decode().replace(" ", "▁")


def _with_space(texts: pa.Array, byte_level: bool) -> pa.Array:
    """A space before every text that has something in it and does not begin with one.

    Where spaces become the mark `▁`, a text may also begin with the mark; to byte-level tokenizers it is a letter.
    """
    texts = texts.cast(TEXT).fill_null("")
    begun = pc.starts_with(texts, " ")
    if not byte_level:
        begun = pc.or_(begun, pc.starts_with(texts, "▁"))
    kept = pc.or_(begun, pc.equal(pc.binary_length(texts), 0))
    return pc.if_else(kept, texts, pc.binary_join_element_wise(_SPACE, texts, _NOTHING))


def joined(words: list[bytes]) -> tuple[Bytes, Numbers]:
    """Words side by side, and n + 1 offsets."""
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return np.frombuffer(b"".join(words), np.uint8).copy(), offsets

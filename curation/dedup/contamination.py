"""Evaluation items in training text: found word by word, and every find explained.

Questions, passages and long answers are looked for, normalized, so case, punctuation and line breaks do not hide them.
A find counts if `share` of the part's words is met, or `run_words` of them in a row; a changed, added or missing word
only costs itself. Parts shorter than `min_words` occur by chance: such a question counts only if it is complete and its
answer stands within `answer_within` words of it; without answer it is not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.benchmarks import Item
from curation.kernels.normalize import Rules, normalize, normalize_traced, widths
from curation.kernels.overlap import Needles, Overlaps, find_overlaps, index_needles
from curation.kernels.shingles import TokenTable, token_table
from curation.schema import TEXT, text_buffers

__all__ = ["HIT", "Index", "build_index", "find_hits"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]
Part = Literal["question", "answer", "passage"]

# `start` and `end` are bytes of the document's UTF-8 text, `share` is of the part's words, `run` in words. `answered`
# tells whether the answer of the item stands near the find.
HIT = pa.struct(
    [
        pa.field("item", pa.string()),
        pa.field("part", pa.string()),
        pa.field("share", pa.float64()),
        pa.field("run", pa.int32()),
        pa.field("start", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("answered", pa.bool_()),
    ]
)
# Seeds of four words: of eight words with one changed, four in a row are left.
SEED_WORDS = 4
_NEVER = np.iinfo(np.int64).max


class Index(NamedTuple):
    """What is looked for. A needle is one part of one item."""

    needles: Needles
    items: list[str]
    parts: list[Part]
    lengths: Indexes
    enough: Indexes  # words that must be met
    short: npt.NDArray[np.bool_]  # counts only with its answer
    answers: list[Words]  # word hashes


def build_index(items: Sequence[Item], share: float, min_words: int, common_above: int) -> Index:
    """Index of all parts that can be looked for. Seeds that stand in more than `common_above` places are left out."""
    table = _tokens(pa.array([part for item in items for part in (item.question, item.answer, item.passage)], TEXT))
    lengths = np.diff(table.offsets)
    number = np.arange(len(lengths))
    kind, answer = number % 3, number - number % 3 + 1
    long = lengths >= min_words
    short = (kind == 0) & ~long & (lengths >= SEED_WORDS) & (lengths[answer] > 0)
    chosen = np.flatnonzero(long | short)
    spans = [slice(table.offsets[k], table.offsets[k + 1]) for k in range(len(lengths))]
    tokens = np.concatenate([table.hashes[spans[k]] for k in chosen] or [table.hashes[:0]])
    offsets = np.concatenate(([0], np.cumsum(lengths[chosen])))
    names: tuple[Part, Part, Part] = ("question", "answer", "passage")
    return Index(
        needles=index_needles(tokens, offsets, SEED_WORDS, common_above),
        items=[items[int(k) // 3].id for k in chosen],
        parts=[names[k % 3] for k in chosen],
        lengths=lengths[chosen],
        enough=np.where(short, lengths, np.ceil(share * lengths - 1e-9)).astype(np.int64)[chosen],
        short=short[chosen],
        answers=[table.hashes[spans[answer[k]]] for k in chosen],
    )


def find_hits(index: Index, text: pa.Array, run_words: int | None, answer_within: int) -> list[list[dict[str, Any]]]:
    """For every text the finds (fields of HIT), in the order in which they stand."""
    hits: list[list[dict[str, Any]]] = [[] for _ in range(len(text))]
    table = _tokens(text)
    found = find_overlaps(table.hashes, table.offsets, index.needles, index.enough, run_words or _NEVER)
    if not len(found.row):
        return hits
    answered = _answered(index, found, table, answer_within)
    counts = np.flatnonzero(answered | ~index.short[found.needle])
    rows = np.unique(found.row[counts])
    places = _source_bytes(text.take(pa.array(rows)))
    for k in counts:
        needle, starts_ends = found.needle[k], places[np.searchsorted(rows, found.row[k])]
        hits[found.row[k]].append(
            {
                "item": index.items[needle],
                "part": index.parts[needle],
                "share": found.matched[k] / index.lengths[needle],
                "run": int(found.run[k]),
                "start": int(starts_ends[0][found.first[k]]),
                "end": int(starts_ends[1][found.last[k]]),
                "answered": bool(answered[k]),
            }
        )
    return hits


def _tokens(text: pa.Array) -> TokenTable:
    return token_table(*normalize(*text_buffers(text), Rules()), "auto")


def _answered(index: Index, found: Overlaps, table: TokenTable, within: int) -> npt.NDArray[np.bool_]:
    """Whether all words of the answer stand in a row within `within` words before or after the find."""
    out = np.zeros(len(found.row), np.bool_)
    for k in range(len(found.row)):
        answer = index.answers[found.needle[k]]
        start, end = table.offsets[found.row[k]], table.offsets[found.row[k] + 1]
        first, last = start + found.first[k], start + found.last[k] + 1
        before = table.hashes[max(first - within - len(answer), start) : first]
        after = table.hashes[last : min(last + within + len(answer), end)]
        out[k] = index.parts[found.needle[k]] != "answer" and (_contains(before, answer) or _contains(after, answer))
    return out


def _contains(tokens: Words, wanted: Words) -> bool:
    if not len(wanted) or len(tokens) < len(wanted):
        return False
    return bool((np.lib.stride_tricks.sliding_window_view(tokens, len(wanted)) == wanted).all(axis=1).any())


def _source_bytes(text: pa.Array) -> list[tuple[Indexes, Indexes]]:
    """For every text the first byte and the byte after each of its tokens, counted from the start of the text."""
    data, offsets = text_buffers(text)
    normal, normal_offsets, sources = normalize_traced(data, offsets, Rules())
    table = token_table(normal, normal_offsets, "auto")
    places = []
    for k in range(len(text)):
        rows = slice(table.offsets[k], table.offsets[k + 1])
        last = sources[table.ends[rows] - 1]
        places.append((sources[table.starts[rows]] - offsets[k], last + widths(data[last]) - offsets[k]))
    return places

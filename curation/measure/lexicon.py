"""Words of a list in a text: profanity, toxicity, or whatever the lists that the user names hold.

C4's reading: letter case does not matter, an entry stands between word boundaries, except in Japanese, Thai and
Chinese, which write no space between words. RE2 finds the documents that hold an entry at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from curation.kernels.hashing import frozen
from curation.kernels.word_counts import WORDS
from curation.measure.url_rules import read_list
from curation.measure.word_counts import count_words
from curation.operator import Contract, Operator, Resources
from curation.schema import TEXT, text_buffers

__all__ = ["UNBOUNDED", "Lexicon", "entries_pattern"]

UNBOUNDED = frozenset({"ja", "th", "zh"})
_MEASURES = {"matches": pa.int64(), "distinct": pa.int64(), "score": pa.float64()}
# RE2 limits the memory of one pattern; large lists are asked for in turns.
_ENTRIES_A_SIEVE = 400
# RE2 knows ASCII boundaries; every boundary of Python's is one.
_SIEVE = {False: "(?i){}", True: "(?i)(?:^|[^0-9A-Za-z_])(?:{})(?:[^0-9A-Za-z_]|$)"}


class Lexicon(Operator):
    """`lists`: language code to list file (one entry a line, `#` starts a comment).

    Adds `lexicon.<label>_matches` (occurrences, left to right, the longest entry first, without overlap), `_distinct`
    (different entries) and `_score`: matches / words, words being tokens of `curation.kernels.words` that are not only
    punctuation; 0 where there is no word. With `language`, the name of an attribute, a document meets the list of its
    own language, and one whose language has none gets nulls; without, every document meets all lists.
    Entries in `allow` are not counted.
    """

    contract: ClassVar[Contract] = Contract(
        "lexicon", 1, "annotate", adds={f"lexicon.flagged_{name}": kind for name, kind in _MEASURES.items()}
    )

    lists: dict[str, str] = Field(min_length=1)
    label: str = Field(default="flagged", pattern=r"^[a-z][a-z0-9_]*$")
    language: str | None = None
    allow: tuple[str, ...] = Field(default=(), strict=False)

    def adds(self) -> Mapping[str, pa.DataType]:
        return {f"lexicon.{self.label}_{name}": kind for name, kind in _MEASURES.items()}

    def resources(self) -> Resources:
        return Resources.of(*self.lists.values())

    def open(self) -> None:
        for language in self.lists:
            self._entries(language)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text").cast(TEXT)
        matches, distinct = np.zeros(batch.num_rows, np.int64), np.zeros(batch.num_rows, np.int64)
        missing = np.full(batch.num_rows, self.language is not None)
        for language in self.lists:
            rows = self._rows(batch, language)
            missing[rows] = False
            entries = self._entries(language)
            for row in rows[_holds(column.take(pa.array(rows)), entries.sieves)].tolist():
                found = [match.group().lower() for match in entries.pattern.finditer(column[row].as_py())]
                matches[row] += len(found)
                distinct[row] += len(set(found))
        columns = (matches, distinct, _share(column, matches))
        names = (f"lexicon.{self.label}_{name}" for name in _MEASURES)
        return pa.RecordBatch.from_pydict(
            {name: pa.array(values, mask=missing) for name, values in zip(names, columns, strict=True)}
        )

    def _rows(self, batch: pa.RecordBatch, language: str) -> npt.NDArray[np.int64]:
        if self.language is None:
            return np.arange(batch.num_rows)
        same = pc.equal(batch.column(self.language), pa.scalar(language)).fill_null(False)
        return np.flatnonzero(same.to_numpy(zero_copy_only=False)).astype(np.int64)

    def _entries(self, language: str) -> _Entries:
        bounded = language.split("-")[0].lower() not in UNBOUNDED
        return _compiled(read_list(self.lists[language]), frozenset(word.lower() for word in self.allow), bounded)


class _Entries(NamedTuple):
    pattern: re.Pattern[str]
    sieves: tuple[str, ...]


@lru_cache(maxsize=64)
def _compiled(listed: frozenset[str], allowed: frozenset[str], bounded: bool) -> _Entries:
    entries = sorted(listed - allowed)
    pattern = entries_pattern(entries)
    sieves = tuple(
        _SIEVE[bounded].format("|".join(map(_quoted, entries[first : first + _ENTRIES_A_SIEVE])))
        for first in range(0, len(entries), _ENTRIES_A_SIEVE)
    )
    return _Entries(re.compile(rf"(?<!\w){pattern}(?!\w)" if bounded else pattern, re.IGNORECASE), sieves)


def entries_pattern(entries: Iterable[str]) -> str:
    """A pattern for any of the entries that tries each first character once, and longer entries before shorter ones."""
    tree: dict[str, dict] = {}  # type: ignore[type-arg]
    for entry in entries:
        node = tree
        for character in entry:
            node = node.setdefault(character, {})
        node[""] = {}
    return _branch(tree) if tree else r"(?!)"


def _branch(tree: dict[str, dict]) -> str:  # type: ignore[type-arg]
    branches = [re.escape(character) + _branch(rest) for character, rest in sorted(tree.items()) if character]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)})" + ("?" if "" in tree else "")


def _quoted(entry: str) -> str:
    r"""An entry as RE2 takes it literally: `\` before every ASCII character that is no letter or digit."""
    return re.sub(r"([^0-9A-Za-z\x80-\U0010ffff])", r"\\\1", entry)


def _holds(column: pa.Array, sieves: Iterable[str]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(column), np.bool_)
    for sieve in sieves:
        found |= pc.match_substring_regex(column, sieve).fill_null(False).to_numpy(zero_copy_only=False)
    return found


def _share(column: pa.Array, matches: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Matches over words; words are counted where there is a match."""
    rows = np.flatnonzero(matches)
    data, offsets = text_buffers(column.take(pa.array(rows)))
    words = count_words((frozen(data), frozen(offsets)))[:, WORDS]
    share = np.zeros(len(column))
    share[rows] = matches[rows] / np.maximum(words, 1)
    return share

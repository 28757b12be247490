"""Rules compare measured attributes with limits. Every rule is evaluated for every document.

Which rules a document failed is kept as a bit set: `failed_rules` is fixed-size binary, bit i (little-endian bit order)
stands for rule i of the list. So a new threshold can be tried from the attributes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Rule", "decide", "failed_matrix", "pack", "unpack"]


class Rule(BaseModel):
    """A document passes when its attribute lies within every limit that is given.

    `min` and `max` are inclusive, `above` and `below` exclusive; `allow` and `deny` list words for attributes that
    hold text. `when` restricts the rule to documents whose attributes hold one of the listed words, for example
    {"language.label": ("de", "fr")}. A missing value (null or NaN) fails the rule unless `on_missing` is "keep".

    `by` names an attribute of words and `limits` the limit for some of them, in place of the one limit that the rule
    gives for all others: {by: language.label, max: 0.2, limits: {cs: 0.206, de: null}}; null is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: str
    attribute: str
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] | None = None
    when: dict[str, tuple[str, ...]] | None = None
    by: str | None = None
    limits: dict[str, float | None] | None = None
    on_missing: Literal["drop", "keep"] = "drop"

    @model_validator(mode="after")
    def _has_one_kind_of_limit(self) -> Rule:
        numbers = [self.min, self.max, self.above, self.below]
        words = [self.allow, self.deny]
        if any(n is not None for n in numbers) == any(w is not None for w in words):
            raise ValueError("a rule takes limits for numbers (min, max, above, below) or for words (allow, deny)")
        if (self.by is None) != (self.limits is None):
            raise ValueError("`by` (an attribute) and `limits` (a limit for each of its words) come together")
        if self.by is not None and (self.compares_words or sum(n is not None for n in numbers) != 1):
            raise ValueError("with `by` a rule takes one limit for numbers (min, max, above or below), for all others")
        return self

    @property
    def compares_words(self) -> bool:
        return self.allow is not None or self.deny is not None

    def conditions(self) -> tuple[str, ...]:
        """Attributes of words that the rule looks at besides its own."""
        return (*(self.when or {}), *([self.by] if self.by is not None else []))

    def fails(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """True for each row that fails."""
        column = batch.column(self.attribute)
        failed = self._word_failures(column) if self.compares_words else self._number_failures(batch)
        return failed & self.applies(batch)

    def _number_failures(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        column = batch.column(self.attribute)
        # Integers are compared as float64: exact up to 2**53, far above any count of characters.
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        failed = np.isnan(values) if self.on_missing == "drop" else np.zeros(len(values), np.bool_)
        for limit, outside in (
            (self.min, np.less),
            (self.max, np.greater),
            (self.above, np.less_equal),
            (self.below, np.greater_equal),
        ):
            if limit is not None:
                failed |= outside(values, self.limit_of(batch, limit))
        return failed

    def limit_of(self, batch: pa.RecordBatch, limit: float) -> float | npt.NDArray[np.float64]:
        """The limit; with `by` that of each row, NaN (which nothing exceeds) where there is none."""
        if self.by is None or self.limits is None:
            return limit
        own = [np.nan if each is None else each for each in self.limits.values()]
        words = pc.index_in(batch.column(self.by), value_set=pa.array(self.limits, batch.column(self.by).type))
        places = words.fill_null(len(own)).to_numpy(zero_copy_only=False)
        limits: npt.NDArray[np.float64] = np.array([*own, limit], np.float64)[places]
        return limits

    def _word_failures(self, column: pa.Array) -> npt.NDArray[np.bool_]:
        missing = _to_bool(column.is_null())
        failed = missing & (self.on_missing == "drop")
        if self.allow is not None:
            failed |= ~_is_in(column, self.allow) & ~missing
        if self.deny is not None:
            failed |= _is_in(column, self.deny)
        return failed

    def applies(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """True for each row that `when` lets the rule judge."""
        applies = np.ones(batch.num_rows, np.bool_)
        for attribute, words in (self.when or {}).items():
            applies &= _is_in(batch.column(attribute), words)
        return applies


def failed_matrix(batch: pa.RecordBatch, rules: Sequence[Rule]) -> npt.NDArray[np.bool_]:
    """Shape (rules, rows): True where a rule fails."""
    if not rules:
        return np.zeros((0, batch.num_rows), np.bool_)
    return np.stack([rule.fails(batch) for rule in rules])


def decide(batch: pa.RecordBatch, rules: Sequence[Rule]) -> pa.RecordBatch:
    """The batch with `failed_rules`, the bit set of rules that each row fails."""
    return batch.append_column("failed_rules", pack(failed_matrix(batch, rules)))


def pack(failed: npt.NDArray[np.bool_]) -> pa.Array:
    """Bit sets from a (rules, rows) matrix, as fixed-size binary of at least one byte."""
    rules, rows = failed.shape
    width = max(1, -(-rules // 8))
    bits = np.zeros((rows, width), np.uint8)
    if rules:
        packed = np.packbits(failed, axis=0, bitorder="little")
        bits[:, : len(packed)] = packed.T
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), rows, [None, pa.py_buffer(bits.tobytes())])


def unpack(column: pa.Array, rules: int) -> npt.NDArray[np.bool_]:
    """The (rules, rows) matrix behind a column of bit sets."""
    width = column.type.byte_width
    data = np.frombuffer(column.buffers()[1], np.uint8)[column.offset * width : (column.offset + len(column)) * width]
    return np.unpackbits(data.reshape(len(column), width), axis=1, bitorder="little")[:, :rules].T.astype(np.bool_)


def _is_in(column: pa.Array, words: Sequence[str]) -> npt.NDArray[np.bool_]:
    return _to_bool(pc.is_in(column, value_set=pa.array(words, column.type)))


def _to_bool(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)

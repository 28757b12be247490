"""Exact duplicates: equal text, equal normalized text, equal URL, or equal value of any field."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import model_validator

from curation.dedup.grouping import Grouping, GroupingContract
from curation.dedup.survivors import field_values
from curation.kernels.hashing import hash_ranges128
from curation.kernels.normalize import Rules, normalize
from curation.schema import TEXT, text_buffers

__all__ = ["Exact", "normalize_urls"]

Keys = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]

# Keys of documents that have nothing to compare are made from other things than keys of values, and set apart by
# these constants, so that the two kinds never meet.
_ALONE = np.uint64(0xA5A5A5A5C3C3C3C3)
_RAW = np.uint64(0x3C3C3C3C5A5A5A5A)


class Exact(Grouping):
    """Documents that agree in one thing, by a 128-bit hash.

    on      text:        the bytes as they are
            normalized:  letters and digits only, see the other parameters; texts without any (such as "!!!") are
                         compared as they are
            url:         normalized as C4 does, see `normalize_urls`
            field:       the value of `field`, a column or a field of the JSON object in `meta`
    A document without URL or value is never a duplicate.
    """

    contract: ClassVar[GroupingContract] = GroupingContract(
        name="exact", version=1, reads=("id", "source", "url", "text", "meta")
    )
    method: ClassVar[Literal["equal", "linked", "units", "passages"]] = "equal"

    on: Literal["text", "normalized", "url", "field"] = "text"
    field: str | None = None
    fold_case: bool = True
    strip_marks: bool = True
    spell_digits: bool = False
    drop_symbols: bool = True

    @model_validator(mode="after")
    def _field_is_named(self) -> Self:
        if (self.on == "field") != (self.field is not None):
            raise ValueError("`field` goes with `on: field`, and `on: field` needs `field`")
        return self

    @property
    def compares_texts(self) -> bool:
        return self.on in ("text", "normalized")

    def keys(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`key_hi`, `key_lo` and `row`, exactly one row per document, in the order of the batch."""
        high, low = self._hashes(batch)
        row = np.arange(batch.num_rows, dtype=np.int32)
        return pa.RecordBatch.from_arrays([pa.array(high), pa.array(low), pa.array(row)], ["key_hi", "key_lo", "row"])

    def _hashes(self, batch: pa.RecordBatch) -> Keys:
        if self.on == "text":
            return _hash_column(batch.column("text"))
        if self.on == "normalized":
            return self._normalized(batch.column("text"))
        values = normalize_urls(batch.column("url")) if self.on == "url" else _values(batch, str(self.field))
        return _with_others(_hash_column(values), _hash_column(batch.column("id")), _missing(values), _ALONE)

    def _normalized(self, text: pa.Array) -> Keys:
        rules = Rules(self.fold_case, self.strip_marks, self.spell_digits, self.drop_symbols)
        data, offsets = normalize(*text_buffers(text), rules)
        hashes = hash_ranges128(data, offsets[:-1], offsets[1:])
        nothing = offsets[:-1] == offsets[1:]
        if not nothing.any():
            return hashes
        return _with_others(hashes, _hash_column(text), nothing, _RAW)


def normalize_urls(urls: pa.Array) -> pa.Array:
    """URLs without `http(s)://`, `www.` behind it, a query that begins with utm_, ref or feed, and slashes at the end.

    The rule of C4 (Raffel et al. 2020, tensorflow_datasets c4_utils), which strips a scheme wherever it stands.
    """
    urls = pc.replace_substring_regex(urls, r"https?://(www\.)?", "")
    urls = pc.replace_substring_regex(urls, r"\?(utm_|ref|feed).*", "")
    return pc.utf8_rtrim(urls, "/")


def _hash_column(column: pa.Array) -> Keys:
    data, offsets = text_buffers(column)
    return hash_ranges128(data, offsets[:-1], offsets[1:])


def _values(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name in batch.schema.names and pa.types.is_large_string(batch.schema.field(name).type):
        return batch.column(name)
    values = field_values(batch, name)
    return pa.array([value if value is None else _canonical(value) for value in values], TEXT)


def _canonical(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _missing(values: pa.Array) -> npt.NDArray[np.bool_]:
    empty = pc.equal(pc.binary_length(values), 0)
    return np.asarray(pc.fill_null(empty, True).to_numpy(zero_copy_only=False), np.bool_)


def _with_others(keys: Keys, others: Keys, where: npt.NDArray[np.bool_], mark: np.uint64) -> Keys:
    return np.where(where, others[0] ^ mark, keys[0]), np.where(where, others[1], keys[1])

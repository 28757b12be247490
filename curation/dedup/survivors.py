"""Which copy stays: a policy turned into one number per document, so that electing is comparing integers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from curation.schema import text_buffers

__all__ = ["Keep", "field_values", "ranks"]

Keep = Literal["longest", "shortest", "earliest", "latest", "highest", "lowest", "preferred_source", "first_id"]

Ranks = npt.NDArray[np.uint64]


def ranks(batch: pa.RecordBatch, keep: Keep, keep_by: str | None, prefer: Sequence[str]) -> Ranks:
    """One uint64 per row; the highest survives, and of equal ranks the smallest id.

    Lengths are bytes of UTF-8. Dates and scores come from the column `keep_by` or, if there is none of that name, from
    the field of that name in `meta`; dates are ISO 8601 or seconds since 1970. A missing value ranks lowest, 0.
    """
    if keep == "first_id":
        return np.zeros(batch.num_rows, np.uint64)
    if keep == "preferred_source":
        return _preference(batch.column("source"), prefer)
    if keep in ("longest", "shortest"):
        values = np.diff(text_buffers(batch.column("text"))[1]).astype(np.float64)
    elif keep in ("earliest", "latest"):
        values = np.array([_seconds(value) for value in field_values(batch, str(keep_by))], np.float64)
    else:
        values = np.array([_number(value) for value in field_values(batch, str(keep_by))], np.float64)
    return _ordered(-values if keep in ("shortest", "earliest", "lowest") else values)


def field_values(batch: pa.RecordBatch, name: str) -> list[Any]:
    """Values of a column, or of a field of the JSON object in `meta`; None where there is none."""
    if name in batch.schema.names:
        values: list[Any] = batch.column(name).to_pylist()
        return values
    return [orjson.loads(meta).get(name) if meta else None for meta in batch.column("meta").to_pylist()]


def _ordered(values: npt.NDArray[np.float64]) -> Ranks:
    """Order-preserving map of float64 to uint64 (IEEE 754 bits, sign folded); NaN becomes 0."""
    bits = (values + 0.0).view(np.uint64)  # + 0.0 turns -0.0 into 0.0, which is equal and must rank equal
    sign = np.uint64(1 << 63)
    return np.where(np.isnan(values), np.uint64(0), np.where(bits & sign, ~bits, bits | sign))


def _preference(source: pa.Array, prefer: Sequence[str]) -> Ranks:
    place = pc.index_in(source, value_set=pa.array(list(prefer), source.type))
    return np.asarray(len(prefer) - place.fill_null(len(prefer)).to_numpy(zero_copy_only=False), np.uint64)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _seconds(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    if not isinstance(value, str):
        return _number(value)
    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        return float("nan")
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()

"""Where a document comes from and what its maker wishes: licence, snapshot, day of fetching, opt-out signals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from curation.licences import joined, spdx_of
from curation.operator import Contract, Operator

__all__ = ["OPT_OUTS", "Origin"]

OPT_OUTS = ("noai", "noimageai", "noindex", "noarchive", "tdm_reserved")
_ROBOTS = ("robots", "x_robots_tag")
_TDM = "tdm_reservation"
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
_IMPLIED = {"none": "noindex", "noml": "noai"}
_Found = dict[str, Any]


class Origin(Operator):
    """Licence, snapshot, day and opt-out signals from the metadata that sources keep; the text is not looked at.

    `origin.licence` is an SPDX identifier where the licence is a known one, else what the record calls it;
    `origin.fetched` is a number, year month day: 20240518. `origin.noai`, `origin.noimageai`, `origin.noindex` and
    `origin.noarchive` are 1 when a robots tag or header says so, `origin.tdm_reserved` when text and data mining is
    reserved (TDM Reservation Protocol), `origin.opted_out` when any of `noai` and `tdm_reserved` is; else 0. `licence`,
    `snapshot` and `fetched` name the fields of the metadata to look in, the first that is there counts.
    """

    contract: ClassVar[Contract] = Contract(
        "origin",
        1,
        "annotate",
        reads=("meta",),
        adds={
            "origin.licence": pa.string(),
            "origin.snapshot": pa.string(),
            "origin.fetched": pa.int64(),
            **{f"origin.{name}": pa.int64() for name in (*OPT_OUTS, "opted_out")},
        },
    )

    licence: tuple[str, ...] = ("license_name", "license", "licence")
    snapshot: tuple[str, ...] = ("snapshot", "dump")
    fetched: tuple[str, ...] = ("fetched",)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        found = self._found(batch.column("meta"))
        columns = {
            f"origin.{name}": pa.array([None if each is None else each.get(name) for each in found], kind)
            for name, kind in (("licence", pa.string()), ("snapshot", pa.string()), ("fetched", pa.int64()))
        }
        flags = {name: np.array([int(bool(each and each.get(name))) for each in found], np.int64) for name in OPT_OUTS}
        flags["opted_out"] = flags["noai"] | flags["tdm_reserved"]
        return pa.RecordBatch.from_pydict({**columns, **{f"origin.{name}": pa.array(n) for name, n in flags.items()}})

    def _found(self, meta: pa.Array) -> list[_Found | None]:
        """What each row's metadata say; only those that hold one of the fields are parsed."""
        found: list[_Found | None] = [None] * len(meta)
        names = {*self.licence, *self.snapshot, *self.fetched, *_ROBOTS, _TDM}
        pattern = f'"(?:{"|".join(re.escape(name) for name in sorted(names))})":'
        telling = pc.match_substring_regex(meta.cast(pa.string()), pattern).fill_null(False)
        for row in np.flatnonzero(telling.to_numpy(zero_copy_only=False)).tolist():
            found[row] = self._read(orjson.loads(meta[row].as_py()))
        return found

    def _read(self, meta: Mapping[str, Any]) -> _Found:
        licence, day = _first(meta, self.licence), _DAY.match(str(_first(meta, self.fetched) or ""))
        words = {word for name in _ROBOTS for word in re.findall("[a-z]+", str(meta.get(name, "")).lower())}
        words |= {_IMPLIED[word] for word in words & _IMPLIED.keys()}
        return {
            "licence": _licence(licence),
            "snapshot": str(_first(meta, self.snapshot) or "") or None,
            "fetched": int("".join(day.groups())) if day else None,
            "tdm_reserved": str(meta.get(_TDM, "")).strip() == "1",
            **dict.fromkeys(words & set(OPT_OUTS), True),
        }


def _first(meta: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((meta[name] for name in names if meta.get(name)), None)


def _licence(value: Any) -> str | None:
    """One name; of a list of names, an expression that says that all of them apply."""
    if isinstance(value, str):
        return spdx_of(value) or None
    names = [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
    return joined(names, "AND") if names else None

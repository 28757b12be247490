"""What somebody asks to be forgotten, and how a document is recognised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import RecipeError

__all__ = ["Request"]

Flags = npt.NDArray[np.bool_]
_HEX = set("0123456789abcdef")
_SEARCHED = ("text", "url", "meta", "key")


@dataclass(frozen=True)
class Request:
    """Ids; addresses, where a `*` at the end stands for any end; and words that a document holds, RE2 with `regex`."""

    ids: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    regex: bool = False

    def check(self) -> None:
        """Raise RecipeError for a request that cannot be meant."""
        if not (self.ids or self.urls or self.matches):
            raise RecipeError("forget", "nothing to look for", "--id, --url or --match", "name what is to be forgotten")
        for each in self.ids:
            if len(each) != 32 or not set(each) <= _HEX:
                do = "take it from the ledger or from `gristmill explain`"
                raise RecipeError("--id", f"`{each[:40]}`", "an id of 32 hex digits", do)
        if any(not url.strip("*") for url in self.urls) or any(not text.strip() for text in self.matches):
            raise RecipeError("forget", "an empty --url or --match", "something to look for", "say what is meant")
        for pattern in self.matches if self.regex else ():
            _checked(pattern)

    @property
    def kinds(self) -> dict[str, int]:
        """How many of each were given: all that a certificate says of a request."""
        return {"id": len(self.ids), "url": len(self.urls), "match": len(self.matches)}

    def addresses(self) -> dict[str, int | None]:
        """Addresses and beginnings of them, the latter with their number of characters."""
        return {url.rstrip("*"): len(url.rstrip("*")) if url.endswith("*") else None for url in self.urls}

    def named(self, batch: pa.RecordBatch) -> Flags:
        """Rows with one of the ids or addresses."""
        found = _flags(pc.is_in(batch.column("id"), value_set=pa.array(self.ids, pa.string())))
        for address, characters in self.addresses().items():
            same = pc.starts_with if characters is not None else pc.equal
            found = found | _flags(same(batch.column("url"), address))
        return found

    def matched(self, batch: pa.RecordBatch) -> Flags:
        """Rows whose text, address, metadata or key hold one of the words."""
        found = np.zeros(batch.num_rows, np.bool_)
        for name in _SEARCHED:
            found |= self.held_by(batch.column(name))
        return found

    def held_by(self, column: pa.Array) -> Flags:
        found = np.zeros(len(column), np.bool_)
        search = pc.match_substring_regex if self.regex else pc.match_substring
        for pattern in self.matches:
            found |= _flags(search(column, pattern))
        return found


def _checked(pattern: str) -> None:
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        raise RecipeError(
            "--match", "a pattern that RE2 does not know", "RE2", "leave --regex out, or mend it"
        ) from None


def _flags(column: pa.Array) -> Flags:
    flags: Flags = np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
    return flags

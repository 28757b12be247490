"""The detector: which documents may hold what, and where in a text it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.personal_data.accounts import CARD_SIEVE, IBAN_SIEVE, find_cards, find_ibans
from curation.personal_data.contacts import EMAIL_SIEVE, IP_SIEVE, PHONE_SIEVE, find_emails, find_ips, find_phones
from curation.personal_data.national_ids import SIEVE as NATIONAL_ID_SIEVE
from curation.personal_data.national_ids import find_national_ids
from curation.personal_data.secrets import (
    API_KEY_SIEVE,
    PRIVATE_KEY_SIEVE,
    WALLET_SIEVE,
    find_api_keys,
    find_private_keys,
    find_wallets,
)

__all__ = ["KINDS", "Found", "Kind", "candidates", "find"]

Kind = Literal[
    "private_key", "api_key", "wallet", "iban", "payment_card", "national_id", "email", "ip_address", "phone"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Where finds overlap, the earlier kind has it."""


class Found(NamedTuple):
    """Characters [start, end) of a text."""

    start: int
    end: int
    kind: Kind


_FINDERS: dict[Kind, tuple[str, Callable[[str], Iterator[tuple[int, int]]]]] = {
    "private_key": (PRIVATE_KEY_SIEVE, find_private_keys),
    "api_key": (API_KEY_SIEVE, find_api_keys),
    "wallet": (WALLET_SIEVE, find_wallets),
    "iban": (IBAN_SIEVE, find_ibans),
    "payment_card": (CARD_SIEVE, find_cards),
    "national_id": (NATIONAL_ID_SIEVE, find_national_ids),
    "email": (EMAIL_SIEVE, find_emails),
    "ip_address": (IP_SIEVE, find_ips),
    "phone": (PHONE_SIEVE, find_phones),
}


def candidates(column: pa.Array, kinds: Sequence[Kind]) -> dict[int, list[Kind]]:
    """Rows that may hold one of the kinds, with those kinds, by patterns that RE2 runs over the Arrow buffer.

    A find is never missed. The first pass asks for all kinds at once, so text without any is read once.
    """
    suspects = np.flatnonzero(_matches(column, "|".join(f"(?:{_FINDERS[kind][0]})" for kind in kinds)))
    if not len(suspects):
        return {}
    chosen = column.take(pa.array(suspects))
    rows: dict[int, list[Kind]] = {}
    for kind in kinds:
        for row in suspects[_matches(chosen, _FINDERS[kind][0])].tolist():
            rows.setdefault(row, []).append(kind)
    return dict(sorted(rows.items()))


def _matches(column: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    found = pc.match_substring_regex(column, pattern).fill_null(False)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def find(text: str, kinds: Sequence[Kind] = KINDS) -> list[Found]:
    """Everything of these kinds in a text, sorted and without overlap."""
    taken: list[Found] = []
    for kind in KINDS:
        if kind in kinds:
            taken = _joined(taken, sorted(Found(*span, kind) for span in _FINDERS[kind][1](text)))
    return taken


def _joined(taken: list[Found], found: list[Found]) -> list[Found]:
    """Two sorted lists as one; of the second only what overlaps nothing before it or in the first."""
    free: list[Found] = []
    place = reach = 0
    for candidate in found:
        while place < len(taken) and taken[place].end <= candidate.start:
            place += 1
        if candidate.start >= reach and (place == len(taken) or taken[place].start >= candidate.end):
            free.append(candidate)
            reach = candidate.end
    return sorted(taken + free)

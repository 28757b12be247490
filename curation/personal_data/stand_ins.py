"""Stand-ins: what is written in place of a value, the same for the same value throughout a run.

Which one is drawn by a keyed hash, so without the key nobody can tell by trial which value one stands for. E-mail, IP
and telephone stand-ins come from the ranges reserved for documentation and fiction (RFC 2606, 5737, 3849, NANP
555-01xx); the other kinds get their mask with eight hex digits, since a made-up account could be somebody's.
"""

from __future__ import annotations

import hashlib
import re

from curation.personal_data.detector import Kind

__all__ = ["mask", "stand_in"]

_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_DOMAINS = ("example.com", "example.net", "example.org")
_AREAS = (202, 206, 212, 215, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 818)


def mask(kind: Kind) -> str:
    return f"<{kind.upper()}>"


def stand_in(kind: Kind, value: str, key: bytes) -> str:
    """Values that differ only in separators, or for e-mail in letter case, have one stand-in."""
    number = int.from_bytes(hashlib.blake2b(_canonical(kind, value).encode(), digest_size=8, key=key).digest())
    if kind == "email":
        return f"person-{number >> 32:08x}@{_DOMAINS[number % 3]}"
    if kind == "phone":
        return f"+1-{_AREAS[number >> 32 & 15]}-555-01{number % 100:02}"
    if kind == "ip_address" and ":" in value:
        return f"2001:db8::{number >> 48:x}:{number & 0xFFFF:x}"
    if kind == "ip_address":
        return f"{_NETWORKS[number % 3]}.{1 + (number >> 32) % 254}"
    return f"<{kind.upper()}_{number >> 32:08x}>"


def _canonical(kind: Kind, value: str) -> str:
    if kind == "email":
        return f"{kind}\0{value.lower()}"
    if kind in ("ip_address", "api_key", "private_key", "wallet"):
        return f"{kind}\0{value}"
    return f"{kind}\0{re.sub('[^0-9A-Za-z]', '', value).upper()}"

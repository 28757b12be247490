"""E-mail addresses, telephone numbers and public internet addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from curation.personal_data.windows import matches_near

__all__ = ["EMAIL_SIEVE", "IP_SIEVE", "PHONE_SIEVE", "find_emails", "find_ips", "find_phones"]

Span = tuple[int, int]

EMAIL_SIEVE = r"[A-Za-z0-9_+-]@[A-Za-z0-9]"
_DOMAIN = re.compile(
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}([A-Za-z]{2,24})(?![A-Za-z0-9-]|\.[A-Za-z])"
)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{0,63}[A-Za-z0-9_+-]\Z")
_LOCAL_CHARACTER = frozenset("!#$%&'*+/=?^_`{|}~.-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_OPENING = "!#$%&'*+/=?^`{|}~.-"
# `icon@2x.png` and `loader@1.2.js` are files.
_FILES = re.compile(
    r"(?:png|jpe?g|gif|svg|webp|ico|css|m?js|ts|json|html?|php|py|rb|sh|txt|xml|ya?ml|md)\Z", re.IGNORECASE
)


def find_emails(text: str) -> Iterator[Span]:
    """ASCII addresses; `git@host:` is a remote and not a person."""
    for match in _DOMAIN.finditer(text):
        local = _LOCAL.search(text, max(0, match.start() - 64), match.start())
        if local is None or _FILES.match(match.group(1)):
            continue
        start = local.start() + len(local.group()) - len(local.group().lstrip(_OPENING))
        longer = start > 0 and start == match.start() - 64 and text[start - 1] in _LOCAL_CHARACTER
        if (
            longer
            or start >= match.start()
            or (text[start : match.start()] == "git" and text[match.end() :][:1] == ":")
        ):
            continue
        yield start, match.end()


PHONE_SIEVE = r"[0-9][0-9 ().+/-]{5,20}[0-9]"
_FREE = r"(?<![A-Za-z0-9_+])(?<![0-9][.,:/-])"
_ENDS = r"(?![A-Za-z0-9_])(?![.,:/-][0-9])"
_INTERNATIONAL = re.compile(
    r"(?<![A-Za-z0-9_+])(?:\+|00[ -]?)[1-9][0-9]{0,2}(?:[ .-]?\(0\))?"
    rf"(?:[ ./-]?(?:\([0-9]{{1,5}}\)|[0-9]{{1,12}})){{1,6}}{_ENDS}"
)
_NORTH_AMERICAN = re.compile(
    rf"{_FREE}(?:1[ .-])?(?:\([2-9][0-9]{{2}}\) ?[0-9]{{3}}[ .-][0-9]{{4}}"
    rf"|[2-9][0-9]{{2}}([.-])[0-9]{{3}}\1[0-9]{{4}}|[2-9][0-9]{{2}} [2-9][0-9]{{2}}[ -][0-9]{{4}}){_ENDS}"
)
_NATIONAL = re.compile(
    rf"{_FREE}(?:\(0[1-9][0-9]{{0,3}}\)|0[1-9][0-9]{{0,3}})"
    rf"(?:[ /-][0-9]{{2,4}}([ -])[0-9]{{2,4}}(?:\1[0-9]{{2,4}}){{0,2}}|[ /-][0-9]{{6,8}}|(?:\.[0-9]{{2}}){{4}}){_ENDS}"
)
# Rows of a hex dump look like French numbers, but for their neighbours.
_HEX_NEIGHBOUR = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2} \Z"), re.compile(r" [0-9A-Fa-f]{2}(?![0-9A-Za-z])")
_NAMED = re.compile(
    r"(?i:(?<![a-z_])(?:tele)?(?:phone|fon|fono|fone)"
    r"|(?<![a-z_])(?:tel|fax|mobile?|cell|call|sms|whatsapp|tél)\b"
    r"|телефон|тел\.|电话|電話|手机|传真|전화)"
    r"[^0-9]{0,30}?(?P<number>[+(]{0,2}[0-9][0-9 ().-]{4,20}[0-9])(?![0-9A-Za-z_])"
)
_DECIMAL = re.compile(r"\A[0-9]{1,20}\.[0-9]{5,20}\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[./-]\d\d?[./-]\d{4}")


_LIMITS = {_INTERNATIONAL: (8, 17), _NORTH_AMERICAN: (10, 11), _NATIONAL: (9, 11)}
_QUICK_PHONE = re.compile(PHONE_SIEVE)
# A number with the word that announces it.
_LONGEST_PHONE = 110


def find_phones(text: str) -> Iterator[Span]:
    """International form, North American form, national forms with a leading 0, and numbers that a word announces."""
    for match in matches_near(text, _QUICK_PHONE, _LONGEST_PHONE, [*_LIMITS, _NAMED]):
        if match.re is _NAMED:
            number = match.group("number")
            if 7 <= _digits(number) <= 15 and not _DATE.search(number) and not _DECIMAL.search(number):
                yield match.span("number")
        else:
            fewest, most = _LIMITS[match.re]
            if fewest <= _digits(match.group()) <= most and not _is_other(text, match):
                yield match.span()


def _digits(number: str) -> int:
    return sum(character.isdigit() for character in number)


def _is_other(text: str, match: re.Match[str]) -> bool:
    """Whether what has the form of a number is a date, a row of bytes or part of a URL."""
    before, after = _HEX_NEIGHBOUR
    in_dump = before.search(text, max(0, match.start() - 4), match.start()) or after.match(text, match.end())
    return bool(in_dump or _DATE.search(match.group())) or _in_url(text, match.start())


def _in_url(text: str, start: int) -> bool:
    """Whether the word that a position stands in begins like a URL; looks back 200 characters."""
    before = text[max(0, start - 200) : start]
    return "://" in before and "://" in before.split()[-1] and not before[-1].isspace()


IP_SIEVE = r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[23][0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4 = re.compile(
    rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_][.-]){_OCTET}(?:\.{_OCTET}){{3}}(?![A-Za-z0-9_])(?![.-][A-Za-z0-9])"
)
_V6_END = r"(?::[0-9A-Fa-f]{1,4}){0,7}(?:::?(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?)?(?![A-Za-z0-9_:])"
_V6 = re.compile(rf"(?<![A-Za-z0-9_:.])[23][0-9A-Fa-f]{{3}}{_V6_END}")
_VERSION = re.compile(
    r"(?i)(?:\b(?:versions?|vers?|v|release|rel|rev|revision|build|firmware|update|upgrade|patch|section|sec|chapter|clause|"
    r"article|oid|python|java|linux|kernel|chrome|android|ios|windows)\b\.?[ :#]{0,3}"
    r"|[=<>~^]=? {0,2}|[A-Za-z_-]-|[A-Za-z]/|§ ?)\Z"
)
_ADDRESS = re.compile(
    r"(?i)(?:\b(?:ip|ipv4|address|addr|host|server|dns|client|from|ping|gateway|visitor)\b|://|@)[^\n]{0,12}\Z"
)
_DOCUMENTATION = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)


# Each begins with one certain character, which Python looks for faster than for one of a class.
_QUICK_V4, _QUICK_V6 = re.compile(r"\.[0-9]{1,3}\.[0-9]"), re.compile(r":[0-9A-Fa-f]{0,4}:")
_LONGEST_IP = 60


def find_ips(text: str) -> Iterator[Span]:
    """Addresses that are routed publicly, and those of the documentation ranges, which stand for such.

    Four numbers after a word for a version or section are none, nor are four single digits without a word, port or
    prefix length that makes them an address.
    """
    for match in matches_near(text, _QUICK_V4, _LONGEST_IP, [_V4]):
        if _is_public(match.group()) and not _is_version(text, match):
            yield match.span()
    for match in matches_near(text, _QUICK_V6, _LONGEST_IP, [_V6]):
        if _is_public(match.group()) and ":" in match.group().strip(":"):
            yield match.span()


def _is_public(written: str) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    return (address.is_global and not address.is_multicast) or any(address in known for known in _DOCUMENTATION)


def _is_version(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 24) : match.start()]
    if _VERSION.search(before):
        return True
    if len(match.group()) > 7 or re.match(r"(?::[0-9]{2,5}|/[0-9]{1,2})(?![0-9])", text[match.end() : match.end() + 7]):
        return False
    return not _ADDRESS.search(before)

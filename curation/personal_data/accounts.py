"""Payment cards and bank accounts (IBAN)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from curation.personal_data.checksums import luhn, mod97

__all__ = ["CARD_SIEVE", "IBAN_SIEVE", "find_cards", "find_ibans"]

Span = tuple[int, int]

CARD_SIEVE = r"[0-9]{12}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|[0-9]{4}[ -][0-9]{6}[ -]"
_CARD = re.compile(
    r"(?<![A-Za-z0-9_])(?<![0-9][.,])(?:[0-9]{12,19}"
    r"|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1(?:[0-9]{4}\1[0-9]{3}|[0-9]{1,4})|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
    r"(?![A-Za-z0-9_])(?![.,][0-9])"
)
# Lowest and highest leading digits of an issuer, and the lengths of its numbers.
ISSUERS = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", (14, 16)),  # Diners Club
    ("309", "309", (14, 16)),
    ("36", "36", (14, 16)),
    ("38", "39", (14, 16)),
    ("6011", "6011", (16, 19)),  # Discover
    ("644", "659", (16, 19)),
    ("622126", "622925", (16, 17, 18, 19)),
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("1800", "1800", (15,)),
    ("2131", "2131", (15,)),
    ("2200", "2204", (16,)),  # Mir
    ("5018", "5018", tuple(range(12, 20))),  # Maestro
    ("5020", "5020", tuple(range(12, 20))),
    ("5038", "5038", tuple(range(12, 20))),
    ("5600", "5899", tuple(range(12, 20))),
    ("6304", "6304", tuple(range(12, 20))),
    ("6390", "6390", tuple(range(12, 20))),
    ("6759", "6763", tuple(range(12, 20))),
)
# Generators of test data take all of 35 for JCB.
_MADE_UP = (("35", "35", (16,)),)
_CARD_WORD = re.compile(r"(?i)\b(?:cards?|credit|debit|jcb|cc|karte|carte|tarjeta)\b")

IBAN_SIEVE = r"[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}"
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2})[0-9]{2}(?=[ -]?[A-Z0-9]{4})")
_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 "
    "EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 "
    "KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 "
    "PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 "
    "UA29 VA22 VG24 XK20 YE30"
)
IBAN_LENGTH = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}


def find_cards(text: str) -> Iterator[Span]:
    """Numbers in a layout, range and length that an issuer uses, with a true Luhn digit.

    Those that only generators of test data use need a word for a card before them.
    """
    for match in _CARD.finditer(text):
        digits = match.group().replace(" ", "").replace("-", "")
        issued = _is_issued(digits, ISSUERS) or (_is_issued(digits, _MADE_UP) and _is_announced(text, match.start()))
        if issued and luhn(digits) and len(set(digits)) > 1:
            yield match.span()


def _is_issued(digits: str, issuers: Iterable[tuple[str, str, tuple[int, ...]]]) -> bool:
    return any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in issuers)


def _is_announced(text: str, start: int) -> bool:
    return _CARD_WORD.search(text[max(0, start - 40) : start]) is not None


def find_ibans(text: str) -> Iterator[Span]:
    """Account numbers of the length that their country has, in groups or not, with true check digits."""
    for match in _IBAN_START.finditer(text):
        length = IBAN_LENGTH.get(match.group(1))
        end = _end_of(text, match.start(), length) if length else None
        if end is not None and mod97(re.sub("[ -]", "", text[match.start() : end])):
            yield match.start(), end


def _end_of(text: str, start: int, length: int) -> int | None:
    """Where `length` letters and digits end, single spaces or hyphens between them left out of the count."""
    position, seen = start, 0
    while seen < length and position < len(text):
        character = text[position]
        if "A" <= character <= "Z" or "0" <= character <= "9":
            seen += 1
        elif character not in " -" or text[position - 1] in " -":
            return None
        position += 1
    ends = position == len(text) or not (text[position].isascii() and text[position].isalnum())
    return position if seen == length and ends else None

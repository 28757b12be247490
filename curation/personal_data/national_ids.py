"""National identity numbers: the form of each, its check digits, and whether a bare number needs its name nearby.

Numbers that are digits alone with a weak check (one digit in ten passes) count only after a word that names them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from curation.personal_data.checksums import luhn, verhoeff, weighted
from curation.personal_data.windows import matches_near

__all__ = ["SIEVE", "NationalId", "find_national_ids"]

_BEFORE = r"(?<![A-Za-z0-9_])(?<![0-9][.,/-])"
_AFTER = r"(?![A-Za-z0-9_])(?![.,/-][0-9])"
# How far back a word may stand that names a number.
_REACH = 40


@dataclass(frozen=True)
class NationalId:
    """`accepts` gets the match without spaces, dots and hyphens, in upper case."""

    form: str
    accepts: Callable[[str], bool]
    named: str | None = None


def _day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _short_day(digits: str) -> bool:
    """DDMMYY, or YYMMDD turned by the caller; 29 February passes, as the century is not known."""
    return _day(2000 + int(digits[4:6]) // 4 * 4, int(digits[2:4]), int(digits[:2]))


def _spain(number: str) -> bool:
    digits = str("XYZ".find(number[0])) + number[1:-1] if number[0] in "XYZ" else number[:-1]
    return number[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]


_ITALIAN_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _italy(number: str) -> bool:
    values = [int(c) if c.isdigit() else ord(c) - 65 for c in number[:15]]
    total = sum(_ITALIAN_ODD[value] if place % 2 == 0 else value for place, value in enumerate(values))
    return number[15] == chr(65 + total % 26)


def _france(number: str) -> bool:
    # The two departments of Corsica hold a letter, which counts as a 0 less a million times one or two.
    digits = number[:13].replace("2A", "19").replace("2B", "18") if number[5:7] in ("2A", "2B") else number[:13]
    if not (digits + number[13:]).isdigit() or not (1 <= int(number[3:5]) <= 12 or 20 <= int(number[3:5]) <= 99):
        return False
    return 97 - int(digits) % 97 == int(number[13:])


def _poland(number: str) -> bool:
    century, month = divmod(int(number[2:4]), 20)
    year = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}[century] + int(number[:2])
    check = -weighted(number[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10
    return _day(year, month, int(number[4:6])) and check == int(number[10])


def _brazil(number: str) -> bool:
    def check(digits: str) -> int:
        return weighted(digits, range(len(digits) + 1, 1, -1)) * 10 % 11 % 10

    return len(set(number)) > 1 and check(number[:9]) == int(number[9]) and check(number[:10]) == int(number[10])


def _china(number: str) -> bool:
    weights = [2**power % 11 for power in range(17, 0, -1)]
    check = "10X98765432"[weighted(number[:17], weights) % 11]
    return number[17] == check and _day(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def _united_states(number: str) -> bool:
    """Social security numbers, and from 900 on taxpayer numbers, whose middle part is limited."""
    area, group, serial = int(number[:3]), int(number[3:5]), int(number[5:])
    if area >= 900:
        return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    return area not in (0, 666) and group != 0 and serial != 0


def _britain(number: str) -> bool:
    return number[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def _sweden(number: str) -> bool:
    digits = number.replace("+", "")[-10:]
    # Coordination numbers add 60 to the day.
    turned = f"{int(digits[4:6]) % 60:02}{digits[2:4]}{digits[:2]}"
    return luhn(digits) and _short_day(turned)


def _finland(number: str) -> bool:
    digits = re.sub("[^0-9]", "", number[:-1] if len(number) < 11 else number[:6] + number[7:10])
    return _short_day(digits) and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == number[-1]


def _india(number: str) -> bool:
    return verhoeff(number)


def _netherlands(number: str) -> bool:
    total = weighted(number[:8], range(9, 1, -1)) - int(number[8])
    return total % 11 == 0 and int(number) > 0


def _germany(number: str) -> bool:
    """ISO 7064 MOD 11,10 over ten digits; the first is not 0."""
    product = 10
    for digit in number[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return number[0] != "0" and (11 - product) % 10 == int(number[10])


IDS = {
    "ES": NationalId(r"(?:[0-9]{8}-?[A-HJ-NP-TV-Z]|[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z])", _spain),
    "IT": NationalId(r"[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]", _italy),
    "FR": NationalId(
        r"[12] ?[0-9]{2} ?(?:0[1-9]|[1-9][0-9]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}", _france
    ),
    "PL": NationalId(r"[0-9]{11}", _poland),
    "BR": NationalId(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", _brazil),
    "BR bare": NationalId(r"[0-9]{11}", _brazil, "cpf"),
    "CN": NationalId(r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx]", _china),
    "US": NationalId(r"[0-9]{3}-[0-9]{2}-[0-9]{4}", _united_states),
    "US bare": NationalId(
        r"[0-9]{3} ?[0-9]{2} ?[0-9]{4}", _united_states, r"ssn|social security|tax(?:payer)? id|itin"
    ),
    "GB": NationalId(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]", _britain),
    "SE": NationalId(r"(?:19|20)?[0-9]{6}[-+][0-9]{4}", _sweden),
    "FI": NationalId(r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]", _finland),
    "IN": NationalId(r"[2-9][0-9]{3} [0-9]{4} [0-9]{4}", _india),
    "IN bare": NationalId(r"[2-9][0-9]{11}", _india, r"aadhaar|aadhar|uidai"),
    "NL": NationalId(r"[0-9]{9}", _netherlands, r"bsn|burgerservicenummer|sofinummer"),
    "DE": NationalId(r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _germany, r"steuer|idnr|tin"),
}
# Some countries share a form.
_PATTERNS: dict[re.Pattern[str], list[NationalId]] = {}
for _known in IDS.values():
    _PATTERNS.setdefault(re.compile(_BEFORE + _known.form + _AFTER), []).append(_known)
_SEPARATORS = re.compile(r"[ .-]")

SIEVE = (
    r"[0-9][0-9][0-9 .+-]{5,12}[0-9]|[0-9]{6}[A-FU-Y][0-9]{3}|[XYZ]-?[0-9]{7}"
    r"|[A-Z]{6}[0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"
    r"|[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2}"
)


_QUICK = re.compile(SIEVE)
_LONGEST = 30


def find_national_ids(text: str) -> Iterator[tuple[int, int]]:
    for match in matches_near(text, _QUICK, _LONGEST, _PATTERNS):
        number = _SEPARATORS.sub("", match.group()).upper()
        if any(known.accepts(number) and _is_named(known, text, match.start()) for known in _PATTERNS[match.re]):
            yield match.span()


def _is_named(known: NationalId, text: str, start: int) -> bool:
    """Whether a number needs no word before it, or has it."""
    return (
        known.named is None or re.search(known.named, text[max(0, start - _REACH) : start], re.IGNORECASE) is not None
    )

"""Recall and precision of personal data by kind, and speed: `python -m benchmarks.personal_data [--labelled FILE]`.

Values are made by the formulas of their kinds (Luhn, ISO 13616, the check digits of national ids, the forms of keys)
and planted in documentation from the Python environment; beside them stand look-alikes that are none: version numbers,
private addresses, numbers with a wrong check digit. A value counts as found when finds of its kind cover all of it; a
find counts as right when it touches a value. `--labelled` names JSON Lines of your own with `text` and `spans` or
`pii`, each {type, start, end} in characters; types that are no kind of ours are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import string
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.contest import write_results
from benchmarks.peers import DEFAULT_CACHE
from benchmarks.stock import stock
from curation.clean.personal_data import RedactPersonalData
from curation.operator import run_operator
from curation.personal_data.detector import KINDS, find
from curation.schema import TEXT

Span = tuple[str, int, int]
Chance = random.Random
DIGITS, WORD = string.digits, string.ascii_letters + string.digits
# Names of kinds in labelled files.
TYPES = {
    "EMAIL": "email", "EMAIL_ADDRESS": "email", "PHONE": "phone", "PHONE_NUMBER": "phone", "IPV4": "ip_address",
    "IPV6": "ip_address", "IP_ADDRESS": "ip_address", "CREDIT_CARD": "payment_card", "IBAN": "iban",
    "IBAN_CODE": "iban", "US_SSN": "national_id",
}  # fmt: skip


def digits(chance: Chance, number: int) -> str:
    return "".join(chance.choices(DIGITS, k=number))


def luhn(body: str) -> str:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    return body + str(-(doubled + sum(map(int, body[-2::-2]))) % 10)


def card(chance: Chance) -> str:
    first, length = chance.choice([("4", 16), ("51", 16), ("55", 16), ("37", 15), ("6011", 16), ("2221", 16)])
    number = luhn(first + digits(chance, length - 1 - len(first)))
    if length == 15:
        return number
    return chance.choice(["", " ", "-"]).join(number[at : at + 4] for at in range(0, 16, 4))


def iban(chance: Chance) -> str:
    country, length, letters = chance.choice(
        [("DE", 18, 0), ("GB", 18, 4), ("FR", 23, 0), ("NL", 14, 4), ("ES", 20, 0)]
    )
    account = "".join(chance.choices(string.ascii_uppercase, k=letters)) + digits(chance, length - letters)
    number = int("".join(str(int(character, 36)) for character in f"{account}{country}00"))
    whole = f"{country}{98 - number % 97:02}{account}"
    return whole if chance.random() < 0.5 else " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def national_id(chance: Chance) -> str:
    """Spanish DNI, Polish PESEL, Brazilian CPF, Chinese resident id, US social security number in its written form."""
    kind = chance.randrange(5)
    if kind == 0:
        number = chance.randrange(10_000_000, 99_999_999)
        return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"
    year, month, day = chance.randrange(50, 99), chance.randrange(1, 13), chance.randrange(1, 29)
    if kind == 1:
        body = f"{year}{month:02}{day:02}{digits(chance, 4)}"
        total = sum(int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 9) * 3, strict=False))
        return f"{body}{-total % 10}"
    if kind == 2:
        body = digits(chance, 9)
        for length in (10, 11):
            rest = sum(int(digit) * weight for digit, weight in zip(body, range(length, 1, -1), strict=True)) * 10 % 11
            body += str(rest % 10)
        return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"
    if kind == 3:
        body = f"11010519{year}{month:02}{day:02}{digits(chance, 3)}"
        total = sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(body))
        return f"{body}{'10X98765432'[total % 11]}"
    return f"{chance.randrange(100, 665)}-{chance.randrange(10, 99)}-{chance.randrange(1000, 9999)}"


def address(chance: Chance) -> str:
    if chance.random() < 0.3:
        return "2001:db8:" + ":".join(f"{chance.randrange(1, 65536):x}" for _ in range(6))
    return f"{chance.choice([8, 81, 93, 151, 203])}." + ".".join(str(chance.randrange(1, 255)) for _ in range(3))


def email(chance: Chance) -> str:
    name = chance.choice(["jane.doe", "j_d+news", "info", "o-neil", "a1"])
    return (
        f"{name}{chance.randrange(999)}@{chance.choice(['mail.', ''])}example.{chance.choice(['com', 'org', 'co.uk'])}"
    )


def phone(chance: Chance) -> str:
    form = chance.choice(["+1-856-555-01##", "+44 7700 9001##", "+33 1 99 00 ## ##", "(924) 555-01##", "020 7946 0###"])
    return "".join(chance.choice(DIGITS) if character == "#" else character for character in form)


def api_key(chance: Chance) -> str:
    head, alphabet, length = chance.choice(
        [("AKIA", string.ascii_uppercase + "234567", 16), ("ghp_", WORD, 36), ("glpat-", WORD, 20), ("AIza", WORD, 35),
         ("hf_", string.ascii_letters, 34), ("npm_", WORD, 36), ("sk_live_", WORD, 24)]
    )  # fmt: skip
    return head + "".join(chance.choices(alphabet, k=length))


def private_key(chance: Chance) -> str:
    name = "PRIVATE" + " KEY"
    body = "\n".join("".join(chance.choices(WORD + "+/", k=64)) for _ in range(5))
    return f"-----BEGIN {name}-----\n{body}\n-----END {name}-----"


MAKERS: dict[str, Callable[[Chance], str]] = {
    "payment_card": card, "iban": iban, "national_id": national_id, "ip_address": address, "email": email,
    "phone": phone, "api_key": api_key, "private_key": private_key,
}  # fmt: skip
# With a checksum or a fixed form; a phone number has neither.
FIXED = ("payment_card", "iban", "national_id", "ip_address", "email", "api_key", "private_key")


def lookalike(chance: Chance) -> str:
    right = luhn("4" + digits(chance, 14))
    return chance.choice(
        [
            f"version {chance.randrange(1, 90)}.{chance.randrange(250)}.{chance.randrange(250)}.{chance.randrange(9)}",
            f"Chrome/120.0.{chance.randrange(1000, 9999)}.{chance.randrange(100, 250)}",
            f"192.168.{chance.randrange(255)}.{chance.randrange(255)}",
            f"order number {right[:-1]}{(int(right[-1]) + 1) % 10}",
            f"section {chance.randrange(9)}.{chance.randrange(20)}.{chance.randrange(20)}.{chance.randrange(9)}b",
            f"released 20{chance.randrange(10, 25)}-03-{chance.randrange(10, 28)} 09:26:53",
            f"pi is 3.{digits(chance, 14)}",
            f"{chance.randrange(999)},{chance.randrange(100, 999)},{chance.randrange(100, 999)}.89",
            f"icon@{chance.randrange(2, 4)}x.png",
        ]
    )


def made(documents: int, seed: int = 1) -> list[tuple[str, list[Span]]]:
    """Documentation with one value each, of the kinds in turn, and one look-alike."""
    chance, texts = Chance(seed), []
    paragraphs = [*stock(DEFAULT_CACHE).rough[:4000], *(" ".join(run) for run in stock(DEFAULT_CACHE).prose[:4000])]
    clean = [text for text in paragraphs if not find(text)]
    for number in range(documents):
        kind = list(MAKERS)[number % len(MAKERS)]
        value, before, after = MAKERS[kind](chance), chance.choice(clean), chance.choice(clean)
        start = f"{before}\nAsk for {lookalike(chance)}, or write to "
        texts.append((f"{start}{value} at once.\n{after}", [(kind, len(start), len(start) + len(value))]))
    return texts


def labelled(path: Path) -> Iterable[tuple[str, list[Span]]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            spans = [*(record.get("spans") or ()), *(record.get("pii") or ())]
            known = [(TYPES[s["type"]], s["start"], s["end"]) for s in spans if s["type"] in TYPES]
            yield record["text"] or "", known


def scores(texts: Iterable[tuple[str, list[Span]]]) -> dict[str, dict[str, Any]]:
    """Recall over values and precision over finds, by kind."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("values", "found", "finds", "right"), 0))
    for text, spans in texts:
        finds = find(text)
        for kind, start, end in spans:
            covered = sum(min(f.end, end) - max(f.start, start) for f in finds if f.start < end and f.end > start)
            counts[kind]["values"] += 1
            counts[kind]["found"] += covered == end - start
        for one in finds:
            counts[one.kind]["finds"] += 1
            counts[one.kind]["right"] += any(one.start < end and one.end > start for _, start, end in spans)
    return {
        kind: {**row, "recall": _share(row["found"], row["values"]), "precision": _share(row["right"], row["finds"])}
        for kind, row in sorted(counts.items())
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def left_after_masking(texts: list[tuple[str, list[Span]]]) -> int:
    """Values that still stand in a text after `redact_personal_data`."""
    batch = pa.RecordBatch.from_pydict({"text": pa.array([text for text, _ in texts], TEXT)})
    masked = run_operator(RedactPersonalData(), batch).column("text").to_pylist()
    return sum(text[a:b] in after for (text, spans), after in zip(texts, masked, strict=True) for _, a, b in spans)


def speed(texts: list[tuple[str, list[Span]]]) -> float:
    """MB of text per CPU second of masking, the best of three."""
    batch = pa.RecordBatch.from_pydict({"text": pa.array([text for text, _ in texts], TEXT)})
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        run_operator(RedactPersonalData(), batch)
        seconds.append(time.process_time() - begin)
    return round(sum(len(text.encode()) for text, _ in texts) / 1e6 / min(seconds), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labelled", type=Path, action="append", default=[], help="may be given more than once")
    parser.add_argument("--documents", type=int, default=8000)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/personal_data.json"))
    options = parser.parse_args()
    texts = made(options.documents)
    parts: dict[str, Any] = {"made": scores(texts)}
    parts |= {path.name: scores(labelled(path)) for path in options.labelled}
    for name, kinds in parts.items():
        print(name)
        for kind in (each for each in KINDS if each in kinds):
            row = kinds[kind]
            print(
                f"  {kind:<14}{row['values']:>7} values, recall {row['recall']}; {row['finds']:>7} finds, "
                f"precision {row['precision']}"
            )
    left, mb = left_after_masking(texts), speed(texts)
    print(f"left after masking: {left}; {mb} MB per CPU second with a value in every document")
    write_results(options.output, "benchmarks.personal_data", {}, **parts, left_after_masking=left, mb_per_cpu_s=mb)


if __name__ == "__main__":
    main()

"""Values of every kind: published test numbers, and keys made here so that no scanner takes this file for a leak."""

from __future__ import annotations

import random
import string


def _random(alphabet: str, length: int) -> str:
    return "".join(random.Random(length).choices(alphabet, k=length))


_WORD, _HEX = string.ascii_letters + string.digits, "0123456789abcdef"
_PEM = "PRIVATE" + " KEY"

EXAMPLES: dict[str, list[str]] = {
    "email": [
        "jane.doe@example.com",
        "j_d+news@mail.example.co.uk",
        "UPPER@EXAMPLE.ORG",
        "o'neil-x@sub-domain.example.museum",
        "a_@example.net",
    ],
    "phone": [
        "+1-856-555-0187",
        "+44 7700 900195",
        "+33 1 99 00 96 62",
        "+46 (0)8 928 571 38",
        "001-518-640-0854",
        "020 7946 0642",
        "(924) 555-0180",
        "924.555.0180",
        "01.99.00.61.18",
        "0961-7596216",
    ],
    "ip_address": [
        "203.0.113.148",
        "86.121.97.248",
        "2001:db8::6519",
        "2001:db8:38bb:f41b:d57c:dde:8602:974d",
        "2606:4700:4700::1111",
    ],
    "payment_card": [
        "378282246310005",
        "6011 1111 1111 1117",
        "5555-5555-5555-4444",
        "3782 822463 10005",
        "30569309025904",
        "2223003122003222",
        "4222222222222",
    ],
    "iban": ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO93 8601 1117 947"],
    "national_id": [
        "12345678Z",
        "X1234567L",
        "RSSMRA85T10A562S",
        "2 55 08 14 168 025 38",
        "44051401359",
        "529.982.247-25",
        "11010519491231002X",
        "078-05-1120",
        "987-65-4325",
        "AB 12 34 56 C",
        "811218-9876",
        "131052-308T",
        "131052A308T",
        "2341 2341 2346",
    ],
    "wallet": [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "0x52908400098527886E0F7030069857D2E4169EE7",
    ],
    "api_key": [
        "AKIA" + _random(string.ascii_uppercase + "234567", 16),
        "ghp_" + _random(_WORD, 36),
        "github_pat_" + _random(_WORD, 82),
        "glpat-" + _random(_WORD, 20),
        "xoxb-" + _random(_WORD, 40),
        "xapp-1-" + _random(_WORD, 30),
        "https://hooks.slack.com/services/" + _random(_WORD, 44),
        "sk_live_" + _random(_WORD, 24),
        "whsec_" + _random(_WORD, 32),
        "AIza" + _random(_WORD, 35),
        "GOCSPX-" + _random(_WORD, 28),
        "ya29." + _random(_WORD, 60),
        "sk-proj-" + _random(_WORD, 60),
        "sk-" + _random(_WORD, 48),
        "sk-ant-api03-" + _random(_WORD, 90),
        "hf_" + _random(string.ascii_letters, 34),
        "npm_" + _random(_WORD, 36),
        "pypi-AgE" + _random(_WORD, 120),
        f"SG.{_random(_WORD, 22)}.{_random(_WORD, 43)}",
        "SK" + _random(_HEX, 32),
        "dop_v1_" + _random(_HEX, 64),
        "shpat_" + _random(_HEX, 32),
        "123456789:AA" + _random(_WORD, 33),
        f"eyJ{_random(_WORD, 20)}.eyJ{_random(_WORD, 60)}.{_random(_WORD, 43)}",
    ],
    "private_key": [
        f"-----BEGIN RSA {_PEM}-----\n{_random(_WORD + '+/', 64)}\n{_random(_WORD, 30)}==\n-----END RSA {_PEM}-----",
        f"-----BEGIN {_PEM}-----\n{_random(_WORD, 64)}\n-----END {_PEM}-----",
        f"-----BEGIN PGP {_PEM} BLOCK-----\nVersion: 1\n\n{_random(_WORD, 64)}\n-----END PGP {_PEM} BLOCK-----",
    ],
}

NAMED = {
    "payment_card": ["my card 3502162941615515"],
    "phone": ["Phone:\n467 3395", "call me on (64) 3591-3246", "电话：1065529988", "Tel. 99 668472"],
    "national_id": [
        "CPF 52998224725",
        "social security number is 078051120",
        "BSN: 111222333",
        "Steuer-ID 36 574 261 809",
        "Aadhaar no. 234123412346",
    ],
}

DECOYS = [
    "Order number 1234 5678 9012 3456",
    "Order number 3502162941615515",
    "meet me @ the corner, or @home",
    "Section 4.12.7.3b and Section 4.12.7.3",
    "Released 2021-03-14 09:26:53",
    "ISBN 978-0-306-40615-7, DOI 10.1000/182",
    "pi is 3.14159265358979",
    "price 1,234,567.89",
    "Invoice 2024/000123",
    "Coordinates 51.5074, -0.1278",
    "Ratio 16:9:4 at 12:30:45",
    "version 86.121.97.248 of Chrome/120.0.6099.129",
    "numpy==1.2.3.4, release 86.121.97.248, v1.2.3.4",
    "listens on 127.0.0.1, 10.0.0.1, 192.168.1.1, 0.0.0.0, 255.255.255.255, ::1 and fe80::1",
    "Gecko/86.121.97.248, as in 2008::\n\n    text",
    "cell = 0.12345678, a user_phone: 12345678",
    "std::vector<int>, a::b, dead::beef",
    "git@github.com:user/repo.git and icon@2x.png and loader@1.2.js",
    "00000010  06 23 94 48 09 e0 0a 5a 92",
    "4111 1111 1111 1112 is no card, DE89370400440532013001 no account, 12345678A no id",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "https://example.com/articles/378282246310004/020-7946-0642",
    "000-12-3456 666-12-3456 123-00-4567 123-45-0000 900-49-1234",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb 0x0000000000000000000000000000000000000000",
]

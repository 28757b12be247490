"""Keys and addresses that open something: API keys by their published prefixes, private keys, wallets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.personal_data.checksums import base58check, bech32

__all__ = ["API_KEY_SIEVE", "PRIVATE_KEY_SIEVE", "WALLET_SIEVE", "find_api_keys", "find_private_keys", "find_wallets"]

Span = tuple[int, int]

# Each issuer documents its prefix and length. Open lengths end at 250, far above any that is in use.
API_KEYS = (
    r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA|ANVA)[A-Z2-7]{16}",  # Amazon Web Services
    r"gh[pousr]_[A-Za-z0-9]{36,250}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{36,250}",
    r"glpat-[A-Za-z0-9_-]{20,250}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9-]{10,250}",  # Slack
    r"xapp-[0-9]-[A-Za-z0-9-]{10,250}",
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,100}",
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,250}",  # Stripe
    r"whsec_[A-Za-z0-9]{24,250}",
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"GOCSPX-[A-Za-z0-9_-]{28}",
    r"ya29\.[A-Za-z0-9_-]{20,250}",
    r"sk-(?:ant|proj|svcacct|admin|or|None)-[A-Za-z0-9_-]{20,250}",  # Anthropic, OpenAI, OpenRouter
    r"sk-[A-Za-z0-9]{32,64}",
    r"hf_[A-Za-z0-9]{34,40}",  # Hugging Face
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-AgE[A-Za-z0-9_-]{50,250}",
    r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",  # SendGrid
    r"SK[0-9a-f]{32}",  # Twilio
    r"do[oprt]_v1_[a-f0-9]{64}",  # DigitalOcean
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}",  # Shopify
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",  # Telegram
    r"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{16,1000}",  # JSON Web Token
)
_API_KEY = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(API_KEYS)})(?![A-Za-z0-9_])")
API_KEY_SIEVE = (
    r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA|ANVA)[A-Z2-7]{4}|gh[pousr]_[A-Za-z0-9]|github_pat_|glpat-|xox[abeoprs]-|"
    r"xapp-|hooks\.slack\.com|[srp]k_(?:live|test)_|whsec_|AIza|GOCSPX-|ya29\.|sk-[A-Za-z0-9]{3}|hf_[A-Za-z0-9]{8}|"
    r"npm_[A-Za-z0-9]|pypi-AgE|SG\.[A-Za-z0-9_-]{8}|SK[0-9a-f]{8}|do[oprt]_v1_|shp(?:at|ca|pa|ss)_|[0-9]:AA|eyJ"
)
# `sk-xxxxxxxxxxxxxxxxxxxx` and the like stand for a key.
_FEWEST_DIFFERENT = 8


def find_api_keys(text: str) -> Iterator[Span]:
    for match in _API_KEY.finditer(text):
        if len(set(match.group())) >= _FEWEST_DIFFERENT:
            yield match.span()


PRIVATE_KEY_SIEVE = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"
_KEY_HEAD = re.compile(r"-----BEGIN ([A-Z0-9 ]{0,30})PRIVATE KEY( BLOCK)?-----")
# Lines of base64, parted by white space or by `\n` as JSON and environment files write it.
_KEY_BODY = re.compile(r"(?:\\[nr]|\s){0,8}(?:[A-Za-z0-9+/=]{16,100}(?:\\[nr]|\s){0,8}){1,1000}")
_KEY_TAIL = re.compile(r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY = 40_000


def find_private_keys(text: str) -> Iterator[Span]:
    """From the head line to the tail line, or as far as base64 goes when the tail is missing."""
    position = 0
    tail = _KEY_TAIL.search(text)
    while head := _KEY_HEAD.search(text, position):
        position = head.end()
        if tail is not None and tail.start() < position:
            tail = _KEY_TAIL.search(text, position)
        body = _KEY_BODY.match(text, position)
        if tail is not None and tail.start() - position < _LONGEST_KEY:
            position = tail.end()
        elif body is not None:
            position = len(text[: body.end()].rstrip()) if body.end() == len(text) else body.end()
        else:
            continue
        yield head.start(), position


WALLET_SIEVE = r"(?:bc1|BC1|tb1|ltc1)[02-9A-Za-z]{11}|0x[0-9A-Fa-f]{40}|[13KL5MD][1-9A-HJ-NP-Za-km-z]{25}"
_FREE, _ENDS = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_BASE58 = re.compile(rf"{_FREE}[13KL5MD][1-9A-HJ-NP-Za-km-z]{{25,51}}{_ENDS}")
_BECH32 = re.compile(rf"{_FREE}(?:(?:bc|tb|ltc)1[02-9ac-hj-np-z]{{11,87}}|BC1[02-9AC-HJ-NP-Z]{{11,87}}){_ENDS}")
_ETHEREUM = re.compile(rf"{_FREE}0x[0-9A-Fa-f]{{40}}{_ENDS}")
# Length with version byte, and the versions of Bitcoin, Litecoin and Dogecoin: addresses, then private keys.
_VERSIONS = {21: {0x00, 0x05, 0x30, 0x32, 0x1E, 0x16}, 33: {0x80, 0xB0, 0x9E}, 34: {0x80, 0xB0, 0x9E}}


def find_wallets(text: str) -> Iterator[Span]:
    """Bitcoin-like addresses and private keys with a true checksum; Ethereum addresses by form alone."""
    for match in _BASE58.finditer(text):
        body = base58check(match.group())
        if body is not None and body[0] in _VERSIONS.get(len(body), ()):
            yield match.span()
    for match in _BECH32.finditer(text):
        if bech32(match.group()):
            yield match.span()
    for match in _ETHEREUM.finditer(text):
        if len(set(match.group())) >= _FEWEST_DIFFERENT:
            yield match.span()

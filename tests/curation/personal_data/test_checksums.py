from __future__ import annotations

import pytest

from curation.personal_data.checksums import base58check, bech32, luhn, mod97, verhoeff


@pytest.mark.parametrize("number", ["4111111111111111", "378282246310005", "0"])
def test_luhn_takes_published_test_numbers_and_no_neighbour(number: str) -> None:
    assert luhn(number)
    assert not luhn(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize("iban", ["GB82WEST12345698765432", "DE89370400440532013000", "NO9386011117947"])
def test_mod97_takes_registry_examples_and_no_swap(iban: str) -> None:
    assert mod97(iban)
    assert not mod97(iban[:5] + iban[6] + iban[5] + iban[7:])


def test_verhoeff_takes_its_textbook_example() -> None:
    assert verhoeff("2363")
    assert not verhoeff("2364")
    assert not verhoeff("2633")


def test_base58check_takes_the_genesis_address() -> None:
    body = base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
    assert body is not None
    assert body.hex() == "0062e907b15cbf27d5425399ebf6f0fb50ebb88f18"
    assert base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb") is None
    assert base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfN0") is None


@pytest.mark.parametrize(
    "address",
    [
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ],
)
def test_bech32_takes_the_examples_of_its_proposals(address: str) -> None:
    assert bech32(address)
    assert not bech32(address[:-1] + ("q" if address.islower() else "Q"))
    assert not bech32(address[0].swapcase() + address[1:])

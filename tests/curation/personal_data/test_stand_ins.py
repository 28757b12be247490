from __future__ import annotations

import pytest

from curation.personal_data.detector import KINDS, find
from curation.personal_data.stand_ins import mask, stand_in
from tests.curation.personal_data.examples import EXAMPLES


@pytest.mark.parametrize("kind", KINDS)
def test_stand_ins_depend_on_value_and_key_only(kind: str) -> None:
    value = EXAMPLES[kind][0]
    assert stand_in(kind, value, b"one") == stand_in(kind, value, b"one")
    assert stand_in(kind, value, b"one") != stand_in(kind, value, b"two")
    assert stand_in(kind, value, b"one") != stand_in(kind, EXAMPLES[kind][2], b"one")


def test_separators_and_letter_case_do_not_matter_where_they_mean_nothing() -> None:
    assert stand_in("iban", "DE89 3704 0044 0532 0130 00", b"k") == stand_in("iban", "DE89370400440532013000", b"k")
    assert stand_in("email", "Jane@Example.com", b"k") == stand_in("email", "jane@example.com", b"k")


@pytest.mark.parametrize("kind", ["email", "phone", "ip_address"])
def test_stand_ins_for_contacts_have_the_form_of_the_kind(kind: str) -> None:
    for value in EXAMPLES[kind]:
        assert [found.kind for found in find(f"It is {stand_in(kind, value, b'key')} now")] == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_masks_hold_nothing_to_find(kind: str) -> None:
    assert find(mask(kind)) == []

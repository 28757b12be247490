from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from curation.personal_data.windows import matches_near

SIEVE = re.compile(r"[0-9]{3}")
PATTERNS = (re.compile(r"(?<![a-z])[0-9]{3}-?[0-9]{2}(?![0-9])"), re.compile(r"x[0-9]{4}(?!x)"))


@given(st.text(alphabet="0123 -xab", max_size=80))
def test_windows_find_what_the_whole_text_holds(text: str) -> None:
    near = {(match.re, match.span()) for match in matches_near(text, SIEVE, 8, PATTERNS)}
    assert near == {(pattern, match.span()) for pattern in PATTERNS for match in pattern.finditer(text)}


def test_text_far_from_the_sieve_is_not_read() -> None:
    read = list(matches_near("a" * 100 + "123" + "a" * 100, SIEVE, 10, [re.compile("a")]))
    assert [read[0].start(), read[-1].end()] == [90, 113]

from __future__ import annotations

import pytest

from curation.collect.extract.isolate import extract_apart
from curation.errors import DataError
from tests.curation.collect.helpers import PAGE, SENTENCE

MEMORY = 768 << 20


def reason(html: str, cpu_seconds: float = 0.4, memory_bytes: int = MEMORY) -> str:
    with pytest.raises(DataError) as caught:
        extract_apart("resiliparse", html.encode(), cpu_seconds, memory_bytes)
    return caught.value.reason


def test_gives_the_text_of_a_page() -> None:
    assert SENTENCE.strip() in extract_apart("resiliparse", PAGE.encode(), 2.0, MEMORY)


def test_a_page_without_end_is_stopped_and_the_next_one_read() -> None:
    assert reason("<div>" * 200_000) == "parser_time_limit"
    assert SENTENCE.strip() in extract_apart("resiliparse", PAGE.encode(), 0.4, MEMORY)


def test_an_error_of_the_parser_is_the_page_s_affair() -> None:
    with pytest.raises(DataError) as caught:
        extract_apart("no such extractor", PAGE.encode(), 2.0, MEMORY)
    assert caught.value.reason == "parser_failed"


def test_a_page_that_eats_memory_is_stopped() -> None:
    assert reason("<p>x</p>" * 2_000_000, 30.0, 400 << 20) in (
        "parser_out_of_memory",
        "parser_crashed",
        "parser_failed",
    )

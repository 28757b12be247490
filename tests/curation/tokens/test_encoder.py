"""Our ids are the library's ids, for every family of tokenizers and the ugliest text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.schema import TEXT
from curation.tokens import cache
from curation.tokens.encoder import Encoded, Encoder
from tests.curation.tokens.tokenizers import END, EXTRA, FAST, SLOW, TEXTS, tokenizer
from tests.reference.ugly import UGLY, column

pytest.importorskip("tokenizers")

PIECES = [
    *(
        "'s",
        "'LL",
        "'ſ",
        "'Ve",
        "'",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\u00a0",
        "\u2028",
        "\x85",
        "▁",
        "1",
        "12345",
        "٣",
        "²",
    ),
    *(
        "a",
        "Don",
        "é",
        "e\u0301",
        "中文",
        "가",
        "\u1100\u1161",
        "ก็",
        "हि",
        "😀",
        "\u200d",
        "!",
        "...",
        "#",
        "_",
        END,
        EXTRA,
    ),
]
texts = st.one_of(
    st.lists(st.one_of(st.sampled_from(PIECES), st.characters(exclude_categories=["Cs"])), max_size=30).map("".join),
    st.sampled_from([*UGLY, *TEXTS]),
)
encoders: dict[str, Encoder] = {family: Encoder(tokenizer(family)) for family in (*FAST, *SLOW)}


def by_library(family: str, values: list[str | None], special_tokens: bool = False) -> list[list[int]]:
    library = tokenizer(family)
    library.encode_special_tokens = not special_tokens
    return [library.encode(value or "", add_special_tokens=False).ids for value in values]


def rows(encoded: Encoded) -> list[list[int]]:
    return [
        encoded.tokens[start:end].tolist() for start, end in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)
    ]


@pytest.mark.parametrize("family", [*FAST, *SLOW])
@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.one_of(st.none(), texts), max_size=6))
@example(values=[*UGLY, None])
@example(values=TEXTS)
@example(values=["".join(PIECES), "'S'T'rE'vE'M'lL'D's't're've'm'll'd", "a'", "'l", "x 'r"])
def test_ids_are_the_librarys(family: str, values: list[str | None]) -> None:
    assert rows(encoders[family].encode(column(values))) == by_library(family, values)


@pytest.mark.parametrize("family", FAST)
def test_known_families_have_a_fast_way(family: str) -> None:
    assert encoders[family].is_fast


@pytest.mark.parametrize("family", SLOW)
def test_others_are_left_to_the_library(family: str) -> None:
    assert not encoders[family].is_fast


@pytest.mark.slow  # every code point in several neighbourhoods: a minute
@pytest.mark.parametrize("family", ["gpt2", "gpt4", "qwen"])
def test_every_code_point_is_cut_as_the_library_cuts_it(family: str) -> None:
    for first in range(0, 0x110000, 0x1000):
        points = [chr(point) for point in range(first, first + 0x1000) if not 0xD800 <= point < 0xE000]
        blocks = [points[start : start + 64] for start in range(0, len(points), 64)]
        values = ["".join(f"a{c} {c}{c}1'{c}\n{c} . {c}" for c in block) for block in blocks]
        assert rows(encoders[family].encode(pa.array(values, TEXT))) == by_library(family, values)


@pytest.mark.slow  # two megabytes of generated text through the library
@pytest.mark.parametrize("family", FAST)
def test_long_generated_text_has_the_same_ids(family: str) -> None:
    random = np.random.default_rng(5)
    stock = [*PIECES, *TEXTS]
    values = ["".join(stock[k] for k in random.integers(0, len(stock), 400)) for _ in range(40)]
    assert rows(encoders[family].encode(pa.array(values, TEXT))) == by_library(family, values)


def test_special_tokens_are_text_unless_their_ids_are_asked_for() -> None:
    values = [f"a{END}b", f"{EXTRA} c"]
    end = tokenizer("gpt2").token_to_id(END)
    plain, matched = Encoder(tokenizer("gpt2")), Encoder(tokenizer("gpt2"), special_tokens=True)
    assert end not in rows(plain.encode(pa.array(values, TEXT)))[0]
    assert rows(matched.encode(pa.array(values, TEXT))) == by_library("gpt2", values, special_tokens=True)
    assert end in rows(matched.encode(pa.array(values, TEXT)))[0]


def test_every_document_gets_its_end_token() -> None:
    values = ["one two", "", f"{EXTRA}", None]
    found = rows(encoders["gpt2"].encode(pa.array(values, TEXT), end_token=0))
    assert found == [[*ids, 0] for ids in by_library("gpt2", values)]


@pytest.mark.parametrize("family", ["gpt2", "llama", "metaspace-unigram"])
def test_a_full_cache_changes_nothing(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_ENTRIES", 8)
    monkeypatch.setattr(cache, "_ARENA", 64)
    small = Encoder(tokenizer(family))
    for values in (TEXTS, [*TEXTS, None, EXTRA, *TEXTS]):
        assert rows(small.encode(pa.array(values, TEXT), end_token=0)) == [
            [*ids, 0] for ids in by_library(family, values)
        ]


def test_the_type_of_a_token_holds_the_whole_vocabulary() -> None:
    encoder = Encoder(tokenizer("gpt2"))
    for vocabulary, dtype in ((1 << 16, np.uint16), ((1 << 16) + 1, np.uint32)):
        encoder.vocabulary = vocabulary
        assert encoder.dtype == dtype


def test_the_mark_for_a_space_is_a_letter_to_byte_level_tokenizers() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    letters = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    library = Tokenizer(models.BPE(vocab=letters, merges=[]))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    encoder, values = Encoder(library), ["▁a ▁▁b", "▁", " ▁", "a"]
    assert encoder.is_fast
    wanted = [library.encode(value, add_special_tokens=False).ids for value in values]
    assert rows(encoder.encode(pa.array(values, TEXT))) == wanted

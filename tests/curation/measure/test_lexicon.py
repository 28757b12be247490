from __future__ import annotations

import pickle
import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import ResourceError
from curation.measure.lexicon import Lexicon, entries_pattern
from curation.operator import run_operator

ENGLISH = ["darn", "darn it", "heck", "h*ck", "a.b"]
CHINESE = ["坏", "坏蛋"]


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, str]:
    for language, entries in (("en", ENGLISH), ("zh", CHINESE)):
        (tmp_path / language).write_text("\n".join(["# words", *entries]), "utf-8")
    return {language: str(tmp_path / language) for language in ("en", "zh")}


def measure(operator: Lexicon, texts: list[str | None], languages: list[str | None] | None = None) -> list[tuple]:
    columns = {"text": pa.array(texts, pa.large_string())}
    if languages is not None:
        columns["language.label"] = pa.array(languages, pa.string())
    done = run_operator(operator, pa.RecordBatch.from_pydict(columns))
    return list(
        zip(
            *(done.column(f"lexicon.flagged_{name}").to_pylist() for name in ("matches", "distinct", "score")),
            strict=True,
        )
    )


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("Darn! DARN, I say", (2, 1, 0.5)),
        ("darn it all", (1, 1, 1 / 3)),
        ("darning heckler", (0, 0, 0.0)),
        ("what the h*ck, heck", (2, 2, 0.4)),
        ("a.b but not axb", (1, 1, 0.25)),
        ("他是坏蛋坏", (2, 2, 0.4)),
        ("", (0, 0, 0.0)),
        (None, (0, 0, 0.0)),
    ],
)
def test_entries_count_between_boundaries_or_anywhere_by_language(
    lists: dict[str, str], text: str | None, measured: tuple[float, ...]
) -> None:
    assert measure(Lexicon(lists=lists), [text]) == [pytest.approx(measured)]


def test_a_document_meets_the_list_of_its_language(lists: dict[str, str]) -> None:
    operator = Lexicon(lists=lists, language="language.label")
    texts, languages = ["darn 坏", "darn 坏", "darn", "darn"], ["en", "zh", "fr", None]
    found = measure(operator, texts, languages)
    assert [row[0] for row in found] == [1, 1, None, None]
    assert [row[2] is None for row in found] == [False, False, True, True]


def test_allowed_entries_do_not_count(lists: dict[str, str]) -> None:
    assert measure(Lexicon(lists=lists, allow=["Heck"]), ["heck darn"])[0][0] == 1


def test_columns_carry_the_label(lists: dict[str, str]) -> None:
    assert set(Lexicon(lists=lists, label="toxic").adds()) == {
        f"lexicon.toxic_{m}" for m in ("matches", "distinct", "score")
    }


@given(
    st.lists(st.text(alphabet="abſs.K ", min_size=1, max_size=4).map(str.strip).filter(bool), min_size=1, max_size=8),
    st.text(alphabet="abſsSK.Kk ", max_size=20),
)
def test_the_pattern_finds_what_a_plain_alternation_finds(entries: list[str], text: str) -> None:
    plain = "|".join(re.escape(entry) for entry in sorted(set(entries), key=lambda entry: (-len(entry), entry)))
    expected = [m.span() for m in re.finditer(rf"(?<!\w)(?:{plain})(?!\w)", text)]
    assert [m.span() for m in re.finditer(rf"(?<!\w){entries_pattern(entries)}(?!\w)", text)] == expected


@given(text=st.text(alphabet="darnDARNſK heckHECK坏蛋.*!", max_size=30))
def test_the_sieve_misses_no_document(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "entries"
    path.write_text("\n".join(ENGLISH), "utf-8")
    plain = "|".join(re.escape(entry) for entry in sorted(ENGLISH, key=len, reverse=True))
    expected = len(re.findall(rf"(?<!\w)(?:{plain})(?!\w)", text, re.IGNORECASE))
    assert measure(Lexicon(lists={"en": str(path)}), [text])[0][0] == expected


def test_batches_pickling_and_large_lists(tmp_path: Path) -> None:
    (tmp_path / "large").write_text("\n".join(f"word{n}" for n in range(3000)), "utf-8")
    operator = pickle.loads(pickle.dumps(Lexicon(lists={"en": str(tmp_path / "large")})))
    operator.open()
    texts = ["word2999 word1", None, "", "word", "x" * 1_000_000, "word7 " * 1000]
    assert measure(operator, texts) == [measure(operator, [text])[0] for text in texts]
    assert [row[0] for row in measure(operator, texts)] == [2, 0, 0, 0, 0, 1000]
    assert measure(operator, []) == []


def test_a_missing_list_is_an_error_of_resources(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="UTF-8 text file"):
        Lexicon(lists={"en": str(tmp_path / "none")}).open()

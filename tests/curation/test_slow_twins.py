"""Every rule's scores and edits equal those of its slow twin on texts in many scripts, in batches of any make-up."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.clean.c4_lines import C4Lines
from curation.clean.refinedweb_lines import RefinedWebLines
from curation.kernels.hashing import frozen
from curation.kernels.sentences import count_sentences
from curation.kernels.unicode_tables import character_classes
from curation.measure.bigscience import BigScience
from curation.measure.c4_page import C4Page
from curation.measure.fineweb import FineWeb
from curation.measure.gopher_quality import GopherQuality
from curation.measure.gopher_repetition import GopherRepetition
from curation.measure.word_counts import count_words
from curation.operator import Operator, run_operator
from curation.schema import TEXT, text_buffers
from tests.reference import bigscience, c4, fineweb, gopher, refinedweb, sentences, words
from tests.reference.ugly import texts as ugly

WORDS = [
    "the",
    "of",
    "and",
    "that",
    "have",
    "with",
    "to",
    "be",
    "The",
    "OF",
    "mill",
    "Wheel",
    "don't",
    "it’s",
    "e.g.",
    "A.",
    "x1y2",
    "3,000.5",
    "snake_case",
    "example.org/path",
    "re-use",
    "Müller",
    "naïve",
    "café",
    "Straße",
    "İstanbul",
    "Жар",
    "мельник",
    "Україна",
    "Ελληνικά",
    "ΣΊΣΥΦΟΣ",
    "שלום",
    "מים",
    "العربية",
    "مرحبا",
    "فارسی",
    "हिन्दी",
    "नमस्ते",
    "বাংলা",
    "தமிழ்",
    "తెలుగు",
    "ಕನ್ನಡ",
    "മലയാളം",
    "සිංහල",
    "ภาษาไทย",
    "ສະບາຍດີ",
    "မြန်မာ",
    "ភាសាខ្មែរ",
    "漢字",
    "简体中文",
    "日本語",
    "ひらがな",
    "カタカナ",
    "ｶﾀｶﾅ",
    "한국어",
    "ქართული",
    "Հայերեն",
    "አማርኛ",
    "ᏣᎳᎩ",
    "ᠮᠣᠩᠭᠣᠯ",
    "བོད་ཡིག",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ",
    "𝐀𝐁",
    "𠀀",
    "😀",
    "👨\u200d👩",
    "\u202e",
    "️",
    "́",
    "٣٤٥",
    "१२३",
    "ⅷ",
    "²",
    "KK",
]
MARKS = [". ", "! ", "? ", "。", "…", "...", ". . .", '" ', "”", "'", ", ", "; ", "#", "##", "{", "}", "[3]", "[edit]"]
MARKS += [
    "[citation needed]",
    "•",
    "- ",
    "* ",
    "\n- ",
    "\n• ",
    "--",
    "__",
    "\x00",
    "\u200b",
    "\u00a0",
    "\u3000",
    "\x1c",
]
BREAKS = [" ", " ", " ", "  ", "", "\n", "\n\n", "\n\n\n", "\r\n", "\t", "\x85", "\u2028"]
PHRASES = [
    "lorem ipsum",
    "JavaScript",
    "Privacy Policy",
    "terms of use",
    "coo\u212aie policy",
    "use cookies",
    "3 likes",
]
PHRASES += ["items in cart", "Read more...", "Sign-in now", "SHOUTING LINE HERE", "12345 67890"]
DIALECTS_C4 = {"tfds": ((".", "?", "!", '"'), 5, False), "paper": ((".", "?", "!", '"', "'"), 3, True)}

pieces = st.lists(st.sampled_from([*WORDS, *MARKS, *PHRASES]), min_size=1, max_size=60)
spoken = st.tuples(pieces, st.lists(st.sampled_from(BREAKS), min_size=1, max_size=7), st.integers(1, 3)).map(
    lambda parts: "".join(word + parts[1][k % len(parts[1])] for k, word in enumerate(parts[0])) * parts[2]
)
batches = st.lists(spoken | ugly, min_size=10, max_size=10)


def scores(operator: Operator, texts: list[str]) -> list[dict[str, object]]:
    rows = run_operator(operator, pa.RecordBatch.from_pydict({"text": pa.array(texts, TEXT)})).to_pylist()
    prefix = operator.contract.name + "."
    return [{name.removeprefix(prefix): value for name, value in row.items()} for row in rows]


def measures(operator: Operator, texts: list[str]) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if name != "text"} for row in scores(operator, texts)]


def compare_measures(texts: list[str]) -> None:
    for dialect in ("datatrove", "dolma", "dclm"):
        expected = [gopher.repetition(text, dialect) for text in texts]
        assert measures(GopherRepetition(dialect=dialect), texts) == expected
    for dialect in ("datatrove", "dolma", "dclm", "curator"):
        assert measures(GopherQuality(dialect=dialect), texts) == [gopher.quality(text, dialect) for text in texts]
    for dialect in ("2024-04", "2024-12"):
        assert measures(FineWeb(dialect=dialect), texts) == [fineweb.measure(text, dialect) for text in texts]
    assert measures(C4Page(long_line_characters=7), texts) == [c4.measure(text, 7) for text in texts]
    stop_words = ("the", "of", "мельник")
    expected = [bigscience.measure(text, 5, 3, stop_words) for text in texts]
    assert measures(BigScience(character_ngram=5, word_ngram=3, stop_words=stop_words), texts) == expected


def compare_edits(texts: list[str]) -> None:
    for dialect, (marks, least, words_first) in DIALECTS_C4.items():
        for text, row in zip(texts, scores(C4Lines(dialect=dialect), texts), strict=True):
            page = c4.clean(text, marks, least, words_first, 1000)
            assert row["text"] == "\n".join(page.lines)
            assert {name: row[name] for name in page.counts} == dict(page.counts)
    for text, row in zip(texts, scores(RefinedWebLines(), texts), strict=True):
        assert row["text"] == refinedweb.correct(text)


def compare_kernels(texts: list[str]) -> None:
    data, offsets = map(frozen, text_buffers(pa.array(texts, TEXT)))
    assert count_words((data, offsets))[:, 0].tolist() == [len(words.words(text)) for text in texts]
    found = count_sentences(data, offsets, character_classes())
    assert found.tolist() == [sentences.count(text) for text in texts]
    assert np.diff(offsets).sum() == sum(len(text.encode()) for text in texts)


@given(batches)
@settings(max_examples=25, deadline=None)
def test_all_rules_equal_their_slow_twins(texts: list[str]) -> None:
    compare_measures(texts)
    compare_edits(texts)
    compare_kernels(texts)


@pytest.mark.slow  # ten thousand texts: some minutes
@pytest.mark.timeout(3600)
@given(batches)
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_rules_equal_their_slow_twins_on_ten_thousand_texts(texts: list[str]) -> None:
    compare_measures(texts)
    compare_edits(texts)
    compare_kernels(texts)

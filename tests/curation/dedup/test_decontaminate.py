"""Evaluation items are found in pages whatever case, punctuation or single words changed; common phrases are not."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path

import pyarrow as pa
import pytest

from curation.dedup.cut_items import CutItems
from curation.dedup.decontaminate import Decontaminate
from curation.operator import run_operator
from curation.schema import TEXT
from tests.reference.planted import prose
from tests.reference.ugly import UGLY

QUESTION = "A farmer grinds nine sacks of rye before noon and sells four of them; how many are left for the baker?"
SHORT = "Who built the mill?"
PLACES = [f"Then it passes place {k}." for k in range(30)]
ITEMS = [
    {"id": "rye", "question": QUESTION, "answer": "five sacks"},
    {"id": "mill", "question": SHORT, "answer": "Old Tobias"},
    {"id": "none", "question": "What is it?", "answer": ""},
    {"id": "river", "passage": " ".join(["The river rises in the hills.", *PLACES])},
    *({"id": f"q{k}", "question": f"Which of the following is best called number {k} in the list?"} for k in range(5)),
]


@pytest.fixture(scope="module")
def benchmark_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("bench") / "items.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    return str(path)


def page(middle: str) -> str:
    """About 10 kB of other words with something in the middle."""
    source = random.Random(1)
    half = " ".join(prose(source, 900)) + ". "
    return half + middle + " " + half


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(texts, TEXT)], ["text"])


def hits(path: str, text: str | None, **choices: object) -> list[dict[str, object]]:
    done = run_operator(Decontaminate(benchmarks=(path,), **choices), batch(text))
    found: list[dict[str, object]] = done.column("decontaminate.hits").to_pylist()[0]
    return found


def changed(place: int, by: str) -> str:
    words = QUESTION.split()
    return " ".join([*words[:place], *by.split(), *words[place + 1 :]])


@pytest.mark.parametrize(
    "middle",
    [
        QUESTION,
        QUESTION.upper(),
        QUESTION.replace(" ", "\n  ").replace(";", " -- ").rstrip("?"),
        *(changed(place, by) for place in (0, 1, 4, 9, 10, 15, 20, 21) for by in ("wheat", "", "the very wheat")),
    ],
)
def test_finds_a_question_in_a_page(benchmark_file: str, middle: str) -> None:
    (hit,) = hits(benchmark_file, page(middle))
    assert (hit["item"], hit["part"]) == ("rye", "question")
    assert hit["share"] >= 0.9  # type: ignore[operator]


def test_tells_span_share_and_answer(benchmark_file: str) -> None:
    text = page("caf\u00e9. " + QUESTION + " Answer: FIVE sacks.")
    (hit,) = hits(benchmark_file, text)
    assert text.encode()[hit["start"] : hit["end"]].decode() == QUESTION.rstrip("?")  # type: ignore[misc]
    assert (hit["share"], hit["run"], hit["answered"]) == (1.0, 21, True)


def test_every_eight_word_question_survives_one_change(tmp_path: Path) -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
    (tmp_path / "x.jsonl").write_text(json.dumps({"question": " ".join(words)}))
    for place in range(8):
        text = page(" ".join([*words[:place], "omega", *words[place + 1 :]]))
        assert [hit["share"] for hit in hits(str(tmp_path / "x.jsonl"), text)] == [7 / 8]


@pytest.mark.parametrize(
    "middle",
    [
        "",
        "how many are left for the baker",
        "Which of the following is best called a list?",
        SHORT,
        "Who built the mill? Nobody knows.",
        "Old Tobias built the mill.",
        "The river rises in the hills.",
    ],
)
def test_common_phrases_and_parts_are_not_touched(benchmark_file: str, middle: str) -> None:
    assert hits(benchmark_file, page(middle)) == []


def test_short_questions_need_their_answer_near(benchmark_file: str) -> None:
    assert [hit["item"] for hit in hits(benchmark_file, page(SHORT + " It was old Tobias."))] == ["mill"]
    assert hits(benchmark_file, page(SHORT + " It was old Tobias."), answer_within=1) == []


def test_a_long_run_of_a_passage_counts_by_itself(benchmark_file: str) -> None:
    part = " ".join(PLACES[20:24])
    (hit,) = hits(benchmark_file, page(part))
    assert (hit["item"], hit["run"]) == ("river", 20)
    assert hit["share"] < 0.2  # type: ignore[operator]
    assert hits(benchmark_file, page(part), run_words=None) == []


def test_cuts_the_sentences_that_hold_an_item(benchmark_file: str) -> None:
    before = "A first sentence. So they ask: " + QUESTION + ' "Five!" said he. A last sentence.'
    done = run_operator(CutItems(benchmarks=(benchmark_file,)), batch(before, "clean", None))
    assert done.column("text").to_pylist() == ['A first sentence. "Five!" said he. A last sentence.', "clean", ""]
    assert done.column("cut_items.hits").to_pylist() == [1, 0, 0]
    assert done.column("cut_items.removed_characters").to_pylist()[1:] == [0, 0]


def test_batching_and_ugly_texts_change_nothing(benchmark_file: str) -> None:
    operator = Decontaminate(benchmarks=(benchmark_file,))
    texts = batch(*UGLY, None, page(QUESTION), "x " * 2**19)
    whole = run_operator(operator, texts)
    parts = [run_operator(operator, texts.slice(k, 1)) for k in range(texts.num_rows)]
    assert pa.concat_batches(parts).equals(whole)
    assert run_operator(operator, batch()).num_rows == 0


def test_fingerprint_follows_the_benchmarks(benchmark_file: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(Path(benchmark_file).read_bytes() + b'{"question": "One more?"}\n')
    first, second = (Decontaminate(benchmarks=(str(path),)) for path in (benchmark_file, copy))
    first.open()
    assert first.fingerprint() != second.fingerprint()
    assert pickle.loads(pickle.dumps(first)).fingerprint() == first.fingerprint()

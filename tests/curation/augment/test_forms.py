"""Chunks, other orders, hidden spans, middles to fill in, templates and summaries."""

import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.augment.chunks import Chunks
from curation.augment.extractive_summary import ExtractiveSummary
from curation.augment.fill_in_the_middle import FillInTheMiddle
from curation.augment.instruction_templates import InstructionTemplates
from curation.augment.pieces import sentences_of, words_of
from curation.augment.shuffle_sentences import ShuffleSentences
from curation.augment.span_corruption import SpanCorruption
from curation.errors import ResourceError
from tests.curation.augment.helpers import CHINESE, ENGLISH, made, new_texts
from tests.reference import sentences
from tests.reference.ugly import texts


@given(texts)
@settings(max_examples=200, deadline=None)
def test_pieces_make_up_the_text_again(text):
    assert "".join(sentences_of(text)) == text
    assert "".join(words_of(text)[0]) == text


@given(texts)
@settings(max_examples=200, deadline=None)
def test_sentences_end_where_the_reference_says(text):
    found = [sentence.strip() for sentence in sentences_of(text) if sentences.has_word(sentence)]
    assert found == [sentence.strip() for sentence in sentences.split(text)]


def test_chunks_overlap_and_leave_nothing_out():
    words = [str(number) for number in range(10)]
    rows = made(Chunks(size=4, overlap=1), " ".join(words))
    assert [row["text"] for row in rows] == ["0 1 2 3", "3 4 5 6", "6 7 8 9"]
    assert [(row["chunk"], row["chunks"]) for row in rows] == [(0, 3), (1, 3), (2, 3)]


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 19))
def test_chunks_cover_every_unit_once_but_for_the_overlap(count, size, overlap):
    if overlap < size < count:
        bounds = Chunks(unit="characters", size=size, overlap=overlap)._bounds(count)
        assert bounds[0][0] == 0
        assert bounds[-1][1] == count
        assert all(start == end - overlap for (_, end), (start, _) in itertools.pairwise(bounds))
        assert all(end > start for (_, start), (_, end) in itertools.pairwise(bounds))


def test_a_short_last_chunk_is_left_out_and_a_text_of_one_chunk_gives_none():
    assert new_texts(Chunks(size=4, overlap=0, min_new=2), "a b c d e") == ["a b c d"]
    assert new_texts(Chunks(size=4, overlap=0), "a b c d") == []


def test_chunks_of_chinese_sentences():
    chunks = new_texts(Chunks(unit="sentences", size=3, overlap=0), CHINESE)
    assert "".join(chunks) == CHINESE
    assert all(chunk.endswith(("。", "!")) for chunk in chunks)


def test_sentences_change_places_within_their_lines():
    (text,) = new_texts(ShuffleSentences(), ENGLISH)
    assert text != ENGLISH
    for line, before in zip(text.splitlines(), ENGLISH.splitlines(), strict=True):
        assert sorted(map(str.strip, sentences_of(line))) == sorted(map(str.strip, sentences_of(before)))


def filled_in(prompt, response):
    """The text behind a T5 pair."""
    spans = re.split(r"<extra_id_\d+>", response)[1:-1]
    for number, span in enumerate(spans):
        prompt = prompt.replace(f"<extra_id_{number}>", span, 1)
    return prompt


@given(st.lists(st.sampled_from(["mill", "a", "grain,", "é", "漢字", "x1"]), min_size=20, max_size=90), st.randoms())
@settings(max_examples=60, deadline=None)
def test_hidden_spans_put_back_give_the_text(words, chance):
    text = "".join(word + chance.choice([" ", "\n", "  "]) for word in words).strip()
    (row,) = made(SpanCorruption(), text)
    assert filled_in(row["prompt"], row["response"]) == text
    hidden = sum(len(span.split()) for span in re.split(r"<extra_id_\d+>", row["response"]))
    assert hidden == round(0.15 * len(words))
    assert row["response"].count("<extra_id_") == max(round(hidden / 3), 1) + 1


def test_windows_share_out_a_long_text_and_sentinels_in_it_are_not_mistaken():
    rows = made(SpanCorruption(window=50), " ".join(map(str, range(120))))
    assert len(rows) == 3
    assert " ".join(filled_in(row["prompt"], row["response"]).strip() for row in rows) == " ".join(map(str, range(120)))
    assert made(SpanCorruption(), f"{ENGLISH} <extra_id_7>") == []
    assert len(made(SpanCorruption(unit="characters"), CHINESE)) == 1


def test_a_window_with_more_spans_than_sentinels_is_refused():
    with pytest.raises(ValueError, match="needs 104 sentinels"):
        SpanCorruption(window=2060)


def test_prefix_suffix_and_middle_put_together_are_the_text():
    rows = made(FillInTheMiddle(copies=20), ENGLISH)
    assert {row["order"] for row in rows} == {"psm", "spm"}
    for row in rows:
        if row["order"] == "psm":
            prefix, suffix = row["prompt"].removeprefix("<|fim_prefix|>").split("<|fim_suffix|>")
            suffix = suffix.removesuffix("<|fim_middle|>")
        else:
            suffix, prefix = row["prompt"].removeprefix("<|fim_prefix|><|fim_suffix|>").split("<|fim_middle|>")
        assert prefix + row["response"] + suffix == ENGLISH
        assert row["text"] == row["prompt"] + row["response"]
    assert made(FillInTheMiddle(), f"{ENGLISH}<|fim_middle|>") == []


def test_templates_take_fields_of_meta_and_wait_for_those_that_are_missing(tmp_path):
    title = {"prompt": "Write about {title}.\n", "response": "{text}"}
    (tmp_path / "more.jsonl").write_text(json.dumps({"prompt": "{author} writes:\n", "response": "{text}"}) + "\n")
    operator = InstructionTemplates(templates=(title,), file=str(tmp_path / "more.jsonl"), copies=5)
    (row,) = made(operator, ENGLISH, meta={"title": "Mills {text}", "author": " "})
    assert row["prompt"] == "Write about Mills {text}.\n"
    assert row["response"] == ENGLISH
    assert row["template"] == 0
    assert len(made(operator, ENGLISH, meta={"title": "Mills", "author": "Martha"})) == 2
    assert made(operator, ENGLISH, meta={"title": ["Mills"]}) == []


def test_a_broken_file_of_templates_is_named_with_its_line(tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"prompt": "a", "response": "b"}\n{"prompt": "a"}\n')
    with pytest.raises(ResourceError, match=r"bad\.jsonl, line 2"):
        InstructionTemplates(file=str(tmp_path / "bad.jsonl")).open()


@pytest.mark.parametrize("method", ["lead", "frequency", "textrank"])
def test_a_summary_is_made_of_sentences_in_the_order_of_the_text(method):
    (row,) = made(ExtractiveSummary(method=method), ENGLISH)
    chosen = [sentence.strip() for sentence in sentences_of(row["response"])]
    places = [ENGLISH.index(sentence) for sentence in chosen]
    assert len(chosen) == 3
    assert places == sorted(places)
    assert row["prompt"] == f"{ENGLISH}\n\nSummary:\n"
    if method == "lead":
        assert places[0] == 0


@pytest.mark.parametrize("method", ["frequency", "textrank"])
def test_a_sentence_about_what_the_others_are_about_is_chosen(method):
    stray = "Zebras yawn."
    others = [f"The old mill {verb} grain near river number {n}." for n, verb in enumerate(["grinds", "takes"] * 5)]
    (row,) = made(ExtractiveSummary(method=method, sentences=2), " ".join([*others[:5], stray, *others[5:]]))
    assert stray not in row["response"]

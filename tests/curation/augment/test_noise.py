"""Noise by characters and by words, in English and in Chinese, and synonyms."""

import random

import pytest

from curation.augment.character_noise import CharacterNoise
from curation.augment.chinese_noise import ChineseNoise
from curation.augment.keyboards import neighbours
from curation.augment.synonyms import Synonyms
from curation.augment.word_noise import WordNoise
from curation.errors import ResourceError
from tests.curation.augment.helpers import CHINESE, ENGLISH, new_texts

ONE = {"swap": 0.0, "drop": 0.0, "insert": 0.0, "neighbour": 0.0}


@pytest.mark.parametrize(
    ("layout", "key", "near"),
    [
        ("qwerty", "s", "adewxz"),
        ("qwerty", "Z", "ASX"),
        ("qwertz", "z", "67ghtu"),
        ("azerty", "q", "aswz"),
    ],
)
def test_neighbours_are_the_keys_that_touch(layout, key, near):
    assert neighbours(layout)[key] == near


def test_being_neighbours_goes_both_ways():
    for layout in ("qwerty", "qwertz", "azerty"):
        near = neighbours(layout)
        assert all(key in near[other] for key, others in near.items() for other in others if key.islower())


@pytest.mark.parametrize(("kind", "length"), [("drop", -1), ("insert", 1), ("neighbour", 0)])
def test_a_mistake_is_one_character_more_less_or_other(kind, length):
    (text,) = new_texts(CharacterNoise(rate=1.0, **{**ONE, kind: 1.0}), "mill")
    assert len(text) == 4 + 4 * length
    assert text != "mill"


def test_swapped_letters_stay_in_their_word_and_marks_stay_where_they_were():
    (text,) = new_texts(CharacterNoise(rate=1.0, **{**ONE, "swap": 1.0}), "mills turn, slowly.")
    words = text.replace(",", "").replace(".", "").split()
    assert [sorted(word) for word in words] == [sorted(word) for word in ("mills", "turn", "slowly")]
    assert text != "mills turn, slowly."


def test_letters_that_are_on_no_key_are_not_replaced():
    assert new_texts(CharacterNoise(rate=1.0, **{**ONE, "neighbour": 1.0}), "мельница") == []


def test_no_kind_at_all_is_refused():
    with pytest.raises(ValueError, match="all four weights are 0"):
        CharacterNoise(**ONE)


def test_words_are_dropped_or_swapped_and_white_space_stays():
    (text,) = new_texts(WordNoise(drop=0.0, swap=1.0, min_words=1), "a b  c\nd")
    assert text == "b c  d\na"
    (text,) = new_texts(WordNoise(drop=1.0, min_words=1), "a b")
    assert text == " "


def test_chinese_is_cut_into_characters_or_listed_words_and_marks_hold_runs_apart(tmp_path):
    operator = ChineseNoise(drop=0.0, swap=1.0, min_units=1)
    assert new_texts(operator, "甲乙丙,ABC丁戊") == ["乙丙甲,ABC戊丁"]
    (tmp_path / "words.txt").write_text("磨坊\n老人  # a comment\n", "utf-8")
    listed = ChineseNoise(drop=0.0, swap=1.0, min_units=1, words=str(tmp_path / "words.txt"))
    assert new_texts(listed, "磨坊老人。") == ["老人磨坊。"]


def test_similar_characters_come_from_the_users_list(tmp_path):
    (tmp_path / "similar.tsv").write_text("的\t得\t地\n在\t再\n", "utf-8")
    operator = ChineseNoise(drop=0.0, swap=0.0, confuse=1.0, similar=str(tmp_path / "similar.tsv"))
    (text,) = new_texts(operator, CHINESE)
    assert "的" not in text
    assert len(text) == len(CHINESE)
    changed = {(old, new) for old, new in zip(CHINESE, text, strict=True) if old != new}
    assert changed <= {("的", "得"), ("的", "地"), ("在", "再")}
    assert new_texts(operator, ENGLISH) == []


@pytest.fixture
def lexicon(tmp_path):
    path = tmp_path / "synonyms.tsv"
    path.write_text("# word, synonyms\nmill\tgrinder\nquick\tfast\tswift\n磨坊\t水磨\n", "utf-8")
    return str(path)


def test_synonyms_take_over_capitals_and_inflected_words_stay(lexicon):
    (text,) = new_texts(Synonyms(lexicon=lexicon, rate=1.0), "“Mill”, MILL and mills; the mill.")
    assert text == "“Grinder”, GRINDER and mills; the grinder."


def test_synonyms_without_spaces_are_found_anywhere(lexicon):
    assert new_texts(Synonyms(lexicon=lexicon, rate=1.0, spaces=False), "河边的磨坊每天") == ["河边的水磨每天"]


def test_one_of_several_synonyms_is_chosen_by_the_seed(lexicon):
    operator = Synonyms(lexicon=lexicon, rate=1.0)
    found = {operator.vary("quick", random.Random(seed)) for seed in range(20)}
    assert found == {"fast", "swift"}


def test_a_line_without_synonym_is_named(tmp_path):
    (tmp_path / "bad.tsv").write_text("mill\tgrinder\nword\n")
    with pytest.raises(ResourceError, match=r"bad\.tsv:2"):
        Synonyms(lexicon=str(tmp_path / "bad.tsv")).open()

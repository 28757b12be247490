"""Questions and gaps made from the structure of a text."""

import pytest

from curation.augment.cloze import Cloze
from curation.augment.question_answer import QuestionAnswer
from curation.augment.structure import definitions, headings, lists
from tests.curation.augment.helpers import made

PAGE = """# Water mills

A water mill is a machine that turns flowing water into work. It was known to the Romans.
Grist is the grain that is ground.

Why do mills need rivers?
=========================
Because the wheel has to be moved by something.
More follows here.

Parts of a mill:
- the wheel
- the stones
- the hopper

They are a sight to see. This is a sentence without a term.
== Empty ==
"""


def test_definitions_have_a_term_of_their_own():
    found = [(each.term, each.verb) for each in definitions(PAGE, "en")]
    assert found == [("water mill", "is"), ("Grist", "is")]


def test_headings_go_with_the_first_paragraph_below():
    found = list(headings(PAGE))
    assert [heading.title for heading in found] == ["Water mills", "Why do mills need rivers?"]
    assert found[1].paragraph == "Because the wheel has to be moved by something.\nMore follows here."


def test_lists_go_with_the_line_above():
    assert list(lists(PAGE)) == [("Parts of a mill", ("the wheel", "the stones", "the hopper"))]
    assert list(lists("Only two:\n- a\n- b\n")) == []


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("磨坊是一种利用水力的机器。", "磨坊"),
        ("光合作用是指植物利用阳光制造养分的过程。", "光合作用"),
        ("这是一个好主意。", None),
        ("他是一位老师。", None),
    ],
)
def test_definitions_in_chinese(sentence, term):
    assert [each.term for each in definitions(sentence, "zh")] == ([term] if term else [])


def test_questions_are_answered_by_the_text():
    rows = made(QuestionAnswer(), PAGE)
    answers = {row["question"]: row["response"] for row in rows}
    assert answers["What is a water mill?"].startswith("A water mill is a machine")
    assert answers["Why do mills need rivers?"].startswith("Because the wheel")
    assert answers["Parts of a mill: name them."] == "the wheel\nthe stones\nthe hopper"
    assert all(row["prompt"] == row["question"] + "\n" for row in rows)


def test_questions_with_their_context_and_in_other_words():
    operator = QuestionAnswer(kinds=("definitions",), with_context=True, questions={"define": "Was ist {term}?"})
    row = made(operator, PAGE)[1]
    assert row["prompt"] == "Grist is the grain that is ground.\n\nWas ist Grist?\n"
    assert row["response"] in row["context"]
    (row,) = made(QuestionAnswer(language="zh"), "磨坊是一种利用水力的机器。")
    assert row["question"] == "什么是磨坊？"


def test_gaps_filled_in_give_the_passage():
    rows = {row["kind"]: row for row in made(Cloze(), PAGE)}
    assert rows["definitions"]["text"] == "____ is the grain that is ground.\n\nGrist"
    assert rows["headings"]["response"] == "Why do mills need rivers?"
    passage = rows["lists"]["prompt"].replace("____", rows["lists"]["response"])
    assert passage == "Parts of a mill:\n- the wheel\n- the stones\n- the hopper\n\n"


def test_no_more_items_than_asked_for():
    assert len(made(QuestionAnswer(max_items=2), PAGE)) == 2
    assert len(made(Cloze(max_items=2), PAGE)) == 2

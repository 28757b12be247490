"""Text on a page: masked before it is cut, marked without losing a character."""

from html import unescape
from re import sub

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.audit.marks import Span, found_words, marked, personal, repeated
from data_cards.audit.texts import difference, excerpt, masked

MAIL = "Write to miller@example.org about it."


def plain(html):
    return unescape(sub(r"<[^>]*>", "", str(html)))


def test_finds_are_masked_and_named():
    assert plain(masked(MAIL)) == "Write to [email] about it."


@pytest.mark.parametrize("most", range(5, 30))
def test_no_part_of_a_find_is_left_at_a_cut(most):
    shown = plain(excerpt(MAIL, most))
    assert "mill" not in shown
    assert "example" not in shown


def test_a_difference_marks_both_sides():
    html = difference("the old mill turns", "the new mill turns")
    assert "<del>old</del><ins>new</ins>" in html


def test_a_line_broken_elsewhere_changes_no_word():
    assert plain(sub(r"<(ins|del)>\s*</\1>", "", str(difference("the old mill", "the old\n\nmill")))) == "the oldmill"


@given(st.text(), st.text())
def test_a_short_difference_holds_both_texts(old, new):
    html = str(difference(old, new))
    kept, added = sub(r"<ins>.*?</ins>", "", html, flags=16), sub(r"<del>.*?</del>", "", html, flags=16)
    if "[…" not in html and "mark" not in html:
        assert (plain(kept), plain(added)) == (old, new)


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_marks_lose_and_double_nothing(text, places):
    spans = sorted(Span(min(a, b), max(a, b), "found") for a, b in places if a != b and max(a, b) <= len(text))
    apart = [span for at, span in enumerate(spans) if not at or span.start >= spans[at - 1].end]
    assert plain(marked(text, apart[::2], apart[1::2], apart[:1])) == text


def test_earlier_layers_win():
    html = marked(MAIL, personal(MAIL, mask=True), found_words(MAIL, ["example", "write"]))
    assert html == ('<mark class="found">Write</mark> to <mark class="personal">[email]</mark> about it.')


def test_words_of_repeated_passages_are_marked():
    text = "one two three four five. Else. One two three four five!"
    found = [text[span.start : span.end] for span in repeated(text)]
    assert found == ["one two three four five", "One two three four five"]
    assert repeated("one two three four five six") == []

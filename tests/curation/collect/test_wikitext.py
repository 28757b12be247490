from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.collect.wikitext import plain_text

DROPPED = {"file", "image", "category", "datei"}


def text(wikitext: str) -> str:
    return plain_text(wikitext, DROPPED)[0]


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("'''Foxes''' are ''small'' [[dog]]s.", "Foxes are small dogs."),
        ("A [[red fox|fox]] and [[Vulpes#Species|its kin]].", "A fox and its kin."),
        ("Before {{cite|a={{b|c}}|d}} after", "Before after"),
        ("Text<ref>{{cite}} words</ref> goes<ref name=a/> on.", "Text goes on."),
        ("Text<!-- hidden\n\nlines --> stays", "Text stays"),
        ("[[File:Fox.jpg|thumb|A [[red]] fox]]Text[[Category:Foxes]]", "Text"),
        ("[[Datei:Fuchs.jpg|mini]]Text [[de:Fuchs]]", "Text"),
        ("[[:Category:Foxes]]", "Category:Foxes"),
        ("{| class=a\n|-\n| cell\n|}\nText", "Text"),
        ("See [https://fox.example the fox] [https://x.example].", "See the fox ."),
        ("* one\n* two\n# three", "- one\n- two\n- three"),
        ("5 &lt; 6 &amp; a&nbsp;b", "5 < 6 & a b"),
        ("Berlin (; {{IPA|x}}, ) lies", "Berlin lies"),
        ("__NOTOC__Text", "Text"),
        ("unclosed {{template text", "unclosed template text"),
        ("unclosed [[link text", "unclosed link text"),
        ("closed too often}} ]] text", "closed too often text"),
        ("{{a|}} text {{b|c|}}", "text"),
        ("one<br />two", "one\n\ntwo"),
    ],
)
def test_keeps_prose_and_drops_markup(wikitext: str, expected: str) -> None:
    assert text(wikitext) == expected


def test_sections_stand_where_they_say() -> None:
    found, sections = plain_text("Lead.\n== Life ==\n=== Youth ===\nYoung.\n== Links ==\n* {{x}}\n== Empty ==", DROPPED)
    assert found == "Lead.\n\nLife\n\nYouth\n\nYoung."
    assert [(each.level, found[each.start : each.start + len(each.title)]) for each in sections] == [
        (2, "Life"),
        (3, "Youth"),
    ]


@pytest.mark.parametrize(
    "sign",
    ["{{", "}}", "[[", "]]", "{|\n", "|}\n", "<ref>", "<!--", "[http://x ", "''", "=", "(", "{{[[", "<br", "&amp;"],
)
def test_hostile_repetition_takes_linear_time(sign: str) -> None:
    assert set(text(sign * 100_000)) <= set(sign)


@given(st.lists(st.sampled_from(["{{", "}}", "[[", "]]", "|", "{|", "|}", "\n", "==", "'''", "<ref>", "</ref>", "x"])))
def test_any_markup_gives_text(pieces: list[str]) -> None:
    found, sections = plain_text("".join(pieces), DROPPED)
    assert all(found.startswith(each.title, each.start) for each in sections)

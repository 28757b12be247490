from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.clean.html_remains import RemoveHtmlRemains
from curation.operator import run_operator


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def clean(text: str, **parameters: object) -> str:
    return run_operator(RemoveHtmlRemains(**parameters), batch(text)).column("text").to_pylist()[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("<p>One</p>\n\n<p>Two<br/></p>", "One\n\nTwo"),
        ("a <b>bold</b> word", "a bold word"),
        ('<td>1</td> <td class="x">2</td>', "1 2"),
        ("a<!-- no\nadvert -->b", "a\nb"),
        ("x\n<script>var a = '<p>';</script>\ny", "x\n\ny"),
        ('<ul id="nav"><li>Home</li></ul>\ntext', "\ntext"),
        ("<STYLE>p{}</STYLE >text", "text"),
        ('text\n<div class="foot', "text\n"),
        ("Tom &amp; Jerry&nbsp;&#233;&#x41;", "Tom & Jerry éA"),
        ("&amp;amp;quot;", '"'),
        ("&lt;p&gt;all escaped&lt;/p&gt;&amp;nbsp;", "all escaped "),
        ("the &lt;b&gt; element", "the <b> element"),
        ("if a<b and c>d: vector<int>, <your name>", "if a<b and c>d: vector<int>, <your name>"),
        ("write `<p>` or\n```\n<div>&amp;</div>\n```", "write `<p>` or\n```\n<div>&</div>\n```"),
        ("&notanentity; &#xD800; AT&T", "&notanentity; \ufffd AT&T"),
        ("<!-- never closed <i>x</i>", "<!-- never closed x"),
        ("", ""),
    ],
)
def test_remains_go_and_text_stays(before: str, after: str) -> None:
    assert clean(before) == after


def test_each_part_can_be_off() -> None:
    assert clean("<i>&amp;</i>", tags=False) == "<i>&</i>"
    assert clean("<i>&amp;</i>", references=False) == "&amp;"


PIECES = st.sampled_from(["<p>", "</p>", "<b ", ">", "<!--", "-->", "<script>", "</script>", "`", "```", "&lt;/p&gt;"])


@given(st.lists(st.one_of(PIECES, st.sampled_from(["x", " ", "\n", "é", "&amp;", "&nbsp;"])), max_size=12).map("".join))
def test_edits_lead_from_one_text_to_the_other(text: str) -> None:
    row = run_operator(RemoveHtmlRemains(), batch(text)).to_pylist()[0]
    edits = row["remove_html_remains.edits"] or []
    assert len(text.encode()) + sum(edits[2::3]) - sum(edits[1::3]) == len(row["text"].encode())
    assert edits[0::3] == sorted(edits[0::3])


@pytest.mark.parametrize("piece", ["<!--", "<script>", "<nav>", "<a ", "<div class=", "&amp;", "```", "`a", "</p "])
def test_hostile_repeats_end_in_defined_text(piece: str) -> None:
    assert isinstance(clean(piece * 50_000), str)


def test_the_end_of_a_script_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from curation.clean import html_remains

    searched = 0
    compile_pattern = html_remains.re.compile

    def counting(*arguments: object) -> object:
        nonlocal searched
        searched += 1
        return compile_pattern(*arguments)

    monkeypatch.setattr(html_remains.re, "compile", counting)
    html_remains.markup_edits("<script>" * 1000 + "<!--" * 1000)
    assert searched == 2


def test_batches_and_nulls() -> None:
    texts = batch(None, "", "<p>a</p>", "x" * 1_000_000, "a&amp;b")
    whole = run_operator(RemoveHtmlRemains(), texts)
    single = [run_operator(RemoveHtmlRemains(), texts.slice(row, 1)) for row in range(texts.num_rows)]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))

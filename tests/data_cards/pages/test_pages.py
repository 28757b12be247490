"""The kit: what comes in with the data stays text, and no style or script runs but ours."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from data_cards.pages import (
    Bar,
    Series,
    bar_chart,
    histogram,
    interval_chart,
    json_block,
    line_chart,
    render_page,
    section,
    show_share,
    show_size,
    table,
)
from data_cards.pages.axes import Scale

EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(1)">{{ 7 * 7 }}'


class Elements(HTMLParser):
    """Names of all elements and of all their attributes."""

    def __init__(self, page):
        super().__init__()
        self.names, self.attributes = [], set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}


def everything(name):
    pictures = [
        line_chart(name, [Series(name, [(0, 1.0), (1, 2.0)], [0.5, 1.5], [1.5, 2.5])], x_label=name, y_label=name),
        bar_chart(name, [Bar(name, 3, 2, 4)], unit=name),
        interval_chart(name, [Bar(name, 0.1, -0.1, 0.3)], unit=name),
        histogram(name, [0, 1, 2], [(name, "kept", [1, 2]), ("x", "dropped", [0, 1])], x_label=name),
    ]
    tables = [table([name, name], [[name, name]], caption=name), json_block("data", {name: name})]
    return render_page(name, [section("a", name, *pictures, *tables)], contents=[("a", name)], lead=name)


def test_hostile_text_makes_no_element_and_no_attribute():
    plain, hostile = Elements(everything("mill")), Elements(everything(EVIL))
    assert hostile.names == plain.names
    assert hostile.attributes == plain.attributes


def test_no_inline_style_and_no_handler():
    assert not {name for name in Elements(everything("mill")).attributes if name == "style" or name.startswith("on")}


def test_the_policy_names_exactly_the_styles_and_scripts_of_the_page():
    page = render_page("mill", [], scripts=["let one = 1"], styles=["p { color: red }"])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1].replace("&#39;", "'")
    for text in re.findall(r"<(?:style|script)>(.*?)</", page, re.DOTALL):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_data_comes_back_whole_from_its_element():
    value = {"a": [EVIL, 1.5, None, "\u2028"]}
    block = json_block("data", value)
    assert block.count("<") == 2
    assert json.loads(block[block.index(">") + 1 : block.rindex("<")]) == value


def test_tables_put_numbers_to_the_right_and_escape_text():
    html = table(["name", "count"], [["<b>", 1234]])
    assert '<th scope="row">&lt;b&gt;</th><td class="number">1,234</td>' in html


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 10, "0.0 %"), (1, 10**6, "<0.1 %"), (999_999, 10**6, ">99.9 %"), (10, 10, "100.0 %"), (1, 0, "–")],
)
def test_shares_never_round_to_none_or_all(part, whole, shown):
    assert show_share(part, whole) == shown


def test_sizes():
    assert [show_size(n) for n in (1023, 1024, 3 << 30)] == ["1,023 B", "1.0 KiB", "3.0 GiB"]


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 10, 0, 1), [0, 2, 4, 6, 8, 10]),
        (Scale(-0.3, 0.3, 0, 1), pytest.approx([-0.2, 0, 0.2])),
        (Scale(1, 1e4, 0, 1, log=True), [1, 10, 100, 1000, 10000]),
    ],
)
def test_ticks_are_round_and_within(scale, ticks):
    assert scale.ticks() == ticks


def test_infinite_and_missing_points_are_left_out():
    html = line_chart("loss", [Series("a", [(0, 1.0), (1, float("nan")), (2, float("inf")), (3, 2.0)])])
    assert len(re.search(r'points="([^"]*)"', html)[1].split()) == 2

from __future__ import annotations

import pytest

from curation.collect.extract.metadata import header_signals, page_metadata

PAGE = """<!doctype html><HTML lang="de_AT"><head><title>Foxes &amp;
 dogs</title><meta property='article:published_time' content="2024-05-18T01:58:10+02:00">
<link rel="canonical" href="/fox?a=1&amp;b=2"><meta name="ROBOTS" content="NoAI, follow, noindex">
<meta name="tdm-reservation" content=1></head><body><p>See the
<a href="https://creativecommons.org/licenses/by-sa/4.0/deed.de" rel="license">licence</a></p></body>"""


def test_reads_what_a_page_says_about_itself() -> None:
    assert page_metadata(PAGE, "https://fox.example/x") == {
        "title": "Foxes & dogs",
        "language": "de-AT",
        "date": "2024-05-18T01:58:10+02:00",
        "canonical": "https://fox.example/fox?a=1&b=2",
        "license": "https://creativecommons.org/licenses/by-sa/4.0/deed.de",
        "license_name": "CC-BY-SA-4.0",
        "robots": "noai,noindex",
        "tdm_reservation": "1",
    }


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://creativecommons.org/licenses/by-nc-nd/3.0/de/", "CC-BY-NC-ND-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
    ],
)
def test_names_creative_commons_licences(address: str, name: str) -> None:
    assert page_metadata(f'<a href="{address}">x</a>')["license_name"] == name


def test_takes_no_other_link_for_a_licence() -> None:
    assert "license" not in page_metadata('<a href="https://x.example/">our license</a>')


def test_date_from_json_ld() -> None:
    assert page_metadata('<script>{"datePublished": "2020-01-02"}</script>')["date"] == "2020-01-02"


def test_a_relative_address_without_a_base_is_none() -> None:
    assert "canonical" not in page_metadata('<link rel=canonical href="/x">')


def test_wishes_from_headers() -> None:
    found = header_signals({"x-robots-tag": "noai, noimageai, googlebot: noindex", "tdm-reservation": "1"})
    assert found == {"x_robots_tag": "noai,noimageai,noindex", "tdm_reservation": "1"}


def test_all_robots_tags_of_a_page_hold() -> None:
    tags = '<meta name="robots" content="index, max-image-preview:none"><meta name=robots content="noai">'
    assert page_metadata(tags)["robots"] == "noai"
    assert header_signals({"x-robots-tag": "unavailable_after: 25 Jun 2027 15:00:00 PST"})["x_robots_tag"]


@pytest.mark.parametrize(
    "piece", ["<meta ", "<meta name='", "<title>", "<a ", "license <a", '<meta a="', "<html lang="]
)
def test_reading_takes_linear_time_on_hostile_heads(piece: str) -> None:
    assert page_metadata(piece * 200_000) == {}

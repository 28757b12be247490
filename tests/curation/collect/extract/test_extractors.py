from __future__ import annotations

import pytest

from curation.collect.extract.extractors import EXTRACTORS, cascade_text, fast_text, is_doubtful, precise_text
from tests.curation.collect.helpers import PAGE, SENTENCE

MENU = "<ul>" + "<li><a href=x>Menu entry</a></li>" * 20 + "</ul>"
CLUTTERED = f"<html><body><div>{MENU}</div><article><p>{SENTENCE * 8}</p></article></body></html>"


@pytest.mark.parametrize("name", ["resiliparse", "trafilatura", "cascade"])
def test_keeps_the_text_and_drops_the_menu(name: str) -> None:
    text = EXTRACTORS[name](CLUTTERED)
    assert SENTENCE.strip() in text
    assert "Menu entry" not in text


def test_all_text_keeps_the_menu() -> None:
    assert "Menu entry" in EXTRACTORS["all_text"](CLUTTERED)


def test_prose_is_not_doubtful() -> None:
    assert not is_doubtful(SENTENCE * 6)


@pytest.mark.parametrize("text", ["", SENTENCE, "short line\n" * 100, SENTENCE * 6 + "\nshort line" * 20])
def test_little_text_and_short_lines_are_doubtful(text: str) -> None:
    assert is_doubtful(text)


def test_the_cascade_takes_the_fast_answer_unless_it_is_doubtful() -> None:
    assert cascade_text(PAGE) == fast_text(PAGE)
    listing = f"<html><body><article><p>{SENTENCE}</p><p>{SENTENCE}</p></article></body></html>"
    assert cascade_text(listing) == precise_text(listing)


@pytest.mark.parametrize("page", [
    PAGE,
    PAGE.replace("<body>", "<body><nav>Home</nav><aside>Beside</aside><select><option>One</select>tail"),
    PAGE.replace("</article>", "<p>After <label>a</label> tail.</p></article><footer>Foot</footer>"),
    "<?xml version='1.0' encoding='utf-8'?>" + PAGE,
    "<p>no page</p>", "", "<html>", "<html/>" + PAGE, "<html><script>x</script></html>",
])  # fmt: skip
def test_the_lean_tree_gives_what_trafilatura_gives_for_the_page(page: str) -> None:
    import trafilatura

    whole = trafilatura.extract(page, fast=True, favor_precision=True, include_comments=False) or ""
    assert precise_text(page) == whole

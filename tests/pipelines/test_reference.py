"""The reference pages say what the code says."""

from pathlib import Path

from pipelines.reference import pages, write

ROOT = Path(__file__).parent.parent.parent


def test_the_pages_are_up_to_date():
    made = pages()
    there = {path.name: path.read_text("utf-8") for path in (ROOT / "docs/reference").glob("*.md")}
    stale = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
    assert stale == [], "run `make reference` and commit what it writes"


def test_pages_that_are_no_longer_made_are_taken_away(tmp_path):
    write(tmp_path)
    left = next(iter(pages().values()))
    (tmp_path / "gone.md").write_text(left)
    (tmp_path / "mine.md").write_text("by hand")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*pages(), "mine.md"}

"""The reference pages say what the code says."""

from pathlib import Path

from pipelines.catalog import describe
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


def test_limits_by_language_are_listed_with_their_source():
    lines = describe("fineweb2").splitlines()
    assert any("d331bee82ee2" in line and "huggingface/fineweb-2" in line for line in lines)
    (czech,) = [line for line in lines if line.startswith("cs ")]
    assert czech.split()[1:4] == ["ces_Latn", "0.311", "0.206"]
    assert czech.endswith("v a se na je z s do")

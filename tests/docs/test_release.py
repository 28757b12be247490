"""A release needs a tag, a version and a changelog that agree."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
faults = runpy.run_path(str(ROOT / ".ci/release_check.py"))["faults"]
PROJECT = '[project]\nname = "x"\nversion = "1.2.0"\n'


def test_a_release_that_agrees_has_no_faults():
    assert faults("v1.2.0", PROJECT, "# Changelog\n\n## Unreleased\n\n## 1.2.0 (2026-12-01)\n\n- new\n") == []


def test_another_tag_a_missing_section_and_forgotten_lines_are_said():
    said = faults("v1.3.0", PROJECT, "# Changelog\n\n## Unreleased\n\n### Added\n\n- new\n")
    assert len(said) == 3


def test_the_changelog_begins_with_what_is_not_released_and_knows_no_later_version():
    titles = [line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if line.startswith("## ")]
    assert titles[0] == "## Unreleased"

"""The Chinese README keeps step with the English one."""

import re
from pathlib import Path

from tests.docs.blocks import blocks, links

ROOT = Path(__file__).parent.parent.parent
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"


def commands(page):
    found = [block for block in blocks(page) if block.language in ("sh", "")]
    return [re.sub(r"\s+", " ", command) for block in found for command in block.commands() if is_command(command)]


def is_command(command):
    return command.split()[0] in ("gristmill", "make", "pip")


def code(page, language):
    """Blocks of a language without their comments."""
    return [
        [re.sub(r"\s*#.*", "", line) for line in b.body.splitlines()] for b in blocks(page) if b.language == language
    ]


def test_the_commands_are_the_same():
    assert commands(CHINESE) == commands(ENGLISH)
    assert len(commands(ENGLISH)) > 10


def test_recipe_and_python_are_the_same_but_for_comments():
    for language in ("yaml", "python"):
        assert code(CHINESE, language) == code(ENGLISH, language)


def test_the_links_are_the_same():
    own = {"README.md", "README.zh.md"}
    assert {to for _, to in links(CHINESE)} - own == {to for _, to in links(ENGLISH)} - own


def test_the_headings_are_as_many():
    count = [len(re.findall(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)) for page in (ENGLISH, CHINESE)]
    assert count[0] == count[1]

"""A tag, the version in pyproject.toml and the changelog agree: python .ci/release_check.py v1.2.3"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def faults(tag: str, pyproject: str, changelog: str) -> list[str]:
    """What must be mended before the tag is released."""
    version = tomllib.loads(pyproject)["project"]["version"]
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    titles = [section.splitlines()[0].split()[0] for section in sections]
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, the version in pyproject.toml {version}")
    if version not in titles:
        found.append(f"CHANGELOG.md has no section {version}: rename Unreleased, and begin a new empty one")
    left = sections[titles.index("Unreleased")].splitlines()[1:] if "Unreleased" in titles else []
    if any(line.startswith("-") for line in left):
        found.append("CHANGELOG.md still has lines under Unreleased")
    return found


if __name__ == "__main__":
    said = faults(sys.argv[1], (ROOT / "pyproject.toml").read_text("utf-8"), (ROOT / "CHANGELOG.md").read_text("utf-8"))
    sys.exit("\n".join(said))

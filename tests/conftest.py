"""Small real objects that tests share: a corpus with planted duplicates, and recipes over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WORDS = [
    *("the", "mill", "turns", "slowly", "and", "grinds", "every", "grain", "of", "wheat"),
    *("that", "farmers", "bring", "down", "from", "hills", "above", "our", "river"),
]


def sentence(number: int) -> str:
    """Fourteen words in an order that depends on the number alone."""
    digest = hashlib.sha256(str(number).encode()).digest()
    return " ".join(WORDS[byte % len(WORDS)] for byte in digest[:14]).capitalize() + "."


def document(number: int, sentences: int = 6) -> str:
    return "\n".join(sentence(number * 100 + place) for place in range(sentences))


def records(count: int) -> Iterator[dict[str, object]]:
    """Documents of which every tenth is a copy of an earlier one in other case, and every fifteenth is very short."""
    for number in range(count):
        if number % 10 == 9:
            text = document(number - 5).upper()
        elif number % 15 == 14:
            text = "Too short."
        else:
            text = document(number)
        yield {"text": text, "url": f"https://example.org/{number}", "number": number}


def write_lines(path: Path, lines: Iterator[dict[str, object]] | list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return path


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Packed bytes hold the time at which they were packed: as a test's name they would differ between processes."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one folder share runs, models and kernels: with several processes, one process has them all."""
    for item in items:
        folder = item.path.parent.relative_to(Path(__file__).parent).parts
        item.add_marker(pytest.mark.xdist_group("/".join(folder[:1] if folder[:1] == ("curation",) else folder[:2])))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three JSON Lines files, 300 documents, and two lines that cannot be read."""
    folder = tmp_path_factory.mktemp("corpus")
    lines = list(records(300))
    write_lines(folder / "a.jsonl", lines[:120])
    write_lines(folder / "b.jsonl", lines[120:200])
    path = write_lines(folder / "c.jsonl", lines[200:])
    with path.open("ab") as file:
        file.write(b'{"text": "broken\n{"text": "\xff\xfe"}\n')
    return folder


RECIPE = """
name: small
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 40000}}
clean:
  - normalize_unicode
  - clean_lines
rules:
  - {{reason: empty_text, attribute: text.characters, min: 1}}
  - {{reason: too_short, attribute: text.characters, min: 50}}
dedup:
  - exact: {{on: normalized}}
augment:
  - word_noise: {{share: 0.2}}
dataset:
  splits: {{train: 0.8, test: 0.2}}
  shard_bytes: 20000
"""


@pytest.fixture
def recipe_text(corpus: Path) -> str:
    return RECIPE.format(corpus=corpus)


@pytest.fixture
def recipe_path(recipe_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(recipe_text)
    return path


# What the same recipe may leave differently: the record of times, and who held the lock.
_TIMES = {"logs", "run.lock"}


@pytest.fixture(scope="session")
def digests() -> Callable[[Path], dict[str, str]]:
    def of(root: Path) -> dict[str, str]:
        """sha256 of every file of a run that must be the same each time."""
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file() and (name := path.relative_to(root).as_posix()).split("/")[0] not in _TIMES
        }

    return of

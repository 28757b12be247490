"""A run with every kind of fate, and a browser to look at its pages."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.recipe_file import load_recipe, parse_recipe
from pipelines.runner import Options, run_recipe
from tests.browser import EXECUTABLE, Browser
from tests.conftest import document, sentence, write_lines

# Texts of every kind of trouble, to be put where a page shows something of a run.
HOSTILE = json.loads((Path(__file__).parent / "hostile.json").read_text("utf-8"))

RECIPE = """
name: audited
sources:
  - jsonl: {{name: web, path: "{web}"}}
  - jsonl: {{name: hostile, path: "{hostile}"}}
clean:
  - normalize_unicode
  - clean_lines
  - language
  - gate:
      - {{reason: not_english, attribute: language.label, deny: [zh-cn, ja, ru]}}
  - personal_data
  - gopher_quality
  - gopher_repetition
rules:
  - {{reason: too_short, attribute: text.characters, min: 60}}
  - {{reason: "</script><script>alert(1)</script>", attribute: text.characters, max: 390}}
  - {{reason: word_length, attribute: gopher_quality.word_length, min: 3, max: 5.2}}
  - {{reason: repeated_line, attribute: gopher_repetition.duplicate_line_fraction, below: 0.25, on_missing: keep}}
dedup:
  - exact: {{on: normalized}}
dataset:
  splits: {{train: 0.8, test: 0.2}}
card:
  title: {title}
"""


def documents() -> Iterator[dict[str, object]]:
    for number in range(240):
        text = document(number, 2 + number % 5)
        if number % 12 == 11:
            text = document(number - 5, 2 + (number - 5) % 5).upper()
        elif number % 9 == 8:
            text = "Short text of a mill."[: number % 40]
        elif number % 14 == 13:
            text = "\n".join(f"The mill turns slowly.\n{sentence(number + place)}" for place in range(3))
        elif number % 11 == 10:
            text = "村の水車は毎日ゆっくりと回り、農家が丘から運んでくる小麦をすべて粉にします。" * 2
        elif number % 17 == 16:
            text += f"\nWrite to miller{number}@example.org about the wheat."
        yield {"text": text, "url": f"https://example.org/{number}"}


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over ordinary documents and hostile ones. Tests must not change it."""
    folder = tmp_path_factory.mktemp("audited")
    web = write_lines(folder / "web.jsonl", list(documents()))
    with web.open("ab") as file:
        file.write(b'{"text": "broken\n')
    texts = [f"{document(1000 + n, 2)}\n{text}\n{document(2000 + n, 2)}" for n, text in enumerate(HOSTILE)]
    pairs = zip(texts, HOSTILE, strict=True)
    lines = [{"text": text, "url": f"https://example.org/{bad}", "x": bad} for text, bad in pairs]
    name = '<img src=x onerror=alert(1)>".jsonl'
    hostile = write_lines(folder / name, [*lines, *({"text": bad, "url": bad} for bad in HOSTILE)])
    with hostile.open("ab") as file:
        file.write(b'{"text": \xff<script>alert(1)</script>\n')
    recipe = RECIPE.format(web=web, hostile=str(hostile).replace('"', '\\"'), title=json.dumps(HOSTILE[0] + HOSTILE[1]))
    run_recipe(parse_recipe(recipe), folder / "run", Options(workers=1, quiet=True))
    return folder / "run"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if EXECUTABLE is None:
        pytest.skip("no chromium on this machine; Debian's package of that name has it")
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    chromium.problems.clear()
    chromium.requests.clear()
    return chromium


class Server:
    """The live pages of a run on a free port, in a thread of this process."""

    token = "a-token-for-tests"

    def __init__(self, run: Path, against: Path | None = None) -> None:
        import uvicorn

        from data_cards.audit.ui.app import make_app
        from data_cards.audit.ui.site import Site
        from pipelines.audit import audited_run

        self.site = Site(audited_run(run), audited_run(against) if against else None)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(make_app(self.site, token=self.token, port=self.port), log_level="error", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture(scope="session")
def served(audited: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A copy of the run, and beside it a release with another limit."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(audited, folder / "run")
    shutil.copytree(audited, folder / "stricter")
    stricter = load_recipe(audited / "recipe.resolved.yaml", ["rules.too_short.min=150"])
    run_recipe(stricter, folder / "stricter", Options(workers=1, quiet=True))
    server = Server(folder / "run", folder / "stricter")
    yield server
    server.close()

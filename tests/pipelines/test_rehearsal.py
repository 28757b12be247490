"""Kernels of a recipe are compiled once, by all workers together, before the first unit."""

import io
import json

import pytest

from curation.recipe_file import parse_recipe
from curation.registry import load, names
from pipelines import pool, rehearsal
from pipelines.progress import Progress
from pipelines.runner import Options, run_recipe
from pipelines.tasks.rehearsal import rehearse
from tests.examples import EXAMPLES

RECIPE = """
name: some
sources: [{jsonl: {name: docs, path: "FOLDER"}}]
clean:
  - normalize_unicode
  - language
  - gopher_quality: {stop_words_by_language: fineweb2}
dedup:
  - minhash
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.jsonl").write_text(json.dumps({"text": "a few words"}) + "\n")
    return parse_recipe(RECIPE.replace("FOLDER", str(tmp_path / "docs")))


@pytest.fixture
def rehearsed(monkeypatch):
    """Names of the parts that workers were given, in a pool of this process."""
    given = []

    class Here:
        def run(self, function, calls):
            for (part,) in calls:
                given.append(json.loads(part).get("operator") or json.loads(part)["grouping"])
                yield part

    monkeypatch.setattr(pool, "current", Here)
    return given


def test_parts_are_rehearsed_once_and_those_that_need_other_answers_are_not(recipe, rehearsed):
    stream = io.StringIO()
    assert rehearsal.rehearse_recipe(recipe, Progress(stream=stream)) == 3
    assert rehearsed == ["minhash", "normalize_unicode", "language"]
    assert [json.loads(line)["done"] for line in stream.getvalue().splitlines()] == [0, 1, 2, 3]
    assert rehearsal.rehearse_recipe(recipe, Progress(quiet=True)) == 0


def test_what_others_have_written_is_not_called_for_nothing(recipe, rehearsed):
    class Asking(type(recipe.clean[0].operator)):
        pass

    theirs = recipe.clean[0].model_copy(update={"operator": Asking()})
    assert rehearsal.rehearse_recipe(recipe.model_copy(update={"clean": (theirs,)}), Progress(quiet=True)) == 1
    assert rehearsed == ["minhash"]


def test_a_single_process_has_nothing_to_share(recipe):
    assert rehearsal.rehearse_recipe(recipe, Progress(quiet=True)) == 0


def test_only_a_run_that_has_not_begun_rehearses(recipe, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("pipelines.runner.rehearse_recipe", lambda *_: asked.append(1))
    for _ in range(2):
        run_recipe(recipe, tmp_path / "run", Options(quiet=True, workers=1))
    assert asked == [1]


@pytest.mark.parametrize("name", names("grouping"))
def test_every_grouping_can_be_rehearsed(name):
    part = json.dumps({"grouping": name, "label": name, "parameters": {}})
    assert rehearse(part) == part


@pytest.mark.parametrize("name", names("operator"))
def test_every_operator_can_be_rehearsed(name, tmp_path):
    if load("operator", name, "test").loads_model:
        pytest.skip("its model is not loaded for this")
    parameters = EXAMPLES[name](tmp_path) if name in EXAMPLES else {}
    if isinstance(parameters, str):
        pytest.skip(parameters)
    part = json.dumps({"operator": name, "label": name, "parameters": parameters})
    assert rehearse(part) == part

"""Dialects on a run's documents: counts that can be checked one by one, and never a word of text."""

import itertools
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curation.dialects import rule_sets_named
from curation.errors import RecipeError
from curation.manifest import Manifest
from curation.operator import run_operator
from curation.recipe_file import parse_recipe
from curation.registry import load
from curation.shards import shard_batches
from pipelines.cli import app
from pipelines.compare_dialects import compare_dialects, dialects_of
from pipelines.runner import Options, run_recipe
from pipelines.sampling import collected_documents

RECIPE = """
name: plain
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 30000}}
"""
# Gopher's hash and ellipsis limits, bullets, upper case stop words, repeated lines: what dialects see differently.
PIECES = [
    "The mill and the river have grain of the village that lies beyond hills. ",
    "# heading … of things ... and more. . .\n",
    "* point one\n* point two\n- point three\n",
    "THE MILL AND THE RIVER AND THE GRAIN.\n",
    "wheat rye barley oats\n\n",
    "same line\nsame line\n",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dialects")
    with (folder / "a.jsonl").open("w") as file:
        for number in range(600):
            parts = [PIECES[(number // 6**place) % 6] * (1 + (number * (place + 3)) % 4) for place in range(4)]
            file.write(json.dumps({"text": "".join(parts)}) + "\n")
    root = folder / "run"
    run_recipe(parse_recipe(RECIPE.format(corpus=folder / "a.jsonl")), root, Options(workers=1, quiet=True))
    return root


@pytest.fixture(scope="module")
def documents(run: Path):
    files = Manifest.read(run / "collect/manifest.json").shards("shard-")
    return [batch for file in files for batch in shard_batches(run / file.path)]


def dropped(documents, rule_set, dialect) -> dict[str, set[str]]:
    """By plain reading: document -> reasons, for the documents that a dialect drops."""
    reasons: dict[str, set[str]] = {}
    for batch in documents:
        for part in rule_sets_named(rule_set, dialect):
            batch = run_operator(load("operator", part.operator, "test")(**part.parameters), batch)
            for rule in part.rules:
                for row in rule.fails(batch).nonzero()[0]:
                    reasons.setdefault(batch.column("id")[int(row)].as_py(), set()).add(rule.reason)
    return reasons


def test_agreement_drops_and_kinds_are_counted_document_by_document(run, documents):
    found = compare_dialects(run, "gopher_quality")
    names = ["datatrove", "dolma", "dclm", "curator"]
    verdicts = {name: dropped(documents, "gopher_quality", name) for name in names}
    ids = {document for batch in documents for document in batch.column("id").to_pylist()}
    assert found.documents == len(ids) == 600
    for one in names:
        assert found.dropped[one] == len(verdicts[one])
        for reason, counts in found.rules.items():
            if one in counts:
                assert counts[one] == sum(reason in reasons for reasons in verdicts[one].values())
        for other in names:
            same = sum((document in verdicts[one]) == (document in verdicts[other]) for document in ids)
            assert found.agreement[one][other] == pytest.approx(same / len(ids))
            assert found.differing[one][other] == len(verdicts[one].keys() - verdicts[other].keys())
    assert min(found.agreement["datatrove"].values()) < 0.9
    for kind in found.disagreements:
        if {kind.dropped_by, kind.kept_by} <= set(names):
            only = {document for document, reasons in verdicts[kind.dropped_by].items() if kind.reason in reasons}
            assert kind.documents == len(only - verdicts[kind.kept_by].keys())
            assert kind.id in only - verdicts[kind.kept_by].keys()


def test_an_example_carries_the_scores_of_both_sides_and_no_text(run):
    found = compare_dialects(run, "gopher_repetition")
    kind = next(each for each in found.disagreements if (each.dropped_by, each.kept_by) == ("dolma", "datatrove"))
    assert set(kind.scores) == {"dolma", "datatrove"}
    (rule,) = [
        rule
        for part in rule_sets_named("gopher_repetition", "dolma")
        for rule in part.rules
        if rule.reason == kind.reason
    ]
    assert kind.scores["dolma"][kind.attribute] > rule.max
    assert all(isinstance(value, (int, float)) for side in kind.scores.values() for value in side.values())


@pytest.mark.parametrize("rule_set", ["c4", "fineweb", "bigscience"])
def test_every_rule_set_with_several_dialects_can_be_compared(run, rule_set):
    found = compare_dialects(run, rule_set, sample=50)
    assert found.dialects == dialects_of(rule_set)
    assert (found.documents, found.unmeasured) == (50, 0)


def test_limits_by_language_find_the_language_themselves(run):
    """The documents are English, for which FineWeb-2 has no limits of its own: Gopher's hold, as for datatrove."""
    found = compare_dialects(run, "gopher_quality")
    assert found.rules["too_few_stop_words"]["fineweb2"] == found.rules["too_few_stop_words"]["datatrove"]


@pytest.mark.parametrize("size", [1, 7, 599, 600, 5000])
def test_a_sample_is_evenly_spread(run, documents, size):
    ids = [document for batch in documents for document in batch.column("id").to_pylist()]
    taken = [document for batch in collected_documents(run, size) for document in batch.column("id").to_pylist()]
    places = [ids.index(document) for document in taken]
    assert len(places) == min(size, 600)
    gaps = [later - earlier for earlier, later in itertools.pairwise(places)]
    assert all(600 // size <= gap <= 600 // size + 1 for gap in gaps) if size <= 600 else set(gaps) == {1}
    if size == 1:
        assert places == [300]


@pytest.mark.parametrize(
    ("name", "hint"), [("gopher_qualty", "did you mean `gopher_quality`"), ("dclm", "one dialect")]
)
def test_what_cannot_be_compared_is_named(name, hint):
    with pytest.raises(RecipeError, match=hint):
        dialects_of(name)


def test_the_command_prints_words_or_json_and_no_text(run):
    arguments = ["compare-dialects", str(run), "gopher_quality", "--sample", "200"]
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})
    assert shown.exit_code == 0
    assert "Same verdict" in shown.output
    assert "fineweb2: some limits differ by language.label" in shown.output
    written = CliRunner().invoke(app, [*arguments, "--json"]).output
    data = json.loads(written)
    assert data["agreement"]["dolma"]["dolma"] == 1.0
    assert data["documents"] == 200
    for output in (shown.output, written):
        assert "river" not in output
        assert "barley" not in output

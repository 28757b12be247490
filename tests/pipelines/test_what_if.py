"""New limits tried on scores give what a run of the decide stage gives."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from curation.errors import IntegrityError, RecipeError, ResourceError
from curation.manifest import Manifest
from curation.recipe_file import load_recipe, parse_recipe
from curation.rules import pack
from curation.shards import shard_batches
from pipelines.cli import app
from pipelines.runner import Options, run_recipe
from pipelines.what_if import decisions, what_if

RECIPE = """
name: gated
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 40000}}
clean:
  - normalize_unicode
  - clean_lines
  - gate:
      - {{reason: much_removed, attribute: normalize_unicode.chars_removed, max: 0}}
  - gopher_quality
rules:
  - {{reason: short, attribute: text.characters, min: 50}}
  - {{reason: few_words, attribute: gopher_quality.words, min: 75}}
  - {{reason: long_words, attribute: gopher_quality.word_length, max: 4.5}}
  - {{reason: few_stop_words, attribute: gopher_quality.stop_words, min: 2}}
dedup:
  - exact: {{on: normalized}}
"""

# Looser, stricter, another attribute, and several at once.
OVERRIDES = [
    ["rules.few_words.min=60"],
    ["rules.few_words.min=82", "rules.long_words.max=4.2"],
    ["rules.few_stop_words.attribute=clean_lines.lines_removed", "rules.few_stop_words.min=1"],
    ["rules.short.min=null", "rules.short.below=480"],
]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts of 1 to 119 words; some have a character that stops them at the gate."""
    folder = tmp_path_factory.mktemp("mixed")
    words = ["the", "mill", "and", "grain", "river", "of", "considerable", "have", "weight"]
    with (folder / "a.jsonl").open("w") as file:
        for number in range(400):
            text = " ".join(words[(number * place) % (3 + number % 7)] for place in range(1 + number * 7 % 120))
            if number % 11 == 0:
                text += "\u200b"
            file.write(json.dumps({"text": text, "url": f"https://example.org/{number}"}) + "\n")
    return folder


@pytest.fixture(scope="module")
def finished(mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    run_recipe(parse_recipe(RECIPE.format(corpus=mixed)), root, Options(workers=1, quiet=True))
    return root


@pytest.fixture(scope="module", params=OVERRIDES, ids=" ".join)
def again(request, mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """Overrides, and a whole run with them from nothing."""
    root = tmp_path_factory.mktemp("again")
    recipe = parse_recipe(RECIPE.format(corpus=mixed), overrides=request.param)
    run_recipe(recipe, root, Options(workers=1, quiet=True))
    return request.param, root


def decide_rows(root: Path) -> list[dict]:
    files = Manifest.read(root / "decide/manifest.json").shards("ledger-")
    return [row for file in files for batch in shard_batches(root / file.path) for row in batch.to_pylist()]


def test_every_document_is_decided_as_in_a_whole_run(finished, again):
    overrides, root = again
    recipe = load_recipe(finished / "recipe.resolved.yaml", overrides)
    scores = Manifest.read(finished / "clean/manifest.json").shards("scores-")
    found = [
        {"id": document, "state": state, "failed_rules": bits}
        for batch, states, failed in decisions(finished, scores, recipe)
        for document, state, bits in zip(
            batch.column("id").to_pylist(), states, pack(np.asarray(failed)).to_pylist(), strict=True
        )
    ]
    assert found == decide_rows(root)
    assert found != decide_rows(finished)


def test_counts_are_those_of_a_whole_run(finished, again):
    overrides, root = again
    answer = what_if(finished, overrides)
    assert answer.before.counts == Manifest.read(finished / "decide/manifest.json").counts
    assert answer.after.counts == Manifest.read(root / "decide/manifest.json").counts
    assert answer.after.documents == answer.after.counts["kept"]
    assert answer.after.bytes == answer.after.counts["bytes.kept"]


def test_words_and_sides_are_counted_document_by_document(finished, again):
    overrides, root = again
    answer = what_if(finished, overrides)
    before, after = ({row["id"]: row["state"] for row in decide_rows(each)} for each in (finished, root))
    assert answer.gained == sum(after[document] == "kept" != before[document] for document in before)
    assert answer.lost == sum(before[document] == "kept" != after[document] for document in before)
    assert answer.gained + answer.lost > 0
    scores = Manifest.read(finished / "clean/manifest.json").shards("scores-")
    words = {
        row["id"]: row["gopher_quality.words"]
        for file in scores
        for batch in shard_batches(finished / file.path)
        for row in batch.to_pylist()
    }
    assert answer.words_attribute == "gopher_quality.words"
    assert answer.after.words == sum(words[document] for document in after if after[document] == "kept")


def test_rules_show_their_limits_and_counts_before_and_after(finished):
    answer = what_if(finished, ["rules.few_words.min=60"])
    rules = {rule.reason: rule for rule in answer.rules}
    assert list(rules) == ["much_removed", "short", "few_words", "long_words", "few_stop_words"]
    assert rules["few_words"].limits == ("min 75", "min 60")
    assert rules["few_words"].failed[0] > rules["few_words"].failed[1]
    assert not rules["much_removed"].changed


def test_the_run_is_not_touched(finished, digests):
    before = digests(finished)
    what_if(finished, ["rules.few_words.min=60"])
    assert digests(finished) == before


@pytest.mark.parametrize(
    ("override", "part"),
    [
        ("clean.normalize_unicode.form=NFKC", "clean"),
        ("clean.2.much_removed.max=3", "clean"),
        ("sources.web.unit_bytes=5", "sources"),
        ("dedup.exact.on=text", "dedup"),
    ],
)
def test_what_changes_more_than_rules_is_refused(finished, override, part):
    with pytest.raises(RecipeError, match=f"a change of `{part}`.*not measured again"):
        what_if(finished, [override])


def test_an_unmeasured_attribute_is_refused(finished):
    with pytest.raises(RecipeError, match="nothing adds before it"):
        what_if(finished, ["rules.few_words.attribute=fineweb.newline_ratio"])


def test_nothing_to_change_is_a_mistake(finished):
    with pytest.raises(RecipeError, match="no --set"):
        what_if(finished, [])


def test_scores_of_another_recipe_are_refused(finished, tmp_path):
    import shutil

    shutil.copytree(finished, tmp_path / "run")
    path = tmp_path / "run/recipe.resolved.yaml"
    path.write_text(path.read_text().replace("form: NFC", "form: NFKC"))
    with pytest.raises(ResourceError, match="another recipe"):
        what_if(tmp_path / "run", ["rules.few_words.min=60"])
    with pytest.raises(ResourceError, match="no run"):
        what_if(tmp_path, ["rules.few_words.min=60"])
    (tmp_path / "run/clean/manifest.json").unlink()
    with pytest.raises(IntegrityError):
        what_if(tmp_path / "run", ["rules.few_words.min=60"])


def test_the_command_prints_words_or_json(finished):
    arguments = ["what-if", str(finished), "--set", "rules.few_words.min=60"]
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert "min 75 → min 60" in shown.output
    data = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert data["after"]["documents"] - data["before"]["documents"] == data["gained"] - data["lost"]
    assert {rule["reason"] for rule in data["rules"]} >= {"few_words", "much_removed"}

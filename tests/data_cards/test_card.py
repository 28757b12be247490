"""Every form of the card: valid, complete, the same each time, and true to the shards."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from curation.errors import RecipeError
from curation.licences import licence_expression
from curation.manifest import Manifest
from curation.recipe_file import parse_recipe
from curation.schema import DOCUMENT
from curation.shards import read_shard, shard_batches
from data_cards.card import needs_human, render_page
from data_cards.croissant import REQUIRED, missing_required
from data_cards.facts import CardFacts
from data_cards.folder import dataset_texts
from pipelines.cli import app
from pipelines.runner import Options, run_recipe
from tests.conftest import RECIPE, document, write_lines

EXAMPLES = Path(__file__).parent.parent.parent / "data_cards/examples"
HUMAN = {
    "license": "CC-BY-4.0",
    "published": "2026-02-03",
    "homepage": "https://example.org/mill",
    "version": "1.0.0",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("card")
    lines = [{"text": document(n % 55), "url": f"https://h{n % 3}.example/{n}"} for n in range(60)] + [{"text": "x"}]
    path = write_lines(root / "in" / "a.jsonl", lines)
    answers = {name: f"All about {name}." for name in parse_recipe(RECIPE.format(corpus=path)).card.model_dump()}
    card = "card: " + json.dumps(answers | HUMAN) + "\n"
    recipe = RECIPE.format(corpus=path.parent).replace("  - clean_lines", "  - clean_lines\n  - language") + card
    recipe = recipe.replace("unit_bytes: 40000", "license: CC0-1.0")
    run_recipe(parse_recipe(recipe), root / "run", Options(workers=1, quiet=True))
    return root / "run"


def facts_of(run):
    return CardFacts.model_validate(Manifest.read(run / "dataset/manifest.json").facts)


def rows_of(run, kind):
    if kind == "ledger":
        files = Manifest.read(run / "ledger/manifest.json").files
        return [row for file in files for batch in read_shard(run, file) for row in batch.to_pylist()]
    paths = sorted((run / "dataset" / kind).glob("data-*.arrow"))
    return [row for path in paths for batch in shard_batches(path) for row in batch.to_pylist()]


def tables(text):
    """Rows of all tables of a page: first cell to the others, where it stands first."""
    lines = [line.strip("|").split("|") for line in reversed(text.splitlines()) if line.startswith("| ")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


def number(cell):
    return int(cell.replace(",", ""))


def test_every_number_on_the_card_is_that_of_the_shards_and_the_ledger(run):
    text = (run / "dataset/README.md").read_text()
    found, ledger, facts = tables(text), rows_of(run, "ledger"), facts_of(run)
    states = Counter(row["state"] for row in ledger if row["parent_id"] is None)
    for split in ("train", "test"):
        rows = rows_of(run, split)
        size = sum(len(row["text"].encode()) for row in rows)
        shards = len(list((run / "dataset" / split).glob("data-*.arrow")))
        assert found[split][-3:] == [f"{len(rows):,}", f"{size / (1 << 20):,.1f} MiB", str(shards)]
        (measured,) = [each for each in facts.splits if each.name == split]
        assert (measured.documents, measured.bytes, measured.shards) == (len(rows), size, shards)
        new = [row for row in rows if row["parent_id"] is not None]
        assert facts.augmentation.documents.get(split, 0) == len(new)
        assert facts.augmentation.bytes.get(split, 0) == sum(len(row["text"].encode()) for row in new)
    sizes = [len(row["text"].encode()) for split in ("train", "test") for row in rows_of(run, split)]
    bounds = [0, 256, 1024, 4096]
    below = {high: sum(low < size <= high for size in sizes) for low, high in itertools.pairwise(bounds)}
    assert dict(facts.lengths) == {bound: count for bound, count in below.items() if count}
    assert [number(found[f"{bound:,}"][0]) for bound, _ in facts.lengths] == [count for _, count in facts.lengths]
    assert sum(count for _, count in facts.lengths) == len(sizes)
    assert number(found["read"][0]) == sum(states.values()) == number(found["web"][-1])
    assert found["web"][1:3] == ["CC0-1.0", "–"]
    assert [number(found[state][0]) for state in ("kept", "dropped")] == [states["kept"], states["dropped"]]
    reasons = Counter(row["reason"] for row in ledger if row["state"] == "dropped" and row["parent_id"] is None)
    assert {reason: number(found[reason][0]) for reason in reasons} == dict(reasons)
    languages = Counter(row["language.label"] for row in ledger if row["state"] == "kept" and not row["parent_id"])
    assert {label: number(found[label][0]) for label in languages} == dict(languages) == facts.languages
    made = re.search(r"Of ([\d,]+) documents made, ([\d,]+) were kept", text)
    assert number(made[2]) == sum(row["state"] == "kept" for row in ledger if row["parent_id"]) == facts.augmented


def test_tables_stand_by_themselves_and_no_share_rounds_to_none_or_all(run, audited):
    lines = [line for root in (run, audited) for line in (root / "dataset/README.md").read_text().splitlines()]
    assert "No document was made by augmentation." in lines
    pairs = list(itertools.pairwise(lines))
    assert not [pair for pair in pairs if pair[0].startswith("|") and pair[1] and not pair[1].startswith("|")]
    assert not [pair for pair in pairs if pair[1].startswith("|") and pair[0] and not pair[0].startswith("|")]
    facts = facts_of(run).model_copy(update={"collected": 10_000, "kept": 9_999, "dropped": 1})
    found = tables(render_page("README.md", facts))
    assert (found["kept"][1], found["dropped"][1]) == (">99.9 %", "<0.1 %")


def test_the_hosts_of_the_summary_are_those_of_the_kept_documents(run):
    found = tables((run / "dataset/training-content.md").read_text())
    kept = [row for row in rows_of(run, "ledger") if row["state"] == "kept" and not row["parent_id"]]
    hosts = Counter(row["url"].split("/")[2] for row in kept)
    assert {host: number(found[host][0]) for host in hosts} == dict(hosts)
    assert facts_of(run).domain_count == len(hosts) == 3


def test_front_matter_is_what_the_hub_reads(run):
    front = YAML(typ="safe").load((run / "dataset/README.md").read_text().split("---\n")[1])
    assert front["license"] == "cc-by-4.0"
    assert front["language"] == facts_of(run).language_codes()
    assert [each["split"] for each in front["configs"][0]["data_files"]] == ["train", "test"]


def test_croissant_holds_what_the_specification_requires(run):
    value = json.loads((run / "dataset/croissant.json").read_text())
    assert missing_required(value) == []
    sums = {file.path: file.sha256 for file in Manifest.read(run / "dataset/manifest.json").shards("data-")}
    assert {file["@id"]: file["sha256"] for file in value["distribution"] if "sha256" in file} == sums
    assert value["prov:wasGeneratedBy"]["@id"].endswith(facts_of(run).recipe_fingerprint)
    for name in REQUIRED:
        assert missing_required({key: each for key, each in value.items() if key != name}) == [name]


def test_croissant_is_valid_for_its_own_reader(run):
    mlcroissant = pytest.importorskip("mlcroissant")
    issues = mlcroissant.Dataset(jsonld=run / "dataset/croissant.json").metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings


def test_lineage_names_what_was_read_and_what_came_out(run):
    start, end = map(json.loads, (run / "dataset/lineage.jsonl").read_text().splitlines())
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    for event in (start, end):
        assert {"eventTime", "producer", "schemaURL", "run", "job"} <= event.keys()
    outputs = {each["name"]: each["outputFacets"]["outputStatistics"]["rowCount"] for each in end["outputs"]}
    assert outputs == {f"small/{split}": len(rows_of(run, split)) for split in ("train", "test")}


def test_a_card_that_waits_for_a_person_is_marked_and_refused(run, audited):
    needs_human(facts_of(run), where="card")
    assert "[needs a human]" in (audited / "dataset/datasheet.md").read_text()
    assert "needs a human" not in "".join(path.read_text() for path in (run / "dataset").glob("*.md"))
    with pytest.raises(RecipeError, match="no answer to biases, citation"):
        needs_human(facts_of(audited), where="card")
    cli = CliRunner()
    assert cli.invoke(app, ["card", str(audited)]).exit_code == 0
    assert isinstance(cli.invoke(app, ["card", str(audited), "--strict"]).exception, RecipeError)
    assert cli.invoke(app, ["card", str(run), "--strict"]).exit_code == 0


def test_the_command_writes_the_same_forms_elsewhere(run, tmp_path):
    CliRunner().invoke(app, ["card", str(run), "--to", str(tmp_path)])
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert "croissant.json" in written
    assert all((run / "dataset" / name).read_text() == text for name, text in written.items())


@pytest.mark.parametrize(
    ("said", "means"), [("apache 2.0", "Apache-2.0"), ("other", "other"), ("MIT OR (CC0-1.0)", "MIT OR (CC0-1.0)")]
)
def test_licences_become_spdx(said, means):
    assert licence_expression(said) == means


def test_an_unknown_licence_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"did you mean `CC-BY-4\.0`"):
        licence_expression("cc-by-4.x")
    with pytest.raises(RecipeError, match="did you mean"):
        parse_recipe("name: a\nsources:\n  - jsonl: {name: b, path: c}\ncard: {license: apatche}\n")


@pytest.mark.parametrize("folder", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_examples_are_what_the_present_templates_make(folder):
    manifest = Manifest.read(folder / "manifest.json")
    facts = CardFacts.model_validate(manifest.facts)
    made = dataset_texts(facts, manifest.shards("data-"), DOCUMENT)
    for name in [name for name in made if "/" not in name]:
        assert (folder / name).read_text() == made[name], (
            f"{name} is out of date: `gristmill card {folder} --to {folder}`"
        )


def test_a_step_shows_what_is_set_and_many_files_as_one_digest(run):
    step = {"operator": "language", "parameters": {"max_bytes": None, "min_letters": 20}, "resources": ["a" * 64] * 57}
    page = render_page("README.md", facts_of(run).model_copy(update={"steps": (step,)}))
    (line,) = [line for line in page.splitlines() if line.startswith("1. {")]
    assert json.loads(line[3:])["parameters"] == {"min_letters": 20}
    assert json.loads(line[3:])["resources"].startswith("57 files, digest ")

import json
from dataclasses import asdict

import pyarrow as pa
import pytest

from curation.errors import ResourceError
from curation.recipe_file import parse_recipe
from pipelines.diff import Amount, diff
from pipelines.diff_pages import difference_page, print_difference
from pipelines.runner import Options, run_recipe
from tests.conftest import RECIPE, document, write_lines

RULES = "rules:\n  - {{reason: too_long, attribute: text.characters, max: 400}}\n"


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """Two runs: of 40 documents two were edited, some are now too long, five taken out, and four came new."""
    folder = tmp_path_factory.mktemp("releases")
    lines = [{"text": document(number, 5 + number % 2), "url": f"https://example.org/{number}"} for number in range(40)]
    later = [dict(line) for line in lines[:35]]
    later[3]["text"], later[8]["text"] = document(203, 5), document(208, 5)
    later += [{"text": document(number, 5)} for number in range(100, 104)]
    roots = []
    for name, content, recipe in (("old", lines, RECIPE), ("new", later, RECIPE.replace("rules:\n", RULES))):
        path = write_lines(folder / name / "in" / "a.jsonl", content)
        roots.append(folder / name / "run")
        text = recipe.format(corpus=path.parent).replace("augment:\n  - word_noise: {share: 0.2}\n", "")
        run_recipe(parse_recipe(text), roots[-1], Options(workers=1, quiet=True))
    return roots


def rows(root):
    """Address or text of every document of a dataset, to its text."""
    found = {}
    for path in root.glob("dataset/*/data-*.arrow"):
        with pa.memory_map(str(path)) as source:
            for row in pa.ipc.open_stream(source).read_all().to_pylist():
                found[row["url"] or row["text"]] = row["text"]
    return found


def test_every_document_is_counted_as_what_happened_to_it(releases):
    found, before, after = diff(*releases), rows(releases[0]), rows(releases[1])
    common = before.keys() & after.keys()
    edited = [after[name] for name in common if before[name] != after[name]]
    added = [after[name] for name in after.keys() - before.keys()]
    removed = [before[name] for name in before.keys() - after.keys()]
    assert edited
    assert len(added) == 4
    assert len(removed) > 5
    for kind, each in (("edited", edited), ("added", added), ("removed", removed)):
        assert found.changes[kind] == Amount(len(each), sum(len(text.encode()) for text in each))
        assert len(found.examples[kind]) == min(10, len(each))
        assert found.sources["web"][kind] == len(each)
    assert found.changes["moved"].documents > 0
    assert found.changes["moved"].documents + found.changes["same"].documents == len(common) - len(edited)


def test_removed_documents_have_the_reason_that_the_second_run_gives(releases):
    found = diff(*releases)
    assert sum(found.reasons["removed"].values()) == found.changes["removed"].documents
    assert found.reasons["removed"]["not read"] >= 5
    assert found.rules == ["too_long: new"]
    assert found.counts["dropped"][0] == 0 < found.counts["dropped"][1]


def test_scores_that_shift_are_listed_by_their_distance(releases):
    shifts = {shift.attribute: shift for shift in diff(*releases).shifts}
    assert shifts["text.characters"].after[2] <= 400 < shifts["text.characters"].before[2]
    assert 0 < shifts["text.characters"].distance <= 1


def test_a_release_does_not_differ_from_itself(releases):
    found = diff(releases[0], releases[0] / "dataset")
    assert found.changes["same"].documents == len(rows(releases[0]))
    assert sum(each.documents for each in found.changes.values()) == len(rows(releases[0]))
    assert found.rules == found.steps == []


def test_it_is_shown_as_text_as_json_and_as_a_page(releases, tmp_path, capsys):
    found = diff(*releases)
    print_difference(found)
    assert "too_long: new" in capsys.readouterr().out
    page = difference_page(found)
    assert "default-src &#39;none&#39;" in page
    assert "too_long: new" in page
    json.dumps(asdict(found))


def test_equal_texts_are_matched_one_by_one(tmp_path):
    recipe = (
        RECIPE.replace("dedup:\n  - exact: {{on: normalized}}\n", "").replace("augment:", "#").replace("  - word", "#")
    )
    roots = []
    for name, count in (("old", 3), ("new", 5)):
        path = write_lines(tmp_path / name / "a.jsonl", [{"text": document(1)}] * count)
        roots.append(tmp_path / name / "run")
        run_recipe(parse_recipe(recipe.format(corpus=path)), roots[-1], Options(workers=1, quiet=True))
    found = diff(*roots).changes
    assert (found["same"].documents + found["moved"].documents, found["added"].documents) == (3, 2)


def test_a_folder_that_is_no_release_is_an_error(tmp_path):
    with pytest.raises(ResourceError, match="no release"):
        diff(tmp_path, tmp_path)

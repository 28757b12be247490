"""Models trained from the command line, on files of any format."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from curation.errors import ResourceError
from curation.recipe_file import parse_recipe
from pipelines.cli import app
from pipelines.models import read_texts
from pipelines.runner import Options, run_recipe
from tests.conftest import document, write_lines

SPAM = "cheap watches click here to win cash now "


@pytest.fixture
def folders(tmp_path):
    write_lines(tmp_path / "good/a.jsonl", [{"text": document(number)} for number in range(40)])
    (tmp_path / "bad").mkdir()
    pq.write_table(pa.table({"text": [SPAM * (number % 5 + 1) for number in range(40)]}), tmp_path / "bad/b.parquet")
    return tmp_path


def gristmill(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_trained_classifier_scores_in_a_recipe(folders):
    model = folders / "quality.model"
    said = gristmill(
        "classifier",
        "train",
        "--positive",
        folders / "good",
        "--negative",
        folders / "bad",
        "--to",
        model,
        "--bits",
        12,
    )
    assert "right on 8 of 8 documents held out" in said
    write_lines(folders / "mixed.jsonl", [{"text": SPAM}, {"text": document(99)}])
    recipe = {
        "name": "scored",
        "sources": [{"jsonl": {"name": "mixed", "path": str(folders / "mixed.jsonl")}}],
        "clean": [{"linear_classifier": {"model": str(model)}}],
        "rules": [{"reason": "low_quality", "attribute": "linear_classifier.score", "min": 0.5}],
    }
    outcome = run_recipe(parse_recipe(json.dumps(recipe)), folders / "run", Options(workers=1, quiet=True))
    assert outcome.manifest.facts["reasons"] == {"low_quality": 1}


def test_a_trained_language_model_gives_cut_offs(folders):
    said = gristmill(
        *(
            "language-model",
            "train",
            "--documents",
            folders / "good",
            "--to",
            folders / "lm",
            "--sample",
            folders / "bad",
        )
    )
    assert "head is up to perplexity" in said
    assert (folders / "lm").is_file()


def test_texts_are_read_from_every_format_and_no_file_is_an_error(folders):
    (folders / "good/more.txt").write_text("one more")
    assert len(read_texts(str(folders / "good"), "text")) == 41
    with pytest.raises(ResourceError, match="no documents"):
        read_texts(str(folders / "nothing"), "text")


def test_a_single_file_is_read_as_what_its_name_says(tmp_path):
    path = tmp_path / "labelled-good.jsonl"
    path.write_text('{"id": "a", "text": "The mill turns.", "note": ""}\n')
    assert read_texts(str(path), "text").to_pylist() == ["The mill turns."]

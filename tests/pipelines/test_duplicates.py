"""The duplicate table: clusters, differences, and the run's measure of itself."""

import json
import math
import shutil

import pyarrow.csv
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from curation.errors import ResourceError
from curation.recipe_file import load_recipe
from pipelines.cli import app
from pipelines.duplicate_quality import quality_of, wilson
from pipelines.duplicates import clusters, difference, texts_of, write_table
from tests.pipelines.test_near_duplicates import near_corpus, near_run, similarity

__all__ = ["near_corpus", "near_run"]


def test_every_member_is_like_its_survivor(near_run):
    found = clusters(near_run)
    assert [len(cluster.members) for cluster in found] == sorted((len(c.members) for c in found), reverse=True)
    texts = texts_of(near_run, [name for c in found for name in (c.survivor, *(m.id for m in c.members))])
    for cluster in found:
        for member in cluster.members:
            exact = similarity(texts[cluster.survivor], texts[member.id])
            assert member.similarity == pytest.approx(exact)


def test_clusters_of_one_document_are_found_from_either_side(near_run):
    cluster = clusters(near_run)[0]
    assert clusters(near_run, cluster.survivor) == [cluster]
    assert clusters(near_run, cluster.members[0].id) == [cluster]
    assert clusters(near_run, "nobody") == []


def test_the_difference_shows_what_only_one_side_has():
    shown = difference("one two three four", "one two 3 four")
    assert shown.plain.split() == ["one", "two", "three", "3", "four"]
    assert {(shown.plain[span.start : span.end].strip(), span.style) for span in shown.spans} == {
        ("three", "red strike"),
        ("3", "green"),
    }


def test_the_table_is_written_as_csv_or_parquet(near_run, tmp_path):
    removed = sum(len(cluster.members) for cluster in clusters(near_run))
    assert write_table(near_run, tmp_path / "t.csv") == removed
    assert write_table(near_run, tmp_path / "t.parquet") == removed
    assert pyarrow.csv.read_csv(tmp_path / "t.csv").num_rows == removed
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet").column_names[:2] == ["id", "source"]
    with pytest.raises(ResourceError, match=r"\.csv or \.parquet"):
        write_table(near_run, tmp_path / "t.xlsx")


def test_precision_and_recall_are_estimated_with_intervals(near_run):
    (group,) = load_recipe(near_run / "recipe.resolved.yaml").dedup
    quality = quality_of(near_run, group, sample=50)
    assert sum(stratum.pairs for stratum in quality.removed) == sum(len(c.members) for c in clusters(near_run))
    assert all(stratum.held == stratum.sampled for stratum in quality.removed)
    share, low, high = quality.precision
    assert share == 1.0
    assert 0.85 < low < high == pytest.approx(1)
    share, low, high = quality.recall
    assert 0.9 < low <= share <= high <= 1


def test_a_document_that_does_not_resemble_its_survivor_lowers_precision(near_run, monkeypatch):
    from pipelines import duplicate_quality

    monkeypatch.setattr(
        duplicate_quality, "texts_of", lambda root, ids: {name: f"text of {name} alone " * 9 for name in ids}
    )
    (group,) = load_recipe(near_run / "recipe.resolved.yaml").dedup
    assert quality_of(near_run, group, sample=50).precision[0] == 0.0


def test_the_interval_is_wilsons():
    low, high = wilson(0.9, 100)
    assert (low, high) == pytest.approx((0.8256, 0.9448), abs=5e-5)
    assert wilson(0.5, 0) == (0.0, 1.0)
    assert not math.isnan(wilson(1.0, 5)[0])


def test_the_measure_is_left_in_the_run_as_json(near_run, tmp_path):
    root = shutil.copytree(near_run, tmp_path / "run")
    shown = CliRunner().invoke(app, ["duplicates", str(root), "--measure", "50", "--json", "--most", "1"])
    answer = json.loads(shown.stdout)
    assert len(answer["clusters"]) == 1
    assert answer["quality"] == json.loads((root / "audit/duplicate_quality.json").read_text())
    quality = answer["quality"]["minhash"]
    assert quality["precision"][0] == 1.0
    assert quality["recall"][1] <= quality["recall"][0] <= quality["recall"][2]
    assert quality["curve"][-1] == [1.0, 1.0]

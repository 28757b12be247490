"""The command `gristmill ablate`, and the study file to start from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curation.files import read_json
from pipelines.ablation.study_file import load_study
from pipelines.cli import app, studies
from pipelines.recipe_book import copy_recipe, recipe_titles


def test_new_study_gives_a_commented_file_that_is_valid(tmp_path: Path) -> None:
    path = copy_recipe("study", tmp_path / "mine.yaml")
    assert path.read_text().count("#") > 20
    assert load_study(path)[0].name == "study"
    assert "study" in dict(recipe_titles())


def test_check_says_what_would_run_and_runs_nothing(study_path: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["ablate", str(study_path), "--check", "--to", str(tmp_path / "to")])
    assert result.exit_code == 0, result.output
    assert "9 arms, 2 learning rates" in result.output
    assert not (tmp_path / "to").exists()


def test_a_finished_study_elsewhere_is_found_done_and_ends_in_its_report(
    finished_study: Path, study_path: Path, tmp_path: Path
) -> None:
    shutil.copytree(finished_study, tmp_path / "moved")
    before = (tmp_path / "moved/runs/full/0.01/0/times.json").read_bytes()
    command = ["ablate", str(study_path), "--to", str(tmp_path / "moved"), "--workers", "1", "--device", "cpu", "-q"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "report.html" in result.output
    assert (tmp_path / "moved/runs/full/0.01/0/times.json").read_bytes() == before
    assert read_json(tmp_path / "moved/results.json")["analysis"]


def test_a_report_is_opened_where_someone_watches(
    finished_study: Path, study_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not studies.someone_watches(), "no terminal in a test"
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(studies, "someone_watches", lambda: True)
    command = ["ablate", str(study_path), "--to", str(finished_study), "--device", "cpu", "-q", "--open"]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert opened == [(finished_study / "report.html").resolve().as_uri()]

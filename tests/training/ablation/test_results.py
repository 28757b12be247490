"""A study directory reads back as it was written, and says what is missing or broken in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import IntegrityError
from tests.training.ablation.studies import LRS, a_run, a_study, write_study
from training.ablation.results import RESULT, load_results, run_folder
from training.ablation.study import Study


def test_a_study_reads_back_as_it_was_written(tmp_path: Path) -> None:
    study = a_study()
    write_study(tmp_path, study, [])
    assert Study.of(tmp_path) == study
    assert Study.of(tmp_path).digest == study.digest


def test_the_digest_follows_every_rule_of_the_verdict() -> None:
    assert a_study().digest != a_study(margin=0.02).digest


def test_results_hold_finished_runs_and_name_the_missing_ones(tmp_path: Path) -> None:
    runs = [a_run(arm, lr, seed, 2.5) for arm in ("base", "null") for lr in LRS for seed in (0, 1, 2)]
    results = load_results(write_study(tmp_path, a_study(), runs))
    assert len(results.of("null", LRS[0])) == 3
    assert {arm for arm, _, _ in results.missing()} == {"noise-0.5"}


def test_document_scores_add_up_to_the_bits_of_the_run(tmp_path: Path) -> None:
    run = a_run("base", LRS[0], 0, 2.5)
    results = load_results(write_study(tmp_path, a_study(), [run]))
    assert results.documents(run)["clean"].bits_per_byte == pytest.approx(2.5)


def test_a_broken_result_is_named(tmp_path: Path) -> None:
    run = a_run("base", LRS[0], 0, 2.5)
    write_study(tmp_path, a_study(), [run])
    (run_folder(tmp_path, "base", LRS[0], 0) / RESULT).write_text('{"arm": "base"}')
    with pytest.raises(IntegrityError, match=r"result\.json"):
        load_results(tmp_path)

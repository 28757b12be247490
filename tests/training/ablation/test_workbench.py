"""Runs of a study: counted, repeatable to the byte, resumed after a kill, and left alone when finished."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import RecipeError
from curation.files import read_json
from tests.training.ablation.small_study import small_study, write_small_study
from training.ablation import workbench
from training.ablation.results import RESULT, run_folder
from training.ablation.runs import choose_learning_rates, run_all
from training.ablation.study import Budget, Learner, Measures
from training.ablation.workbench import RunKey, Workbench

KEY = RunKey("base", 0.01, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_small_study(tmp_path, small_study())


def the_result(root: Path, key: RunKey) -> bytes:
    return (run_folder(root, key.arm, key.lr, key.seed) / RESULT).read_bytes()


def test_a_run_reports_what_the_loader_counted_and_every_measure(root: Path) -> None:
    result = Workbench(root, small_study(), "cpu").run(KEY)
    assert result.tokens == 2560
    assert result.bytes <= result.tokens  # one byte a letter, none for end marks
    assert [point.step for point in result.curve] == [5, 10]
    assert {"bpb", "bpb_raw", "bpb_ood", "jsd_tokens", "copy_rate", "extractable", "copy_score"} <= set(result.metrics)
    assert len(result.samples) == 2


def test_fine_tuning_from_the_model_gives_an_accuracy(root: Path) -> None:
    study = small_study(measures=Measures(samples=0, extraction=0, probes=0, downstream=1))
    found = Workbench(root, study, "cpu").run(KEY).metrics
    assert 0 <= found["downstream_order"] <= 1


def test_the_order_of_runs_changes_no_byte(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = write_small_study(tmp_path_factory.mktemp("other"), small_study())
    first, second = Workbench(root, small_study(), "cpu"), Workbench(other, small_study(), "cpu")
    keys = [KEY, RunKey("garbled", 0.003, 0)]
    for key in keys:
        first.run(key)
    for key in reversed(keys):
        second.run(key)
    assert [the_result(root, key) for key in keys] == [the_result(other, key) for key in keys]


def test_a_killed_run_goes_on_and_ends_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench(root, small_study(), "cpu")
    bench.run(KEY)
    whole = the_result(root, KEY)
    (run_folder(root, *vars(KEY).values()) / RESULT).unlink()
    monkeypatch.setattr(workbench, "_SAVE_SECONDS", -1.0)
    steps: list[int] = []
    step = bench.trainer.step

    def dies(loader: object, number: int) -> object:
        if number == 7 and 7 not in steps:
            steps.append(number)
            raise KeyboardInterrupt
        steps.append(number)
        return step(loader, number)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.trainer, "step", dies)
    with pytest.raises(KeyboardInterrupt):
        bench.run(KEY)
    bench.run(KEY)
    assert steps == [0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8, 9]
    assert the_result(root, KEY) == whole


def test_finished_runs_are_left_alone_until_the_study_changes(root: Path) -> None:
    bench = Workbench(root, small_study(), "cpu")
    bench.run(KEY)
    assert bench.finished(KEY)
    changed = small_study(learner=Learner(**{**small_study().learner.model_dump(), "warmup": 0.2}))
    assert not Workbench(root, changed, "cpu").finished(KEY)


def test_a_null_arm_has_the_text_of_its_base_in_another_order(root: Path) -> None:
    bench = Workbench(root, small_study(), "cpu")
    base, null = (bench._loader(RunKey(arm, 0.01, 0)).batch(0).windows.tolist() for arm in ("base", "null"))
    assert bench.arms["base"].fingerprint == bench.arms["null"].fingerprint
    assert base != null


def test_equal_bytes_need_other_numbers_of_steps(root: Path) -> None:
    bench = Workbench(root, small_study(budget=Budget(tokens=2560, equal="bytes")), "cpu")
    read = []
    for arm in ("base", "garbled"):
        loader, steps = bench._loader(RunKey(arm, 0.01, 0)), bench.steps(RunKey(arm, 0.01, 0))
        read.append(sum(bench.bytes_of(loader, step) for step in range(steps)))
    assert read[0] == pytest.approx(read[1], rel=0.1)


def test_an_arm_with_too_little_text_is_named(root: Path) -> None:
    with pytest.raises(RecipeError, match="arm `base`"):
        Workbench(root, small_study(budget=Budget(tokens=1_000_000)), "cpu").check_budget()


def test_learning_rates_are_chosen_on_all_arms_together(root: Path) -> None:
    study = small_study(lrs=(), sweep=(1e-5, 0.01), measures=small_study().measures.model_copy(update={"samples": 0}))
    lrs = choose_learning_rates(root, study, device="cpu", workers=1, quiet=True)
    assert lrs == (0.01, pytest.approx(0.01 / 3))
    assert set(read_json(root / "learning_rates.json")["tried"]) == {"1e-05", "0.01"}


def test_all_runs_are_made_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = small_study(lrs=(0.01,))
    run_all(root, study, study.lrs, device="cpu", workers=1)
    before = {path: path.stat().st_mtime_ns for path in root.glob(f"runs/**/{RESULT}")}
    assert len(before) == 3
    run_all(root, study, study.lrs, device="cpu", workers=1)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert '"units": 3' in capsys.readouterr().err


def test_other_learning_rates_may_have_fewer_seeds(root: Path) -> None:
    study = small_study(seeds=(0, 1), other_seeds=1)
    run_all(root, study, study.lrs, device="cpu", workers=1, quiet=True)
    found = {path.parent.relative_to(root / "runs/base").as_posix() for path in root.glob(f"runs/base/**/{RESULT}")}
    assert found == {"0.01/0", "0.01/1", "0.003/0"}

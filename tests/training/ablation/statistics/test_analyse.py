"""From a study directory with known effects to verdicts."""

import math
from pathlib import Path

import pytest

from curation.errors import IntegrityError, ResourceError
from tests.training.ablation.made_up import TRUTH, made_up_study, write_made_up
from training.ablation.results import DOCUMENTS, RESULT, load_results, read_documents, run_folder, write_documents
from training.ablation.statistics import Analysis, analyse


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    root = write_made_up(tmp_path_factory.mktemp("study"), made_up_study(), seed=2)
    return analyse(load_results(root))


def _contrast(found: Analysis, arm: str):
    return next(contrast for contrast in found.contrasts if contrast.arm == arm)


@pytest.mark.parametrize("arm", ["garble-0.25", "garble-0.5", "without-clean", "raw"])
def test_harm_beyond_the_minimum_detectable_effect_is_found(found: Analysis, arm: str) -> None:
    contrast = _contrast(found, arm)
    assert contrast.verdict == "hurts"
    assert contrast.effect.low > 0


def test_shuffling_alone_is_not_resolved(found: Analysis) -> None:
    assert _contrast(found, "shuffled").verdict == "not resolved"
    assert _contrast(found, "shuffled").reasons


def test_a_null_arm_that_moves_raises_the_floor_of_all_others_and_not_its_own(tmp_path: Path) -> None:
    root = write_made_up(tmp_path, made_up_study(factorial=False), null=0.06)
    found = analyse(load_results(root))
    assert found.noise.floor == pytest.approx(abs(_contrast(found, "shuffled").effect.value))
    assert abs(_contrast(found, "shuffled").in_floors) > 1
    assert next(light.state for light in found.lights if light.guard == "null arm") == "amber"


def test_main_effects_are_the_true_ones(found: Analysis) -> None:
    mains = {effect.factors[0]: effect for effect in found.factors if len(effect.factors) == 1}
    assert mains.keys() == TRUTH.keys()
    assert all(mains[name].effect.low < truth < mains[name].effect.high for name, truth in TRUTH.items())
    assert found.interactions_apart


def test_what_helps_is_proposed_to_be_kept(found: Analysis) -> None:
    actions = {proposal.factor: proposal.action for proposal in found.proposals}
    assert actions == {"clean": "keep", "filter": "undecided", "dedup": "keep"}
    assert next(each for each in found.proposals if each.factor == "clean").parts == (
        "normalize_unicode",
        "clean_lines",
    )


def test_removal_at_random_stands_beside_the_filter_it_imitates(found: Analysis) -> None:
    said = {proposal.factor: " ".join(proposal.evidence) for proposal in found.proposals}
    assert "full against as much removed at random (random-filter)" in said["filter"]
    assert "random-filter" not in said["clean"] + said["dedup"]


def test_doses_are_fitted_by_defect(found: Analysis) -> None:
    garble = next(each for each in found.doses if each.defect == "garble")
    assert [point.dose for point in garble.points] == [0.05, 0.1, 0.25, 0.5]
    assert garble.law is not None
    assert garble.law.scale.low < 0.32 < garble.law.scale.high
    assert garble.law.at_floor is not None


def test_measures_without_signal_are_marked(found: Analysis) -> None:
    low = {metric.name for metric in found.metrics if metric.low_signal}
    assert "probe_npi" in low
    assert not low & {"bpb", "js_distance", "exposure_64"}


def test_the_same_results_give_the_same_analysis(tmp_path: Path) -> None:
    root = write_made_up(tmp_path, made_up_study(factorial=False))
    assert analyse(load_results(root)) == analyse(load_results(root))


def test_every_number_can_be_written_as_json(found: Analysis) -> None:
    assert Analysis.model_validate_json(found.model_dump_json()) == found
    assert found.noise.sd == float(f"{found.noise.sd:.8g}")


def test_one_seed_is_exploratory(tmp_path: Path) -> None:
    root = write_made_up(tmp_path, made_up_study(seeds=1, factorial=False))
    found = analyse(load_results(root))
    assert {contrast.verdict for contrast in found.contrasts} == {"not resolved"}
    assert all(any("exploratory" in reason for reason in contrast.reasons) for contrast in found.contrasts)
    assert all(contrast.effect.low is None for contrast in found.contrasts)


def test_a_missing_run_refuses_every_verdict(tmp_path: Path) -> None:
    root = write_made_up(tmp_path, made_up_study(factorial=False))
    (run_folder(root, "garble-0.05", 0.01, 2) / RESULT).unlink()
    found = analyse(load_results(root))
    assert _contrast(found, "garble-0.5").refused
    assert {contrast.verdict for contrast in found.contrasts} == {"not resolved"}


def test_nothing_finished_is_said(tmp_path: Path) -> None:
    study = made_up_study(factorial=False)
    root = write_made_up(tmp_path, study)
    for path in root.rglob(RESULT):
        path.unlink()
    with pytest.raises(ResourceError, match="no finished run"):
        analyse(load_results(root))


def test_runs_scored_on_different_documents_are_refused(tmp_path: Path) -> None:
    root = write_made_up(tmp_path, made_up_study(factorial=False))
    path = run_folder(root, "full", 0.01, 0) / DOCUMENTS
    scores = read_documents(path)
    clean = scores["clean"]
    scores["clean"] = type(clean)(tuple(reversed(clean.ids)), clean.nats, clean.bytes)
    write_documents(path, scores)
    with pytest.raises(IntegrityError, match="different documents"):
        analyse(load_results(root))


def test_a_smaller_study_is_asked_whether_it_would_have_decided_the_same(tmp_path: Path) -> None:
    large, small = (
        load_results(write_made_up(tmp_path / name, made_up_study(factorial=False, name=name), seed=seed))
        for seed, name in enumerate(("large", "small"))
    )
    found = analyse(large, [small]).decisions[-1]
    assert found.name.startswith("study small: 320,000 parameters")
    assert found.clear > 0.9


def test_compute_gain_of_the_reference_is_nothing(found: Analysis) -> None:
    contrast = _contrast(found, "garble-0.5")
    assert contrast.compute is not None
    assert contrast.compute.factor.value < 1
    assert math.isclose(contrast.percent, 100 * contrast.effect.value / found.noise.base_value, rel_tol=0.01)

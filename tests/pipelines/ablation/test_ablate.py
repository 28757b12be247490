"""A whole study, end to end: what its arms hold, what is held out, and that a second start finds all of it done."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from curation.errors import RecipeError
from pipelines.ablation.ablate import ablate, prepare
from pipelines.ablation.documents import table_of
from pipelines.ablation.study_file import load_study
from pipelines.runner import Options
from training.ablation.results import load_results

OPTIONS = Options(workers=1, quiet=True)


def texts(root: Path, arm: str) -> list[str]:
    return table_of(root / "arms" / arm).column("text").to_pylist()


def digests(root: Path) -> dict[str, str]:
    """Of everything that must be the same each time: all but times and logs."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and path.name not in ("times.json", "run.lock") and "logs" not in path.parts
    }


def test_every_run_of_the_study_has_a_result(finished_study: Path) -> None:
    results = load_results(finished_study)
    assert results.missing() == []
    assert len(results.runs) == 9 * 2
    assert {run.tokens for run in results.runs} == {2560}
    assert len({run.tokenizer_hash for run in results.runs}) == 1
    assert {"language_drift", "personal_data_rate", "exposure_8"} <= set(results.runs[0].metrics)


def test_switched_off_stages_leave_what_they_would_remove(finished_study: Path) -> None:
    assert max(Counter(texts(finished_study, "full")).values()) == 1
    assert max(Counter(texts(finished_study, "no-dedup")).values()) == 8  # the canary planted eight times
    assert min(map(len, texts(finished_study, "full"))) >= 60
    assert min(map(len, texts(finished_study, "no-short"))) < 60


def test_controls_drop_as_many_documents_as_the_rule(finished_study: Path) -> None:
    full, random, matched = (len(texts(finished_study, arm)) for arm in ("full", "random-short", "matched-short"))
    assert full == random == matched
    assert set(texts(finished_study, "random-short")) != set(texts(finished_study, "full"))
    # Only short documents are as short as those that the rule drops, so the matched control drops the very same.
    assert set(texts(finished_study, "matched-short")) == set(texts(finished_study, "full"))


def test_a_null_arm_has_the_same_tokens(finished_study: Path) -> None:
    facts = load_results(finished_study).arms
    assert facts["null"].data_hash == facts["full"].data_hash != facts["no-dedup"].data_hash


def test_held_out_documents_are_in_no_arm_and_a_leak_is_dropped_and_counted(finished_study: Path) -> None:
    results = load_results(finished_study)
    trained = {text for arm in results.arms for text in texts(finished_study, arm)}
    for name in ("clean", "raw", "ood"):
        assert not trained & set(table_of(finished_study / "heldout" / name).column("text").to_pylist())
    leaked = set(table_of(finished_study / "heldout" / "leaked").column("text").to_pylist())
    assert leaked <= set(texts(finished_study, "leak-0.1"))
    assert results.held_out.sets["clean"].dropped >= len(leaked) > 0
    assert sum(results.held_out.sets["clean"].overlaps[5:]) >= len(leaked)


def test_out_of_domain_text_is_never_trained_on(finished_study: Path) -> None:
    facts = load_results(finished_study).arms["no-dedup"]
    assert set(facts.sources) == {"web", "canaries"}
    assert set(table_of(finished_study / "heldout" / "ood").column("source").to_pylist()) == {"books"}


def test_a_second_start_changes_nothing(finished_study: Path, study_path: Path) -> None:
    before = digests(finished_study)
    ablate(finished_study, *load_study(study_path), OPTIONS, "cpu")
    assert digests(finished_study) == before


def test_another_study_is_refused_in_the_same_place(finished_study: Path, study_path: Path) -> None:
    with pytest.raises(RecipeError, match="another study"):
        prepare(finished_study, *load_study(study_path, ["margin=0.5"]), OPTIONS)


def test_other_workers_and_batches_give_the_same_documents(
    finished_study: Path, study_path: Path, tmp_path: Path
) -> None:
    few = load_study(study_path, ["design=[]", "controls=[]", "doses=[{defect: garbled, shares: [0.5]}]"])
    prepare(tmp_path, *few, Options(workers=2, batch_size=7, quiet=True))
    for arm in ("full", "garbled-0.5"):
        assert texts(tmp_path, arm) == texts(finished_study, arm)


@pytest.mark.slow  # a second whole study: half a minute
def test_the_same_study_elsewhere_gives_the_same_bytes(finished_study: Path, study_path: Path, tmp_path: Path) -> None:
    ablate(tmp_path, *load_study(study_path), Options(workers=2, batch_size=7, quiet=True), "cpu")
    held = digests(finished_study)
    assert {name: digest for name, digest in digests(tmp_path).items() if not name.startswith("recipes/")} == {
        name: digest for name, digest in held.items() if not name.startswith("recipes/")
    }

"""A rich made-up study: a factorial of three factors, controls, doses and a null arm, with known effects and noise."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np

from curation.files import whole_file, write_json
from training.ablation.results import (
    DOCUMENTS,
    FACTS,
    RESULT,
    ArmFacts,
    CopiedSpan,
    CurvePoint,
    DocumentScores,
    HeldOutFacts,
    RunResult,
    SampleText,
    SetFacts,
    run_folder,
    write_documents,
)
from training.ablation.study import RESOLVED, Arm, Budget, Canaries, Dose, Study
from training.recipe_file import dump_recipe

__all__ = ["TRUTH", "made_up_runs", "made_up_study", "write_made_up"]

FACTORS = ("clean", "filter", "dedup")
TRUTH = {"clean": -0.05, "filter": -0.004, "dedup": -0.03}
_SETS = {"clean": 0.0, "raw": 0.18, "ood": 0.55}
_DOSES = {"garble": 0.32, "boilerplate": 0.16}
_DOCUMENTS = 80
_TEXT = "the mill turns when the river runs and the stones are dressed. ##"


def made_up_study(seeds: int = 3, factorial: bool = True, **changes: object) -> Study:
    cells = [dict(zip(FACTORS, on, strict=True)) for on in itertools.product([True, False], repeat=3)]
    arms = [_cell(cell) for cell in cells if factorial or all(cell.values())]
    arms += [
        Arm(name="shuffled", role="null", against="full"),
        *(
            Arm(name=f"{defect}-{share:g}", role="dose", dose=Dose(defect=defect, share=share), against="full")
            for defect in _DOSES
            for share in (0.05, 0.1, 0.25, 0.5)
        ),
    ]
    if factorial:
        off, against = {"clean": True, "filter": False, "dedup": True}, "without-filter"
        arms.append(Arm(name="random-filter", role="random_removal", factors=off, against=against, of=against))
    settings = {
        "name": "made-up",
        "question": "Which curation stages help a tiny model that reads project documentation?",
        "recipe": "demo",
        "recipe_digest": "0" * 64,
        "factors": {"clean": ("normalize_unicode", "clean_lines"), "filter": ("rules",), "dedup": ("minhash",)},
        "arms": tuple(arms),
        "budget": Budget(tokens=400_000),
        "canaries": Canaries(),
        "lrs": (0.01, 0.0033),
        "seeds": tuple(range(seeds)),
        "primary_family": ("raw", "without-clean", "without-filter", "without-dedup") if factorial else (),
    }
    return Study(**{**settings, **changes})  # type: ignore[arg-type]


def _cell(cell: dict[str, bool]) -> Arm:
    off = [name for name, on in cell.items() if not on]
    if not off:
        return Arm(name="full", role="base", factors=cell)
    if len(off) == len(FACTORS):
        return Arm(name="raw", role="raw", factors=cell, against="full")
    name, role = "without-" + "-".join(off), "leave_one_out" if len(off) == 1 else "factorial"
    return Arm(name=name, role=role, factors=cell, against="full")  # type: ignore[arg-type]


def made_up_runs(
    study: Study, seed_sd: float = 0.0099, seed: int = 0, null: float = 0.0
) -> list[tuple[RunResult, dict[str, DocumentScores]]]:
    """Every run with the scores of its documents; `null` is what shuffling does where it should do nothing."""
    rng = np.random.default_rng(seed)
    own = {arm.name: rng.normal(0, 0.03, _DOCUMENTS) for arm in study.arms}
    shared, sizes = rng.normal(0, 0.3, _DOCUMENTS), rng.integers(300, 4000, _DOCUMENTS)
    return [
        _run(rng, arm, lr, number, rng.normal(0, seed_sd) + null * (arm.role == "null"), own[arm.name] + shared, sizes)
        for arm in study.arms
        for lr in study.lrs
        for number in study.seeds_at(lr, study.lrs)
    ]


def write_made_up(root: Path, study: Study, **settings: float) -> Path:
    with whole_file(root / RESOLVED) as file:
        file.write(dump_recipe(study).encode())
    write_json(root / "learning_rates.json", {"lrs": list(study.lrs)})
    facts = {
        name: SetFacts(
            documents=_DOCUMENTS, bytes=170_000, tokens=60_000, dropped=9, dropped_bytes=9000,
            overlaps=(60, 16, 4, 0, 0, 0, 1, 2, 2, 0),
        )
        for name in _SETS
    }  # fmt: skip
    write_json(root / "heldout" / FACTS, HeldOutFacts(sets=facts).model_dump(mode="json"))
    for arm in study.arms:
        write_json(root / "arms" / arm.name / FACTS, _facts(arm).model_dump(mode="json"))
    for run, scores in made_up_runs(study, **settings):  # type: ignore[arg-type]
        folder = run_folder(root, run.arm, run.lr, run.seed)
        write_documents(folder / DOCUMENTS, scores)
        write_json(folder / RESULT, run.model_dump(mode="json"))
    return root


def _run(
    rng: np.random.Generator, arm: Arm, lr: float, seed: int, luck: float, documents: np.ndarray, sizes: np.ndarray
) -> tuple[RunResult, dict[str, DocumentScores]]:
    effect = _effect(arm) * (1.0 if lr > 0.005 else 0.8) + (0 if lr > 0.005 else 0.12)
    names = tuple(f"{number:032x}" for number in range(len(sizes)))
    scores = {
        name: DocumentScores(names, (2.25 + more + effect + luck + documents) * sizes * math.log(2), sizes)
        for name, more in _SETS.items()
    }
    bpb = {("bpb" if name == "clean" else f"bpb_{name}"): each.bits_per_byte for name, each in scores.items()}
    steps = [
        (at, bpb["bpb"] + 0.62 * ((1 / share) ** 0.35 - 1)) for at, share in enumerate((0.1, 0.25, 0.5, 0.75, 1), 1)
    ]
    curve = tuple(
        CurvePoint(
            step=at * 39, tokens=int(400_000 * share), bytes=int(1_060_000 * share), train_loss=3 + loss, bpb=loss
        )
        for (at, loss), share in zip(steps, (0.1, 0.25, 0.5, 0.75, 1), strict=True)
    )
    remembered = 0.25 if arm.factors.get("dedup", True) else 1.0
    metrics = {
        **bpb,
        **{f"exposure_{n}": 1.4 + remembered * math.log2(n + 1) + rng.normal(0, 0.4) for n in (0, 1, 4, 16, 64)},
        "copy_rate_16": 0.02 * remembered + abs(rng.normal(0, 0.004)),
        "js_distance": 0.2 + effect / 2 + rng.normal(0, 0.004),
        "seq_rep_4_distance": abs(rng.normal(0.1, 0.03)),
        "distinct_2_distance": abs(rng.normal(0.05, 0.02)),
        "probe_agreement": 0.6 - effect / 3 + rng.normal(0, 0.03),
        "probe_npi": 0.5 + rng.normal(0, 0.03),
    }  # fmt: skip
    samples = tuple(
        SampleText(
            number=number, prompt=_TEXT[:12], text=_TEXT[: 60 - 3 * number], seed=number,
            spans=(CopiedSpan(start=13, end=38, document=names[number]),) if number % 2 == 0 else (),
        )
        for number in range(3)
    )  # fmt: skip
    run = RunResult(
        arm=arm.name, lr=lr, seed=seed, tokens=400_000, bytes=1_060_000, flops=7.7e11, unique_tokens=900_000,
        epochs=0.44, parameters=320_000, tokenizer_hash="a" * 64, data_hash=arm.name, config_hash="c" * 64,
        curve=curve, metrics=metrics, samples=samples,
    )  # fmt: skip
    return run, scores


def _effect(arm: Arm) -> float:
    if arm.dose is not None:
        return _DOSES[arm.dose.defect] * arm.dose.share**0.9
    off = {name for name, on in arm.factors.items() if not on}
    return -sum(TRUTH[name] for name in off)


def _facts(arm: Arm) -> ArmFacts:
    removed = {"too_few_words": 310, "duplicate": 220} if arm.factors.get("filter", True) else {"duplicate": 220}
    return ArmFacts(
        arm=arm.name, documents=6000, bytes=17_000_000, tokens=6_400_000, pool_documents=6600, pool_bytes=18_000_000,
        removed=removed, sources={"packages": 4000, "docstrings": 2000}, duplicates=0.01,
        dose_share=arm.dose.share if arm.dose else None, data_hash=arm.name, recipe_digest="0" * 64,
    )  # fmt: skip

"""A made-up study directory: what a finished study leaves, without any training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curation.files import whole_file, write_json
from training.ablation.results import (
    DOCUMENTS,
    FACTS,
    RESULT,
    ArmFacts,
    CurvePoint,
    DocumentScores,
    HeldOutFacts,
    RunResult,
    SetFacts,
    run_folder,
    write_documents,
)
from training.ablation.study import RESOLVED, Arm, Budget, Dose, Study
from training.recipe_file import dump_recipe

__all__ = ["LRS", "a_run", "a_study", "write_study"]

LRS = (0.01, 0.003)


def a_study(**changes: object) -> Study:
    """A base arm, its shuffled twin, and half noise; three seeds."""
    arms = (
        Arm(name="base", role="base"),
        Arm(name="null", role="null", against="base"),
        Arm(name="noise-0.5", role="dose", dose=Dose(defect="noise", share=0.5), against="base"),
    )
    settings = {
        "name": "made-up",
        "question": "Does noise hurt?",
        "recipe": "demo",
        "recipe_digest": "0" * 64,
        "arms": arms,
        "budget": Budget(tokens=4000),
        "lrs": LRS,
        "primary_family": ("noise-0.5",),
    }
    return Study(**{**settings, **changes})  # type: ignore[arg-type]


def a_run(arm: str, lr: float, seed: int, bpb: float, **changes: object) -> RunResult:
    settings = {
        "arm": arm,
        "lr": lr,
        "seed": seed,
        "tokens": 4000,
        "bytes": 10_000,
        "flops": 1e9,
        "unique_tokens": 5000,
        "epochs": 0.8,
        "parameters": 1000,
        "tokenizer_hash": "t",
        "data_hash": arm,
        "config_hash": "c",
        "curve": (
            CurvePoint(step=50, tokens=2000, bytes=5000, train_loss=5.0, bpb=bpb + 0.5),
            CurvePoint(step=100, tokens=4000, bytes=10_000, train_loss=4.5, bpb=bpb),
        ),
        "metrics": {"bpb": bpb, "bpb_raw": bpb + 0.1, "bpb_ood": bpb + 0.2},
    }
    return RunResult(**{**settings, **changes})  # type: ignore[arg-type]


def write_study(root: Path, study: Study, runs: list[RunResult], documents: int = 20) -> Path:
    """Everything of a study directory; documents share out a run's bits evenly but for a pinch of noise."""
    with whole_file(root / RESOLVED) as file:
        file.write(dump_recipe(study).encode())
    write_json(root / "learning_rates.json", {"lrs": list(study.lrs)})
    counts = SetFacts(documents=documents, bytes=0, tokens=0, dropped=0, dropped_bytes=0, overlaps=(0,) * 10)
    facts = HeldOutFacts(sets=dict.fromkeys(("clean", "raw", "ood"), counts))
    write_json(root / "heldout" / FACTS, facts.model_dump(mode="json"))
    for arm in study.arms:
        held = ArmFacts(
            arm=arm.name, documents=9, bytes=9, tokens=9, pool_documents=9, pool_bytes=9, data_hash="", recipe_digest=""
        )
        write_json(root / "arms" / arm.name / FACTS, held.model_dump(mode="json"))
    for run in runs:
        folder = run_folder(root, run.arm, run.lr, run.seed)
        write_documents(folder / DOCUMENTS, {name: _scores(run, name, documents) for name in facts.sets})
        write_json(folder / RESULT, run.model_dump(mode="json"))
    return root


def _scores(run: RunResult, name: str, documents: int) -> DocumentScores:
    noise = np.random.default_rng([run.seed, len(run.arm), len(name)]).normal(0, 0.02, documents)
    sizes = np.full(documents, 1000, np.int64)
    bpb = run.metrics["bpb" if name == "clean" else f"bpb_{name}"]
    nats = (bpb + noise - noise.mean()) * sizes * np.log(2)
    return DocumentScores(tuple(f"{number:032x}" for number in range(documents)), nats, sizes)

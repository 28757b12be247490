"""The positive and the negative control of a study, with real runs on the documentation of this Python environment.

    python -m benchmarks.ablation_control --to FOLDER        about 12 minutes of each of two cores

25 and 50 % of noise must be found harmful with the interval clear of zero; 64 planted copies of a canary must raise its
exposure by at least 2 bits over one copy, and removing duplicates must take the rise away; a shuffle must do nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean

import numpy as np

from benchmarks.measure import machine
from pipelines.ablation.ablate import ablate
from pipelines.ablation.study_file import load_study
from pipelines.runner import Options
from training.ablation.results import TIMES, Results, load_results, run_folder
from training.ablation.statistics.estimates import estimate_of, pooled_sd

CHANGES = (
    "name=ablation-control",
    "doses=[{defect: noise, shares: [0.25, 0.5]}]",
    "pool=1100KB",
    "budget.tokens=300000",
    "held_out.max_tokens=30000",
    "measures={samples: 48, sample_tokens: 48, extraction: 32, probes: 100}",
    "canaries={copies: [0, 1, 16, 64], each: 4, references: 255}",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("results") / "ablation_control.json")
    arguments = parser.parse_args()
    study, recipe = load_study(Path("demo-study"), CHANGES)
    ablate(arguments.to, study, recipe, Options())
    found = summary(load_results(arguments.to))
    arguments.results.write_text(json.dumps({"machine": machine(), **found}, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def summary(results: Results) -> dict[str, object]:
    """By learning rate: effects on bits per byte with intervals by the pooled spread of seeds, exposure by copies."""
    return {
        "study": results.study.digest,
        "parameters": results.runs[0].parameters,
        "tokens": results.runs[0].tokens,
        "seeds": len(results.study.seeds),
        "cpu_seconds_a_run": {part: _median_cpu(results, part) for part in ("training", "measuring")},
        "learning_rates": {f"{lr:g}": _at(results, lr) for lr in results.lrs},
    }


def _at(results: Results, lr: float) -> dict[str, object]:
    bits = {arm: [run.metrics["bpb"] for run in results.of(arm, lr)] for arm in results.arms}
    names = [arm for arm in bits for _ in bits[arm]]
    values = np.array([value for arm in bits for value in bits[arm]])
    groups = np.array([list(bits).index(name) for name in names])
    spread, df = pooled_sd(values, groups)
    effects = {}
    for arm in results.study.arms:
        if arm.against is not None:
            error = spread * (1 / len(bits[arm.name]) + 1 / len(bits[arm.against])) ** 0.5
            effect = estimate_of(mean(bits[arm.name]) - mean(bits[arm.against]), error, df)
            effects[arm.name] = effect.model_dump(mode="json")
    exposures = {
        arm: {
            key: round(mean(run.metrics[key] for run in results.of(arm, lr)), 2)
            for key in results.of(arm, lr)[0].metrics
            if key.startswith("exposure_")
        }
        for arm in ("full", "no-dedup")
    }
    return {"seed_sd": spread, "bpb_full": mean(bits["full"]), "effects_on_bpb": effects, "exposure_bits": exposures}


def _median_cpu(results: Results, part: str) -> float:
    folders = [run_folder(results.root, run.arm, run.lr, run.seed) for run in results.runs]
    seconds = sorted(json.loads((folder / TIMES).read_bytes())["cpu_seconds"][part] for folder in folders)
    return round(seconds[len(seconds) // 2], 1)


if __name__ == "__main__":
    main()

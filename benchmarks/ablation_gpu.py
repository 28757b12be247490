"""A study at the scale of one GPU: 8 arms, 3 seeds, 14 million parameters, 50 million tokens a run.

The second learning rate has one seed: it only checks that the order holds.

    python -m benchmarks.ablation_gpu --to FOLDER                    the Python sources of this environment as text
    python -m benchmarks.ablation_gpu --to FOLDER --recipe MY.yaml   another corpus of at least 200 MB
    python -m benchmarks.ablation_gpu --to FOLDER --prepare          arms and tokens only, which needs no GPU

All runs share one process and one compiled graph. Leaves the report and the times under benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sysconfig
import time
from pathlib import Path

import torch

from benchmarks.measure import machine
from pipelines.ablation.ablate import ablate, prepare
from pipelines.ablation.study_file import load_study
from pipelines.runner import Options
from training.ablation.report import write_report
from training.ablation.results import TIMES, load_results
from training.watch.devices import device_name

SOURCES = """name: sources
sources:
  - text: {{name: python, path: "{folder}/**/*.py"}}
rules:
  - {{reason: too_short, attribute: text.characters, min: 400}}
  - {{reason: too_long, attribute: text.characters, max: 200000}}
dedup:
  - exact: {{on: normalized}}
"""

STUDY = """name: gpu
question: What do noise and duplicates cost a model of 14 million parameters?
recipe: {recipe}
pool: 260MB
controls: ["null"]
doses:
  - {{defect: noise, shares: [0.05, 0.25, 0.5]}}
  - {{defect: garbled, shares: [0.25]}}
  - {{defect: exact_duplicates, shares: [0.5], copies: [4, 64]}}
canaries: {{copies: [0, 1, 4, 16, 64], each: 8}}
budget: {{tokens: {tokens}}}
held_out: {{share: 0.01, max_tokens: 500000}}
learner: {{size: 14m, vocabulary: 8192, context: 512, batch: 128, curve: 5}}
lrs: [0.01, 0.0033]
seeds: 3
other_seeds: 1
measures: {{samples: 256, sample_tokens: 128, extraction: 200, probes: 500}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--recipe", type=Path)
    parser.add_argument("--tokens", type=int, default=50_000_000)
    parser.add_argument("--prepare", action="store_true")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    study, recipe = load_study(_study_file(arguments))
    began = time.perf_counter()
    prepare(arguments.to / "study", study, recipe, Options())
    prepared = time.perf_counter()
    if not arguments.prepare:
        ablate(arguments.to / "study", study, recipe, Options(), "cuda")
        _keep(arguments.to / "study", prepared - began, time.perf_counter() - prepared)


def _study_file(arguments: argparse.Namespace) -> Path:
    recipe = arguments.recipe or arguments.to / "sources.yaml"
    if arguments.recipe is None:
        recipe.write_text(SOURCES.format(folder=sysconfig.get_paths()["purelib"]))
    path = arguments.to / "gpu.yaml"
    path.write_text(STUDY.format(recipe=recipe.absolute(), tokens=arguments.tokens))
    return path


def _keep(root: Path, preparing: float, running: float) -> None:
    results, place = load_results(root), Path(__file__).with_name("results")
    times = [json.loads(path.read_bytes()) for path in sorted((root / "runs").rglob(TIMES))]
    seconds = {part: sorted(each["seconds"][part] for each in times) for part in ("training", "measuring")}
    found = {
        "machine": machine(),
        "gpu": device_name(torch.device("cuda")),
        "torch": torch.__version__,
        "arms": len(results.arms),
        "runs": len(results.runs),
        "parameters": results.runs[0].parameters,
        "tokens_a_run": results.runs[0].tokens,
        "seconds_of_all_runs": round(running, 1),
        "seconds_of_preparation": round(preparing, 1),
        "median_seconds_a_run": {part: round(each[len(each) // 2], 2) for part, each in seconds.items()},
        "first_run_with_compilation_seconds": round(seconds["training"][-1], 1),
    }
    shutil.copyfile(write_report(root), place / "ablation_gpu.html")
    (place / "ablation_gpu.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

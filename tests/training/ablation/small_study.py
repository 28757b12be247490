"""A study small enough for tests: letters for tokens, stories for text, a few thousand parameters, a second a run."""

from __future__ import annotations

import random
from pathlib import Path

from curation.files import whole_file
from tests.training.token_shards import ALPHABET, encode, letters_tokenizer, stories, write_tokens
from training.ablation.study import RESOLVED, Arm, Budget, Dose, HeldOutPlan, Learner, Measures, Study
from training.recipe_file import dump_recipe

__all__ = ["small_study", "write_small_study"]

LEARNER = Learner(
    size="tiny",
    changes={"layers": 1, "width": 16, "heads": 2, "kv_heads": 1, "head_width": 8, "hidden": 32},
    context=32,
    batch=8,
    curve=2,
)
MEASURES = Measures(samples=6, sample_tokens=12, prompt_tokens=4, shown=2, extraction=4, probes=4)


def small_study(**changes: object) -> Study:
    arms = (
        Arm(name="base", role="base"),
        Arm(name="null", role="null", against="base"),
        Arm(name="garbled", role="dose", dose=Dose(defect="garbled", share=0.5), against="base"),
    )
    settings = {
        "name": "small",
        "question": "Do garbled letters hurt?",
        "recipe": "none",
        "recipe_digest": "0" * 64,
        "arms": arms,
        "budget": Budget(tokens=2560),
        "held_out": HeldOutPlan(max_tokens=1000),
        "learner": LEARNER,
        "lrs": (0.01, 0.003),
        "seeds": (0,),
        "measures": MEASURES,
        "primary_family": ("garbled",),
    }
    return Study(**{**settings, **changes})  # type: ignore[arg-type]


def write_small_study(root: Path, study: Study) -> Path:
    """Token shards of every arm and held-out set, and the study itself."""
    with whole_file(root / RESOLVED) as file:
        file.write(dump_recipe(study).encode())
    texts = stories(80, 1)
    for arm in study.arms:
        mangled = [_garbled(text) if arm.dose and number % 2 else text for number, text in enumerate(texts)]
        _write(root / "arms" / arm.name, "train", mangled)
    for number, name in enumerate(("clean", "ood", "raw")):
        _write(root / "heldout" / name, "test", stories(12, 10 + number))
    return root


def _write(folder: Path, split: str, texts: list[str]) -> None:
    documents = [encode(text) for text in texts]
    write_tokens(folder / "tokens", {split: [documents]}, vocab_size=len(ALPHABET), tokenizer=letters_tokenizer())


def _garbled(text: str) -> str:
    return "".join(random.Random(text).sample(text, len(text)))

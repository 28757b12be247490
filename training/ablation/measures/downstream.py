"""The same small fine-tuning from every arm's model: is a stretch of held-out text in order, or are its words shuffled?

It needs no labels from anywhere, and asks for what pretraining should have taught.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from training.checkpoint import model_tensors
from training.data.order import key_of
from training.finetuning.finetune import finetune
from training.finetuning.recipe import FinetuneRecipe
from training.model.decoder import Decoder
from training.model.interchange import export

__all__ = ["downstream"]


def downstream(
    decoder: Decoder, tokenizer: Path, eos_id: int, texts: Sequence[str], seeds: int, device: str
) -> dict[str, float]:
    """`downstream_order`: accuracy on test stretches, mean over fine-tuning seeds; 0.5 is guessing."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        export(model_tensors(decoder), decoder.config, tokenizer, eos_id, place / "model")
        (place / "order.jsonl").write_text("".join(json.dumps(row) + "\n" for row in _examples(texts)))
        scores = [_score(place, seed, min(64, decoder.config.context), device) for seed in range(seeds)]
    return {"downstream_order": sum(scores) / len(scores)}


def _score(place: Path, seed: int, length: int, device: str) -> float:
    task = {"name": "order", "kind": "classify", "path": str(place / "order.jsonl"), "group": "group"}
    recipe = FinetuneRecipe.model_validate(
        {
            "name": "order",
            "tasks": [{**task, "prompt": "{text}", "response": "{label}"}],
            "model": {"checkpoint": str(place / "model")},
            "splits": {"train": 0.6, "validation": 0.1, "test": 0.3},
            "optimizer": {"lr": 5e-4},
            "epochs": 3,
            "length": length,
            "stopping": {"patience": None, "every": 1_000_000},
            "seed": seed,
            "machine": {"device": device, "threads": 1 if device == "cpu" else None},
        }
    )
    return finetune(recipe, place / f"run-{seed}", quiet=True)["order"]["accuracy"]


def _examples(texts: Sequence[str]) -> list[dict[str, str]]:
    """Both versions of each text; the two stay in one split."""
    rows = []
    for number, text in enumerate(texts):
        words = text.split()
        random.Random(key_of("order", number)).shuffle(words)
        rows.append({"text": " ".join(text.split()), "label": "ordered", "group": str(number)})
        rows.append({"text": " ".join(words), "label": "shuffled", "group": str(number)})
    return rows

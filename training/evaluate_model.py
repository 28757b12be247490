"""What `gristmill evaluate` measures: bits per byte on a split, by document if asked, and harness tasks."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.errors import RecipeError
from curation.files import whole_file
from training.data.tokens import TokenSplit, open_split
from training.evaluation import HeldOut

__all__ = ["evaluate_model"]


def evaluate_model(
    model: str,
    dataset: Path | None,
    split: str,
    length: int | None,
    limit: int | None,
    documents: Path | None,
    tasks: Sequence[str],
    device: str,
) -> dict[str, Any]:
    """Scores by name."""
    from training.generation.generate import Writer, model_folder
    from training.harness import run_harness
    from training.model.scoring import score_model

    if dataset is None and not tasks:
        raise RecipeError("evaluate", "nothing to evaluate on", "a dataset or a --task", "name one of them")
    found: dict[str, Any] = {}
    if dataset is not None:
        opened, writer = open_split(dataset, split), Writer(model, device)
        held = score_model(writer.model, writer.tokenizer, opened, writer.device, length=length, limit=limit)
        found.update(_summary(held))
        if documents is not None:
            _write_documents(documents, opened, held)
    if tasks:
        found["tasks"] = run_harness(str(model_folder(model)), tasks, limit=limit, device=device)
    return found


def _summary(held: HeldOut) -> dict[str, Any]:
    return {
        "bits_per_byte": held.bits_per_byte,
        "loss": held.loss,
        "perplexity": math.exp(held.loss),
        "documents": len(held.bytes),
        "tokens": int(held.tokens.sum()),
        "bytes": int(held.bytes.sum()),
    }


def _write_documents(path: Path, split: TokenSplit, held: HeldOut) -> None:
    """id, bits, bytes and tokens of every document scored."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "bits", "bytes", "tokens"])
    ids = (str(name) for shard in split.shards for name in shard.ids)
    for name, nats, size, tokens in zip(ids, held.nats, held.bytes, held.tokens, strict=False):
        writer.writerow([name, f"{nats / math.log(2):.6g}", size, tokens])
    with whole_file(path) as file:
        file.write(text.getvalue().encode())

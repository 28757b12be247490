"""The score of any sequence classifier of the Hugging Face kind, from a folder or by its hub name, on CPU or GPU.

Expensive: put it behind a gate. torch and transformers come with the extra `train` and are imported when a worker opens
the operator, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.errors import ResourceError
from curation.operator import Contract, Operator, Resources

__all__ = ["TransformerClassifier"]

# Enough characters for the longest tokens; the rest of a long text is not even tokenised.
_CHARACTERS_A_TOKEN = 20


class TransformerClassifier(Operator):
    """Adds `transformer_classifier.<label>`: the score of the first `max_tokens` tokens, null without any token.

    The score is the output itself for models of one output (regression), the sigmoid for multi-label models, else the
    softmax. `target` is the class, by name or number; without it models of two classes give the second.
    `batch_size` 1 runs every document alone, so its score cannot depend on its neighbours. Larger ones pad documents
    of similar length together, much faster on a GPU, and change scores by float rounding (about 1e-6).
    Weights must be safetensors, and code that comes with a model is not run. Pin hub models with `revision`.
    """

    contract: ClassVar[Contract] = Contract(
        "transformer_classifier", 1, "annotate", adds={"transformer_classifier.score": pa.float64()}
    )
    loads_model: ClassVar[bool] = True

    model: str
    revision: str | None = None
    target: str | int | None = None
    label: str = Field(default="score", pattern=r"^[a-z][a-z0-9_]*$")
    max_tokens: int = Field(default=512, ge=1)
    batch_size: int = Field(default=1, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "cpu"

    def adds(self) -> Mapping[str, pa.DataType]:
        return {f"transformer_classifier.{self.label}": pa.float64()}

    def resources(self) -> Resources:
        """The files of a local model; a hub model is known by its name and revision alone."""
        folder = Path(self.model)
        return (
            Resources.of(*sorted(str(path) for path in folder.iterdir() if path.is_file()))
            if folder.is_dir()
            else Resources()
        )

    def open(self) -> None:
        self._loaded()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = batch.column("text").to_pylist()
        rows = [row for row, text in enumerate(texts) if text]
        scores = np.full(len(texts), np.nan)
        if rows:
            scores[rows] = self._scores([texts[row] for row in rows])
        return pa.RecordBatch.from_pydict({f"transformer_classifier.{self.label}": pa.array(scores, from_pandas=True)})

    def _loaded(self) -> _Loaded:
        return _load(self.model, self.revision, self.device)

    def _scores(self, texts: list[str]) -> npt.NDArray[np.float64]:
        loaded = self._loaded()
        cut = [text[: self.max_tokens * _CHARACTERS_A_TOKEN] for text in texts]
        tokens = loaded.tokenizer(cut, truncation=True, max_length=self.max_tokens)["input_ids"]
        # Stable, so documents of one length keep their order. A tokenizer may find nothing in white space.
        order = sorted((row for row in range(len(tokens)) if tokens[row]), key=lambda row: len(tokens[row]))
        scores = np.full(len(texts), np.nan)
        for first in range(0, len(order), self.batch_size):
            rows = order[first : first + self.batch_size]
            scores[rows] = self._forward(loaded, [tokens[row] for row in rows])
        return scores

    def _forward(self, loaded: _Loaded, tokens: list[list[int]]) -> npt.NDArray[np.float64]:
        import torch

        padded = loaded.tokenizer.pad({"input_ids": tokens}, return_tensors="pt").to(loaded.network.device)
        with torch.inference_mode():
            logits = loaded.network(**padded).logits.double()
            config = loaded.network.config
            if config.num_labels > 1:
                multi = config.problem_type == "multi_label_classification"
                logits = logits.sigmoid() if multi else logits.softmax(-1)
        return np.asarray(logits[:, self._target(config)].cpu().numpy())

    def _target(self, config: Any) -> int:
        names: dict[str, int] = {str(name): int(number) for name, number in config.label2id.items()}
        if self.target is None and config.num_labels <= 2:
            return int(config.num_labels) - 1
        if isinstance(self.target, int) and 0 <= self.target < config.num_labels:
            return self.target
        if isinstance(self.target, str) and self.target in names:
            return names[self.target]
        raise ResourceError(
            f"model {self.model}",
            f"target `{self.target}`",
            f"one of {', '.join(sorted(names))[:200]}",
            "name the class",
        )


class _Loaded(NamedTuple):
    tokenizer: Any
    network: Any


@lru_cache(maxsize=2)
def _load(model: str, revision: str | None, device: str) -> _Loaded:
    try:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
    except ImportError as error:
        raise ResourceError(
            "operator `transformer_classifier`",
            f"no {error.name}",
            "torch and transformers",
            "install gristmill[train]",
        ) from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"revision": revision, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(model, **options)
        network = AutoModelForSequenceClassification.from_pretrained(model, use_safetensors=True, **options)
    except (OSError, ValueError) as error:
        raise ResourceError(
            f"model {model}",
            f"{type(error).__name__} while loading it",
            "a folder or hub name of a sequence classifier with a tokenizer and safetensors weights",
            "check the name, or fetch the model to a folder first",
        ) from error
    return _Loaded(tokenizer, network.eval().to(device))

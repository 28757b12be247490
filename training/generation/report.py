"""Samples with their origins, as records and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curation.errors import IntegrityError
from training.data.tokens import TokenSplit, open_split
from training.generation.generate import Sample, Writer
from training.generation.origins import Origins, find_origins
from training.model.vocabulary import vocabulary_digest

__all__ = ["lines", "records", "training_splits"]


def training_splits(model: str, data: Sequence[Path] | None) -> list[TokenSplit]:
    """Token shards to look into: those named, or those that the run of a model was trained on."""
    if data is not None:
        return [open_split(path, "train") for path in data]
    recipe = Path(model) / "recipe.resolved.yaml"
    if not recipe.is_file():
        return []
    from ruamel.yaml import YAML

    sources = YAML(typ="safe", pure=True).load(recipe.read_text("utf-8")).get("data") or []
    return [open_split(Path(source["path"]), source["split"]) for source in sources]


def records(
    writer: Writer, samples: Sequence[Sample], splits: Sequence[TokenSplit], min_span: int
) -> list[dict[str, Any]]:
    """One JSON object a sample."""
    for split in splits:
        _check_vocabulary(writer, split)
    texts = [sample.tokens for sample in samples]
    found: Sequence[Origins | None] = [None] * len(samples)
    if splits:
        found = find_origins(texts, splits, min_span=min_span)
    return [_record(writer, sample, origins) for sample, origins in zip(samples, found, strict=True)]


def lines(record: dict[str, Any]) -> Iterator[str]:
    yield f"--- prompt {record['prompt']!r}, sample {record['number'] + 1}, seed {record['seed']}"
    yield record["text"]
    if "nearest" not in record:
        return
    for span in record["spans"]:
        yield f"  word for word, {span['length']} tokens, {span['split']} document {span['document']}: {span['text']!r}"
    for near in record["nearest"]:
        yield f"  nearest, {near['shared']:.0%} of 5-grams, {near['split']} document {near['document']}"
    yield f"  {record['copied']:.0%} of the new tokens stand word for word in the training data"


def _record(writer: Writer, sample: Sample, origins: Origins | None) -> dict[str, Any]:
    shown: dict[str, Any] = {key: value for key, value in asdict(sample).items() if key != "tokens"}
    shown["new_tokens"] = len(sample.tokens)
    if origins is None:
        return shown
    spans = [
        {**asdict(span), "text": writer.tokenizer.decode(sample.tokens[span.start : span.start + span.length])}
        for span in origins.spans
    ]
    nearest = [asdict(near) for near in origins.nearest]
    return {**shown, "copied": origins.copied, "spans": spans, "nearest": nearest}


def _check_vocabulary(writer: Writer, split: TokenSplit) -> None:
    if vocabulary_digest(writer.tokenizer) != vocabulary_digest(split.tokenizer_folder):
        expected = "the vocabulary that the shards were made with"
        do = "name other shards with --data, or leave origins out with --no-origins"
        raise IntegrityError(str(split.root), "another vocabulary than the model's", expected, do)

"""Models trained offline from the user's own documents: a quality classifier and an n-gram language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from curation.collect.csv_files import Csv
from curation.collect.inputs import COMPRESSED, find
from curation.collect.jsonl import JsonLines
from curation.collect.source import FileSource, Sink
from curation.collect.tables import Arrow, Parquet
from curation.collect.text import TextFiles
from curation.errors import ResourceError
from curation.files import checksum
from curation.schema import TEXT

__all__ = ["read_texts", "train_classifier", "train_language_model"]

_SOURCES: tuple[type[FileSource], ...] = (JsonLines, Parquet, Arrow, Csv, TextFiles)


def read_texts(path: str, field: str, most: int | None = None) -> pa.Array:
    """Texts of all documents behind a path, whatever format its files have; at most `most`, the first ones."""
    texts: list[pa.Array] = []
    for model in _SOURCES:
        files = _of_format(model, path)
        if not files:
            continue
        text = {} if model is TextFiles else {"text": field}
        source = model(name="texts", path=files, **text)  # type: ignore[arg-type]
        units = source.pieces()
        sink = Sink("texts", lambda batch: texts.append(batch.column("text")), lambda rejected: None, 64 << 20)
        for unit in units:
            for piece in unit:
                source.read(piece, sink)
        sink.flush()
    if not texts:
        raise ResourceError(path, "no documents", "JSON Lines, Parquet, Arrow, CSV or text files", "mend the path")
    return pa.chunked_array(texts, TEXT).combine_chunks().slice(0, most)


def _of_format(model: type[FileSource], path: str) -> tuple[str, ...]:
    """Files behind a path whose names end as those of a format do; a path to one file is of its own format alone."""
    try:
        files = find((path,), model.suffixes, path)
    except ResourceError as error:
        if "no file" in error.found:
            return ()
        raise
    endings = tuple(suffix + packed for suffix in model.suffixes for packed in ("", *COMPRESSED))
    return tuple(file.path for file in files if file.path.endswith(endings))


def train_classifier(
    positive: str, negative: str, to: Path, field: str, bits: int, epochs: int, seed: int
) -> list[str]:
    """Train, save, and say what was made: lines for the user."""
    from curation.measure.linear_training import train_linear

    wanted, others = read_texts(positive, field), read_texts(negative, field)
    held = _held_out(wanted), _held_out(others)
    model = train_linear(_rest(wanted), _rest(others), bits=bits, epochs=epochs, seed=seed)
    model.save(str(to))
    right = int((model.scores(held[0]) > 0.5).sum()) + int((model.scores(held[1]) <= 0.5).sum())
    tried = len(held[0]) + len(held[1])
    return [
        f"trained on {len(wanted) + len(others) - tried:,} documents; log loss by epoch {model.about['log_loss']}",
        f"right on {right:,} of {tried:,} documents held out (every tenth)",
        f"wrote {to}, sha256 {checksum(to)}",
        f"in a recipe: - linear_classifier: {{model: {to}}}",
    ]


def train_language_model(text: str, to: Path, field: str, order: int, sample: str | None) -> list[str]:
    """Train, save, and say what was made; with `sample`, CCNet's cut-offs for head, middle and tail."""
    from curation.measure.ngram_model import cutoffs
    from curation.measure.ngram_training import train_ngram_model

    model = train_ngram_model(read_texts(text, field), order=order)
    model.save(str(to))
    lines = [f"trained on {int(model.about['tokens']):,} tokens", f"wrote {to}, sha256 {checksum(to)}"]
    if sample is not None:
        head, middle = cutoffs(model, read_texts(sample, field))
        lines.append(f"head is up to perplexity {head:.1f}, middle up to {middle:.1f} (30th and 60th percentile)")
    return [*lines, f"in a recipe: - ngram_perplexity: {{model: {to}}}"]


def _held_out(texts: pa.Array) -> pa.Array:
    """Every tenth document."""
    return texts.take(pa.array(range(9, len(texts), 10), pa.int64()))


def _rest(texts: pa.Array) -> pa.Array:
    return texts.take(pa.array(_not_held_out(len(texts)), pa.int64()))


def _not_held_out(count: int) -> Sequence[int]:
    return [number for number in range(count) if number % 10 != 9]

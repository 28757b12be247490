"""Tokenizers fitted on a weighted sample of a dataset, and how well they fit its sources and languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import RecipeError, ResourceError, nearest
from curation.manifest import MANIFEST, Manifest
from curation.schema import id_words
from curation.shards import read_shard
from curation.tokens.encoder import Encoder
from curation.tokens.library import read_tokenizer
from pipelines.tokenizers import END_OF_TEXT

__all__ = ["Kind", "Rate", "fit_tokenizer", "measure_rates", "train_tokenizer"]

Kind = Literal["bpe", "unigram", "bytes"]
Rate = tuple[str, int, int]  # name, bytes, tokens


def train_tokenizer(
    dataset: Path,
    to: Path,
    vocabulary: int,
    most_bytes: int,
    kind: Kind = "bpe",
    weights: Mapping[str, float] | None = None,
) -> int:
    """Fit on about `most_bytes` of the first split, spread over all of it; returns the vocabulary's size.

    `weights` are shares of the sample by source, as sources have bytes where it is None; documents are never repeated,
    so a small source may give less.
    """
    shares = _shares(_bytes_by_source(dataset), most_bytes, weights)
    return fit_tokenizer((batch.column("text").to_pylist() for batch in _sample(dataset, shares)), to, vocabulary, kind)


def fit_tokenizer(texts: Iterable[list[str]], to: Path, vocabulary: int, kind: Kind = "bpe") -> int:
    """Fit on texts and save as transformers loads it. All kinds work on bytes, so no text is unknown to them: `bpe`
    merges them, `unigram` chooses pieces, `bytes` leaves them as they are.
    """
    try:
        from tokenizers import Tokenizer, decoders, pre_tokenizers
        from transformers import PreTrainedTokenizerFast
    except ImportError as error:
        do = 'pip install "gristmill[train]"'
        raise ResourceError("tokenizer", f"no package `{error.name}`", "the extra `train`", do) from error
    model, trainer = _parts(kind, vocabulary, sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END_OF_TEXT, clean_up_tokenization_spaces=False
    )
    fast.save_pretrained(str(to))
    return int(tokenizer.get_vocab_size())


def _parts(kind: Kind, vocabulary: int, alphabet: list[str]) -> tuple[Any, Any]:
    from tokenizers import models, trainers

    common = {"special_tokens": [END_OF_TEXT], "initial_alphabet": alphabet, "show_progress": False}
    if kind == "unigram":
        return models.Unigram(), trainers.UnigramTrainer(vocab_size=vocabulary, **common)
    size = len(alphabet) + 1 if kind == "bytes" else vocabulary
    return models.BPE(), trainers.BpeTrainer(vocab_size=size, **common)


def _batches(dataset: Path) -> Iterator[pa.RecordBatch]:
    """Batches of the first split."""
    files = Manifest.read(dataset / MANIFEST).shards("data-")
    for file in files:
        if file.path.split("/")[0] == files[0].path.split("/")[0]:
            yield from read_shard(dataset, file)


def _bytes_by_source(dataset: Path) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for batch in _batches(dataset):
        table = pa.table({"source": batch.column("source"), "bytes": pc.binary_length(batch.column("text"))})
        for row in table.group_by("source").aggregate([("bytes", "sum")]).to_pylist():
            sizes[row["source"]] += row["bytes_sum"] or 0
    return sizes


def _shares(sizes: Counter[str], most_bytes: int, weights: Mapping[str, float] | None) -> dict[str, float]:
    """How much of each source to take, between 0 and 1."""
    for name in weights or ():
        if name not in sizes:
            raise RecipeError("--weight", f"source `{name}`", "a source of the dataset", nearest(name, sizes))
    chosen = {name: float(size) for name, size in sizes.items()} if weights is None else dict(weights)
    total = sum(chosen.values()) or 1.0
    return {name: min(1.0, most_bytes * weight / total / max(1, sizes[name])) for name, weight in chosen.items()}


def _sample(dataset: Path, shares: Mapping[str, float]) -> Iterator[pa.RecordBatch]:
    """Documents whose id falls below their source's share: the same ones each time, spread over the whole dataset."""
    for batch in _batches(dataset):
        position = (id_words(batch.column("id"))[:, 1] >> np.uint64(11)).astype(np.float64) / float(1 << 53)
        share = np.array([shares.get(name, 0.0) for name in batch.column("source").to_pylist()])
        yield batch.filter(pa.array(position < share))


def measure_rates(dataset: Path, tokenizer: Path, most_bytes: int) -> dict[str, list[Rate]]:
    """Bytes and tokens of a sample by source, and by language where the dataset lies in its run; most bytes first."""
    encoder = Encoder(read_tokenizer(tokenizer / "tokenizer.json"))
    sizes, languages = _bytes_by_source(dataset), _languages(dataset.parent)
    found: dict[str, dict[str, tuple[int, int]]] = {"source": {}, "language": {}}
    for batch in _sample(dataset, _shares(sizes, most_bytes, None)):
        encoded = encoder.encode(batch.column("text"))
        lengths, tokens = pc.binary_length(batch.column("text")).to_pylist(), np.diff(encoded.offsets).tolist()
        labels = {"source": batch.column("source").to_pylist()}
        labels["language"] = list(map(languages.get, batch.column("id").to_pylist()))
        for what, names in labels.items():
            for name, size, count in zip(names, lengths, tokens, strict=True):
                if name is not None:
                    before = found[what].get(name, (0, 0))
                    found[what][name] = (before[0] + (size or 0), before[1] + count)
    rates = {what: [(name, *sums) for name, sums in rows.items()] for what, rows in found.items()}
    return {what: sorted(rows, key=lambda rate: (-rate[1], rate[0])) for what, rows in rates.items()}


def _languages(run: Path) -> dict[str, str]:
    """Language of every kept document of a run, by id; empty without a ledger that has one."""
    if not (run / "ledger" / MANIFEST).is_file():
        return {}
    found: dict[str, str] = {}
    for file in Manifest.read(run / "ledger" / MANIFEST).files:
        for batch in read_shard(run, file):
            if "language.label" in batch.schema.names:
                kept = batch.filter(pc.equal(batch.column("state"), "kept"))
                found.update(zip(kept.column("id").to_pylist(), kept.column("language.label").to_pylist(), strict=True))
    return found

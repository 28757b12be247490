"""Tokenising and packing beside the tokenizers library: `python -m benchmarks.tokenise --corpus FOLDER`.

Text in, one array of tokens with an end token after each document out, on one core. The tokenizers are fitted on a
tenth of the text: byte-level BPE cut as GPT-2 does, and cut as GPT-4 and Llama 3 do. Ids of all contestants must be
equal on the whole text. Contestants:

    gristmill           the encoder that the tokens stage uses, its cache empty at the start
    encode_batch_fast   the library's own batch call, one array a document, joined
    plain loop          the library's call for one document and bytes written, as Megatron's and datatrove's tools do it
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measure import machine
from curation.schema import TEXT
from curation.tokens.encoder import Encoder

GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BATCH, END = 1000, 0

Texts = list[pa.Array]
Tokens = Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="a folder of *.jsonl or *.jsonl.gz with `text`")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--vocabulary", type=int, default=32000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/tokenise.json"))
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    texts = texts_of(options.corpus, options.megabytes)
    rows = []
    for family in ("gpt2", "gpt4"):
        tokenizer = fit(family, texts, options.vocabulary)
        for name, contestant in (("gristmill", _ours), ("encode_batch_fast", _batches), ("plain loop", _loop)):
            rows.append(_measured(family, name, contestant, tokenizer, texts, options.repeats))
            print(json.dumps(rows[-1]), flush=True)
    assert all(len({row["sha256"] for row in rows if row["family"] == family}) == 1 for family in ("gpt2", "gpt4"))
    versions = {name: version(name) for name in ("gristmill", "tokenizers", "numba", "numpy", "pyarrow")}
    result = {"command": f"python -m benchmarks.tokenise {' '.join(sys.argv[1:])}", "machine": machine()}
    result |= {"python": platform.python_version(), "versions": versions, "rows": rows}
    options.output.write_text(json.dumps(result, indent=2) + "\n")


def texts_of(folder: Path, megabytes: float) -> Texts:
    taken: list[str] = []
    left = megabytes * 1e6
    for text in _all_texts(folder):
        if left <= 0:
            break
        taken.append(text)
        left -= len(text.encode())
    return [pa.array(taken[start : start + BATCH], TEXT) for start in range(0, len(taken), BATCH)]


def _all_texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.jsonl*")):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            for line in lines:
                text = json.loads(line).get("text")
                if text:
                    yield text


def fit(family: str, texts: Texts, vocabulary: int) -> str:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(GPT4), "isolated")
    tokenizer.pre_tokenizer = (
        pre_tokenizers.ByteLevel(add_prefix_space=False)
        if family == "gpt2"
        else pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=["<end>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator((text for batch in texts for text in batch.to_pylist()[::10]), trainer)
    return str(tokenizer.to_str())


def _measured(
    family: str, name: str, contestant: Callable[[Any, Texts], Tokens], description: str, texts: Texts, repeats: int
) -> dict[str, Any]:
    from tokenizers import Tokenizer

    seconds, size = [], sum(int(batch.nbytes) for batch in texts) / 1e6
    for repeat in range(repeats + 1):
        tokenizer = Tokenizer.from_str(description)
        tokenizer.encode_special_tokens = True
        given = texts[:1] if repeat == 0 else texts  # compiles, and loads tables
        began = time.process_time()
        tokens = contestant(tokenizer, given)
        seconds.append(time.process_time() - began)
    cpu = statistics.median(seconds[1:])
    digest = hashlib.sha256(np.ascontiguousarray(tokens)).hexdigest()
    return {
        "family": family,
        "name": name,
        "megabytes": round(size, 1),
        "tokens": len(tokens),
        "cpu_s": round(cpu, 2),
        "mb_per_cpu_s": round(size / cpu, 1),
        "sha256": digest,
    }


def _ours(tokenizer: Any, texts: Texts) -> Tokens:
    encoder = Encoder(tokenizer)
    return np.concatenate([encoder.encode(batch, END).tokens for batch in texts])


def _batches(tokenizer: Any, texts: Texts) -> Tokens:
    pieces = []
    for batch in texts:
        for encoding in tokenizer.encode_batch_fast(batch.to_pylist(), add_special_tokens=False):
            pieces.append(np.array([*encoding.ids, END], np.uint16))
    return np.concatenate(pieces)


def _loop(tokenizer: Any, texts: Texts) -> Tokens:
    written = bytearray()
    for batch in texts:
        for text in batch.to_pylist():
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            written += np.array([*ids, END], np.uint16).tobytes()
    return np.frombuffer(written, np.uint16)


if __name__ == "__main__":
    main()

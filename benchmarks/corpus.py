"""A seeded corpus of any size, made from real documentation text found in the Python environment.

Documents are new arrangements of real paragraphs, so that they are not copies of each other; on top come exact copies,
near copies (some words changed), and junk. The same environment, size and seed give the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from curation.collect.environment import Environment
from curation.collect.source import Sink

__all__ = ["make_corpus", "paragraphs"]

EXACT, NEAR, JUNK = 0.08, 0.08, 0.04


def paragraphs(max_bytes: int = 64 << 20) -> list[str]:
    """Paragraphs of at least 80 characters from the environment's documentation, each once, in a fixed order."""
    texts: list[str] = []
    source = Environment(name="docs", max_bytes=max_bytes)
    sink = Sink("docs", lambda batch: texts.extend(batch.column("text").to_pylist()), lambda rejected: None, 1 << 26)
    for unit in source.pieces():
        for piece in unit:
            source.read(piece, sink)
    sink.flush()
    found = {part.strip(): None for text in texts for part in text.split("\n\n") if len(part.strip()) >= 80}
    return sorted(found)


def make_corpus(folder: Path, megabytes: int, files: int, seed: int = 1) -> int:
    """Write `files` JSON Lines files of `megabytes` in all; returns the number of documents."""
    folder.mkdir(parents=True, exist_ok=True)
    stock = paragraphs()
    each = megabytes * 1_000_000 // files
    documents = 0
    for number in range(files):
        path = folder / f"part-{number:04d}.jsonl"
        written = 0
        with path.open("w", encoding="utf-8") as file:
            for text in _documents(stock, random.Random(f"{seed}/{number}")):
                record = {"text": text, "url": f"https://example.org/{number}/{documents}"}
                line = json.dumps(record, ensure_ascii=False)
                file.write(line + "\n")
                written += len(line.encode()) + 1
                documents += 1
                if written >= each:
                    break
    return documents


def _documents(stock: list[str], chance: random.Random) -> Iterator[str]:
    recent: list[str] = []
    while True:
        draw = chance.random()
        if recent and draw < EXACT:
            yield chance.choice(recent)
        elif recent and draw < EXACT + NEAR:
            yield _changed(chance.choice(recent), chance)
        elif draw < EXACT + NEAR + JUNK:
            yield "".join(chance.choices("abcdefghijklmnopqrstuvwxyz #{}|\n", k=chance.randint(10, 600)))
        else:
            recent.append("\n\n".join(chance.choices(stock, k=chance.randint(2, 12))))
            recent = recent[-200:]
            yield recent[-1]


def _changed(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    for _ in range(max(1, len(words) // 50)):
        words[chance.randrange(len(words))] = chance.choice(words)
    return " ".join(words)

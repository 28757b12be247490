"""Ten times the text, how many times longer? Every operator on texts made to hurt: `python -m benchmarks.linearity`.

Each operator (and each dialect of it) reads one document of 10^3, 10^4, 10^5 and 10^6 characters from each generator.
Times are CPU seconds, the least of several rounds over all sizes, so that a busy moment of the machine does not fall on
one size. Steps that end below `FLOOR` are not judged: there the clock, not the text, decides. A pair that takes `LIMIT`
times longer or more is measured once more; what then still does is listed, and the exit code is 1. The results keep the
worst step of each operator.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.contest import write_results
from curation.operator import Operator, run_operator
from curation.registry import load, names
from curation.schema import DOCUMENT
from pipelines.lean import slim_process
from tests.examples import EXAMPLES

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LIMIT, FLOOR = 15.0, 0.004
ROUNDS = 5
OF_MODELS = {"back_translate", "rephrase", "transformer_classifier"}  # what they cost is their model's, token by token
DIALECTS = {
    "gopher_quality": ("datatrove", "dolma", "dclm", "curator"),
    "gopher_repetition": ("datatrove", "dolma", "dclm"),
    "fineweb": ("2024-04", "2024-12"),
    "c4_lines": ("tfds", "paper"),
}


def _repeated(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def _random_words(size: int) -> str:
    chance = random.Random(1)
    return " ".join("".join(chance.choices("abcdefghij", k=4)) for _ in range(size // 5 + 1))[:size]


def _growing_lines(size: int) -> str:
    lines, length = [], 0
    while length < size:
        lines.append("x" * (len(lines) % 1000))
        length += len(lines[-1]) + 1
    return "\n".join(lines)[:size]


UNITS = {
    "one letter": "a",
    "line breaks": "\n",
    "open brackets": "<[{(",
    "unclosed tags": "<div><b ",
    "addresses": "a@a.a.http://",
    "digits and dashes": "4111-1111 ",
    "full stops": "A. b... ",
    "combining marks": "e\u0301\u0301\u0323",
    "Chinese": "\u6f22\u5b57\u3002",
    "broken encoding": "\u00c3\u00a9\u00e2\u20ac\u2122",
    "ampersands": "&amp;&#",
    "two lines over and over": "the same line of words\nanother line of words\n",
}


def _lines_twice(size: int) -> str:
    lines = (f"Line number {number} of a text that says everything twice, as some pages do." for number in range(size))
    return "".join(f"{line}\n{line}\n" for line in itertools.islice(lines, size // 120 + 1))[:size]


GENERATORS = {name: (lambda size, unit=unit: _repeated(unit, size)) for name, unit in UNITS.items()}
GENERATORS |= {"random words": _random_words, "lines of all lengths": _growing_lines, "every line twice": _lines_twice}


def operators(folder: Path) -> dict[str, Operator]:
    """Every operator that reads texts, by name and dialect; `folder` takes the files that some of them need."""
    found: dict[str, Operator] = {}
    for name in sorted(set(names("operator")) - OF_MODELS):
        kind = load("operator", name, "benchmark")
        if "text" not in kind.contract.reads:
            continue
        room = folder / name
        room.mkdir()
        parameters = EXAMPLES[name](room) if name in EXAMPLES else {}
        for dialect in DIALECTS.get(name, (None,)):
            found[f"{name} {dialect or ''}".strip()] = kind(**parameters, **({"dialect": dialect} if dialect else {}))
    return found


def _batch(text: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"id": "0" * 32, "source": "s", "key": "0", "text": text}], schema=DOCUMENT)


def seconds(operator: Operator, texts: list[str]) -> list[float]:
    """The least time for each text."""
    batches = [_batch(text) for text in texts]
    least = [float("inf")] * len(batches)
    for _ in range(ROUNDS):
        for size, batch in enumerate(batches):
            begin = time.process_time()
            run_operator(operator, batch)
            least[size] = min(least[size], time.process_time() - begin)
        if least[-1] > 1:
            break
    return least


def measured(operator: Operator, name: str, generator: str) -> dict[str, Any]:
    texts = [GENERATORS[generator](size) for size in SIZES]
    for _ in range(2):
        times = seconds(operator, texts)
        worst = max((after / before for before, after in itertools.pairwise(times) if after >= FLOOR), default=1.0)
        if worst < LIMIT:
            break
    return {
        "operator": name,
        "text": generator,
        "ms": [round(1000 * each, 3) for each in times],
        "worst_step": round(worst, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operator", action="append", help="only those that begin with this name")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/linearity.json"))
    options = parser.parse_args()
    pairs: list[dict[str, Any]] = []
    slim_process()  # as workers are
    with tempfile.TemporaryDirectory() as folder:
        for name, operator in operators(Path(folder)).items():
            if options.operator and not name.startswith(tuple(options.operator)):
                continue
            operator.open()
            run_operator(operator, _batch("warm up"))
            pairs += [measured(operator, name, generator) for generator in GENERATORS]
    slow = [pair for pair in pairs if pair["worst_step"] >= LIMIT]
    for pair in slow:
        print(json.dumps(pair))
    print(f"{len(pairs)} pairs, {len(slow)} with a step of {LIMIT:.0f} or more")
    if not options.operator:
        rows = [max(group, key=_step) for _, group in itertools.groupby(pairs, key=lambda pair: pair["operator"])]
        about = {"pairs": len(pairs), "limit": LIMIT, "load": round(os.getloadavg()[0], 1)}
        write_results(options.output, "benchmarks.linearity", {}, **about, slow=slow, worst_of_each_operator=rows)
    sys.exit(bool(slow))


def _step(pair: dict[str, Any]) -> float:
    return float(pair["worst_step"])


if __name__ == "__main__":
    main()

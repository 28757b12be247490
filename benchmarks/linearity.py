"""Ten times the text, how many times longer? Every operator on texts made to hurt: `python -m benchmarks.linearity`.

Each operator (and each dialect of it) reads one document of 10^3, 10^4, 10^5 and 10^6 characters from each generator.
Times are CPU seconds, the least of several runs. Steps that end below `FLOOR` are not judged: there the clock, not the
text, decides. What takes `LIMIT` times longer or more is listed, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from pathlib import Path

import pyarrow as pa

from benchmarks.contest import write_results
from curation.operator import Operator, run_operator
from curation.registry import load, names
from curation.schema import TEXT

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LIMIT, FLOOR = 15.0, 0.004
RUNS = 3
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


def operators() -> dict[str, Operator]:
    """Every operator that reads nothing but texts, by name and dialect."""
    found: dict[str, Operator] = {}
    for name in sorted(names("operator")):
        kind = load("operator", name, "benchmark")
        fields = kind.model_fields.values()
        if kind.contract.reads != ("text",) or any(field.is_required() for field in fields):
            continue
        for dialect in DIALECTS.get(name, (None,)):
            found[f"{name} {dialect or ''}".strip()] = kind(dialect=dialect) if dialect else kind()
    return found


def seconds(operator: Operator, text: str) -> float:
    batch = pa.RecordBatch.from_pydict({"id": ["0" * 32], "text": pa.array([text], TEXT)})
    least = float("inf")
    for _ in range(RUNS):
        begin = time.process_time()
        run_operator(operator, batch)
        least = min(least, time.process_time() - begin)
        if least > 1:
            break
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operator", action="append", help="only those that begin with this name")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/linearity.json"))
    options = parser.parse_args()
    rows, slow = [], []
    for name, operator in operators().items():
        if options.operator and not name.startswith(tuple(options.operator)):
            continue
        operator.open()
        run_operator(operator, pa.RecordBatch.from_pydict({"id": ["0" * 32], "text": pa.array(["warm up"], TEXT)}))
        for generator, make in GENERATORS.items():
            times = [seconds(operator, make(size)) for size in SIZES]
            steps = [after / before for before, after in itertools.pairwise(times) if after >= FLOOR]
            worst = max(steps, default=1.0)
            rows.append(
                {
                    "operator": name,
                    "text": generator,
                    "ms": [round(1000 * each, 3) for each in times],
                    "worst_step": round(worst, 1),
                }
            )
            if worst >= LIMIT:
                slow.append(rows[-1])
                print(json.dumps(rows[-1]), flush=True)
    print(f"{len(rows)} pairs, {len(slow)} with a step of {LIMIT:.0f} or more")
    if not options.operator:
        write_results(options.output, "benchmarks.linearity", {}, rows=rows)
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()

"""Language engines side by side: speed, accuracy, agreement with langdetect: `python -m benchmarks.language FILE…`.

A file is JSON Lines with `text` and, where accuracy is wanted, `label` (or `lang`): a code as langdetect gives it; a
label without a region, `zh`, also accepts `zh-cn`. Fast engines read the whole input, slow ones and langdetect a
sample, evenly spread, on which accuracy and agreement are counted. langdetect draws n-grams at random, so it is asked
with several seeds: its answers are also compared with each other, and all engines with what most seeds say.
`same_bits` are texts of which an engine gives langdetect's label and probability, seed 0. Times are CPU seconds of this
process without loading and compiling, medians of three where the whole input is read.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from langdetect import detector_factory
from langdetect.lang_detect_exception import LangDetectException

from benchmarks.contest import write_results
from curation.measure.language import Language
from curation.operator import run_operator
from curation.schema import TEXT

FAST = ("profiles",)
ENGINES = ("profiles", "langdetect-exact", "py3langid")
ROWS = 1000

Texts = Sequence[str]
Answer = tuple[str | None, float]
Answers = list[Answer]


def read(path: Path, megabytes: float) -> tuple[list[str], list[str | None]]:
    texts: list[str] = []
    labels: list[str | None] = []
    left = megabytes * 1e6
    with path.open("rb") as file:
        for line in file:
            record = orjson.loads(line)
            text = record.get("text") or ""
            texts.append(text)
            labels.append(record.get("label") or record.get("lang"))
            left -= len(text.encode())
            if left < 0:
                break
    return texts, labels


def ours(engine: str) -> Callable[[Texts], Answers]:
    operator = Language(engine=engine)
    operator.open()

    def answer(texts: Texts) -> Answers:
        found: Answers = []
        for start in range(0, len(texts), ROWS):
            batch = pa.RecordBatch.from_pydict({"text": pa.array(texts[start : start + ROWS], TEXT)})
            after = run_operator(operator, batch)
            columns = (after.column(f"language.{name}").to_pylist() for name in ("label", "confidence"))
            found += zip(*columns, strict=True)
        return found

    return answer


def langdetect_itself(texts: Texts, seed: int) -> Answers:
    detector_factory.init_factory()
    found: Answers = []
    for text in texts:
        detector = detector_factory._factory.create()
        detector.seed = seed
        detector.append(text)
        try:
            best = detector.get_probabilities()[:1]
        except LangDetectException:
            best = []
        found.append((best[0].lang, best[0].prob) if best else (None, 0.0))
    return found


def timed(answer: Callable[[Texts], Answers], texts: Texts, repeats: int) -> tuple[float, Answers]:
    answer(texts[:5])
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        found = answer(texts)
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds), found


def most_say(runs: Sequence[Answers]) -> list[str | None]:
    """For each text the label that most seeds give; None where two have as many."""
    winners: list[str | None] = []
    for answers in zip(*runs, strict=True):
        (label, most), *others = Counter(label for label, _ in answers).most_common(2)
        winners.append(None if others and others[0][1] == most else label)
    return winners


def share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None


def is_right(found: str | None, label: str) -> bool:
    return found is not None and (found == label or found.split("-")[0] == label)


def measured(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    texts, labels = read(path, options.megabytes)
    step = max(1, len(texts) // options.sample)
    sample, true = texts[::step], labels[::step]
    seeds = [timed(lambda some, seed=seed: langdetect_itself(some, seed), sample, 1) for seed in range(options.seeds)]
    runs = [found for _, found in seeds]
    first, winners = runs[0], most_say(runs)
    others = [a[0] == b[0] for run in runs[1:] for a, b in zip(run, first, strict=True)]
    rows = [row("langdetect", statistics.median(s for s, _ in seeds), sample, first, first, winners, true)]
    rows[0]["agreement"] = share(others)  # of its other seeds with seed 0
    for engine in options.engine or ENGINES[:2]:
        every = 1 if engine in FAST else step
        seconds, found = timed(ours(engine), texts[::every], 3 if engine in FAST else 1)
        rows.append(row(engine, seconds, texts[::every], found[:: step // every], first, winners, true))
    about = {"documents": len(texts), "megabytes": round(sum(len(text.encode()) for text in texts) / 1e6, 1)}
    return {"input": path.stem, **about, "sample": len(sample), "seeds": options.seeds, "engines": rows}


def row(
    name: str,
    seconds: float,
    read_texts: Texts,
    found: Answers,
    first: Answers,
    winners: Sequence[str | None],
    true: Sequence[str | None],
) -> dict[str, Any]:
    return {
        "engine": name,
        "mb_per_cpu_s": round(sum(len(text.encode()) for text in read_texts) / 1e6 / seconds, 2),
        "accuracy": share([is_right(label, right) for (label, _), right in zip(found, true, strict=True) if right]),
        "agreement": share([a[0] == b[0] for a, b in zip(found, first, strict=True)]),
        "agreement_with_most_seeds": share([a[0] == w for a, w in zip(found, winners, strict=True) if w is not None]),
        "same_bits": share([a == b for a, b in zip(found, first, strict=True)]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, nargs="+")
    parser.add_argument("--sample", type=int, default=500, help="documents for the slow engines")
    parser.add_argument("--seeds", type=int, default=5, help="of langdetect")
    parser.add_argument("--megabytes", type=float, default=20, help="text for the fast engines")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: all but py3langid")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/language.json"))
    options = parser.parse_args()
    results = [measured(path, options) for path in options.input]
    for result in results:
        print(
            f"{result['input']}: {result['documents']} documents, {result['megabytes']} MB, sample {result['sample']}"
        )
        for each in result["engines"]:
            print("  " + ", ".join(f"{name} {value}" for name, value in each.items()))
    write_results(options.output, "benchmarks.language", {}, inputs=results)


if __name__ == "__main__":
    main()

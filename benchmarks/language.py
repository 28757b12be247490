"""Language engines side by side: speed, accuracy, and agreement with langdetect, on a file of your own.

    python benchmarks/language.py texts.jsonl [--sample 500] [--megabytes 20] [--engine profiles --engine py3langid]

The file is JSON Lines with `text` and, where accuracy is wanted, `label` (or `lang`): a code as langdetect gives it; a
label without a region, `zh`, also accepts `zh-cn`. Fast engines read the whole input, slow ones and plain langdetect a
sample, evenly spread, on which accuracy and agreement are counted. Times are CPU seconds of this process, medians of
three, without loading and compiling.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pyarrow as pa
from langdetect import detector_factory
from langdetect.lang_detect_exception import LangDetectException

from curation.measure.language import Language
from curation.operator import run_operator
from curation.schema import TEXT

FAST = ("profiles",)
ENGINES = ("profiles", "langdetect-exact", "py3langid")
ROWS = 1000

Texts = Sequence[str]
Labels = list[str | None]


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


def ours(engine: str) -> Callable[[Texts], Labels]:
    operator = Language(engine=engine)
    operator.open()

    def label(texts: Texts) -> Labels:
        found: Labels = []
        for start in range(0, len(texts), ROWS):
            batch = pa.RecordBatch.from_pydict({"text": pa.array(texts[start : start + ROWS], TEXT)})
            found += run_operator(operator, batch).column("language.label").to_pylist()
        return found

    return label


def langdetect_itself(texts: Texts) -> Labels:
    detector_factory.init_factory()
    found: Labels = []
    for text in texts:
        detector = detector_factory._factory.create()
        detector.seed = 0
        detector.append(text)
        try:
            found.append(detector.detect())
        except LangDetectException:
            found.append(None)
    return found


def timed(label: Callable[[Texts], Labels], texts: Texts) -> tuple[float, Labels]:
    label(texts[:5])
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        found = label(texts)
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds), found


def share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits):9.4f}" if hits else "        -"


def is_right(found: str | None, label: str) -> bool:
    return found is not None and (found == label or found.split("-")[0] == label)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path)
    parser.add_argument("--sample", type=int, default=500, help="documents for the slow engines")
    parser.add_argument("--megabytes", type=float, default=20, help="text for the fast engines")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: all but py3langid")
    options = parser.parse_args()

    texts, labels = read(options.input, options.megabytes)
    step = max(1, len(texts) // options.sample)
    print(f"{len(texts)} documents, {sum(len(text.encode()) for text in texts) / 1e6:.1f} MB; sample: every {step}th")
    print(f"{'engine':<18}{'documents':>10}{'MB/s':>9}{'docs/s':>10}{'accuracy':>10}{'agreement':>10}")
    runs: list[tuple[str, Callable[[Texts], Labels]]] = [("langdetect, seed 0", langdetect_itself)]
    runs += [(engine, ours(engine)) for engine in options.engine or ENGINES[:2]]
    reference: Labels = []
    for name, label in runs:
        every = 1 if name in FAST else step
        some = texts[::every]
        seconds, found = timed(label, some)
        reference = reference or found
        speed = sum(len(text.encode()) for text in some) / 1e6 / seconds
        sampled = found[:: step // every]
        right = [is_right(guess, true) for guess, true in zip(sampled, labels[::step], strict=True) if true]
        agree = [guess == other for guess, other in zip(sampled, reference, strict=True)]
        print(f"{name:<18}{len(some):>10}{speed:>9.2f}{len(some) / seconds:>10.0f} {share(right)} {share(agree)}")


if __name__ == "__main__":
    main()

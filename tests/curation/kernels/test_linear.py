"""Cost grows with the length of a text and no faster, on texts made to hurt.

Cost is counted, not timed: kernels run uncompiled, in a process of their own, on bytes that count how often they are
read. That the kernels run without the compiler at all is tested on the way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HOSTILE = [
    "a",
    "a ",
    "\n",
    " ",
    ".",
    ". ",
    "[",
    "[1",
    "a.\n",
    "\u6f22",
    "e\u0301",
    "\u0301",
    "the the ",
    "ab'",
    "Read more...\n",
    "items in cart",
    "use cookie ",
    "12 likes\n",
    "\u2028x",
]
PROGRAM = """
import json, sys
import numpy as np
from curation.kernels import bigscience, c4, lines, ngrams, pieces, refinedweb, sentences, text, word_counts
from curation.kernels.unicode_tables import character_classes, lower_case
from tests.reference import blocks

blocks.stand_in()


class Counted:
    def __init__(self, data):
        self.data, self.reads = data, 0

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        found = self.data[index]
        self.reads += found.size
        return found


classes, lower, keys = character_classes(), lower_case(), text.word_keys(("the",))
stop = word_counts.stop_words(("the",))
none, dot = np.zeros(0, np.int64), np.frombuffer(b".", np.uint8)
KERNELS = {
    "words": lambda d, o: word_counts.count_words(d, o, classes, *stop),
    "fields": lambda d, o: text.count_fields(d, o, classes, lower, keys, 3),
    "symbols": lambda d, o: text.count_symbols(d, o),
    "line_marks": lambda d, o: lines.count_line_marks(d, o, classes, True, True, np.array([45]), 7),
    "line_ends": lambda d, o: lines.count_line_ends(d, o, classes, none, True, 30),
    "sentences": lambda d, o: sentences.count_sentences(d, o, classes),
    "pieces": lambda d, o: pieces.count_duplicates(d, o, classes, 2, True, True, pieces.STRIPPED),
    "walked": lambda d, o: ngrams.repeated_ngrams(d, o, classes, ngrams.WORDS, ngrams.WALKED, False, 1, *stop),
    "covered": lambda d, o: ngrams.repeated_ngrams(d, o, classes, ngrams.FIELDS, ngrams.COVERED, True, 0, *stop),
    "c4": lambda d, o: c4.keep_lines(d, o, classes, 9, dot, True, 1),
    "refinedweb": lambda d, o: refinedweb.correct_lines(d, o, classes, lower, 0.5, 0.9, 1),
    "characters": lambda d, o: bigscience.count_repeated_characters(d, o, classes, 10),
    "repeated_words": lambda d, o: bigscience.count_repeated_words(d, o, classes, lower, 5, keys),
}


def reads(name, unit, size):
    data = np.frombuffer((unit * size).encode()[:size], np.uint8)
    counted = Counted(data)
    KERNELS[name](counted, np.array([0, len(data)]))
    return counted.reads


with np.errstate(over="ignore"):
    units = json.loads(sys.stdin.read())
    print(json.dumps({f"{n} {u!r}": [reads(n, u, 200), reads(n, u, 2000)] for n in KERNELS for u in units}))
"""


@pytest.fixture(scope="module")
def reads() -> dict[str, tuple[int, int]]:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return dict(json.loads(found.stdout))


def test_ten_times_the_text_is_read_less_than_fifteen_times_as_often(reads: dict[str, tuple[int, int]]) -> None:
    slow = {name: pair for name, pair in reads.items() if pair[1] > 15 * pair[0]}
    assert not slow


def test_every_kernel_reads_every_text(reads: dict[str, tuple[int, int]]) -> None:
    assert all(pair[1] >= 1000 for pair in reads.values())

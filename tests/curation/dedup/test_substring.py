"""Repeated passages: exactly the runs that brute force finds; one copy stays, and no word is cut."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curation.dedup.lines import lost
from curation.dedup.substring import RepeatedPassages
from curation.kernels.runs import occurs_again
from curation.schema import TEXT, document_id
from tests.reference.hashing import hash64
from tests.reference.passages import lost_runs
from tests.reference.planted import prose
from tests.reference.ugly import UGLY

METHOD = RepeatedPassages(min_tokens=8)


def corpus(*texts: str | None) -> pa.RecordBatch:
    ids = sorted(document_id("s", str(k)) for k in range(len(texts)))
    return pa.RecordBatch.from_arrays([pa.array(ids), pa.array(texts, TEXT)], ["id", "text"])


def sentences(seed: int, count: int) -> list[str]:
    source = random.Random(seed)
    return [" ".join(prose(source, source.randint(5, 15))).capitalize() + "." for _ in range(count)]


@given(st.lists(st.lists(st.sampled_from(["ab", "c", "\u00e9\u00df", "d"]), max_size=40), max_size=4))
def test_equals_brute_force(texts: list[list[str]]) -> None:
    batch = corpus(*map(" ".join, texts))
    owners = [hash64(name.encode()) for name in batch.column("id").to_pylist()]
    row, start = METHOD.repeats(batch)
    folded = [[word.replace("\u00e9\u00df", "ess") for word in text] for text in texts]
    assert set(zip(row.tolist(), start.tolist(), strict=True)) == lost_runs(folded, 8, owners)


def test_one_copy_of_a_passage_stays_and_the_rest_is_untouched() -> None:
    passage = " ".join(sentences(1, 8))
    pages = [" ".join([*sentences(10 + k, 5), passage, *sentences(100 + k, 5)]) for k in range(6)]
    batch = corpus(*pages)
    done = RepeatedPassages().rewrite(batch, *RepeatedPassages().repeats(batch))
    after = done.column("text").to_pylist()
    assert sum(passage in text for text in after) == 1
    without = [page.replace(passage + " ", "") for page in pages]
    assert all(text in (page, rest) for page, rest, text in zip(pages, without, after, strict=True))
    assert sum(done.column("removed_spans").to_pylist()) == 5 * 8


def test_no_sentence_goes_that_is_only_partly_repeated() -> None:
    words = prose(random.Random(2), 60)
    texts = [f"It is said that {' '.join(words)}. The end.", f"He wrote that {' '.join(words)}. Amen."]
    batch = corpus(*texts)
    row, start = METHOD.repeats(batch)
    assert len(row) > 0
    assert METHOD.rewrite(batch, row, start).column("text").to_pylist() == texts


def test_shorter_repeats_stay() -> None:
    passage = " ".join(prose(random.Random(3), 49)) + "."
    texts = [f"Here. {passage} Now.", f"There. {passage} Then."]
    assert len(RepeatedPassages().repeats(corpus(*texts))[0]) == 0
    assert len(RepeatedPassages(min_tokens=49).repeats(corpus(*texts))[0]) == 1


def test_steps_over_batches_equal_one_piece() -> None:
    shared = " ".join(sentences(4, 4))
    batch = corpus(*(" ".join([*sentences(k, 2), shared * (k % 2)]) for k in range(20, 40)))
    parts = [batch.slice(start, 3) for start in range(0, 20, 3)]
    noted = [METHOD.anchors(part) for part in parts]
    keys = np.concatenate([part.column("key").to_numpy() for part in noted])
    twice = np.split(occurs_again(keys), np.cumsum([part.num_rows for part in noted])[:-1])
    columns: list[list[np.ndarray]] = []
    for number, (part, found, again) in enumerate(zip(parts, noted, twice, strict=True)):
        places = [found.column(name).to_numpy()[again].astype(np.int64) for name in ("row", "place")]
        runs = [column.to_numpy() for column in METHOD.runs(part, *places).columns]
        columns.append([*runs[:3], runs[3].astype(np.int64) + 3 * number, runs[4]])
    high, low, owner, document, start = (np.concatenate(column) for column in zip(*columns, strict=True))
    gone = lost(high, low, owner, document, start)
    whole = np.stack(METHOD.repeats(batch), axis=1)
    assert sorted(zip(document[gone].tolist(), start[gone].tolist(), strict=True)) == sorted(map(tuple, whole.tolist()))


def test_a_text_that_repeats_itself_without_end_stays_linear() -> None:
    batch = corpus("buy it now. " * 20_000)
    row, start = METHOD.repeats(batch)
    assert METHOD.rewrite(batch, row, start).column("text").to_pylist()[0].count("buy") < 5


def test_ugly_and_empty_texts() -> None:
    batch = corpus(*UGLY, None)
    row, start = METHOD.repeats(batch)
    assert METHOD.rewrite(batch, row, start).num_rows == batch.num_rows
    assert METHOD.rewrite(corpus(), *METHOD.repeats(corpus())).num_rows == 0

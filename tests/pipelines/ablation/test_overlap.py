"""What stands in the arms is found in the held-out documents, and nothing else is."""

from __future__ import annotations

import pyarrow as pa

from pipelines.ablation.overlap import HeldOutIndex
from tests.pipelines.ablation.conftest import story


def held_out(texts: list[str]) -> pa.Table:
    return pa.table({"text": pa.array(texts, pa.large_string())})


def batch(texts: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def test_a_planted_leak_is_caught_whatever_its_case() -> None:
    index = HeldOutIndex(held_out([story(1), story(2)]))
    index.see([batch([story(3), f"Before it. {story(2).upper()} And after."])])
    assert index.overlap().tolist() == [0.0, 1.0]


def test_the_union_counts_not_one_arm() -> None:
    text = story(1, 60)
    words = text.split()
    index = HeldOutIndex(held_out([text]))
    index.see([batch([" ".join(words[:30])])])
    index.see([batch([" ".join(words[30:])])])
    assert index.overlap()[0] == (18 + 18) / 48


def test_ngrams_do_not_run_from_one_document_into_the_next() -> None:
    words = story(1, 20).split()
    index = HeldOutIndex(held_out([" ".join(words)]))
    index.see([batch([" ".join(words[:10]), " ".join(words[10:])])])
    assert index.overlap()[0] == 0


def test_near_copies_are_found_by_similarity() -> None:
    text = story(7, 200)
    changed = text.split()
    for place in range(5, 200, 40):
        changed[place] = "windmill"
    index = HeldOutIndex(held_out([story(8, 200), text]))
    index.see([batch([story(9, 200)]), batch([" ".join(changed)])])
    assert index.similarity[0] == 0
    assert index.similarity[1] > 0.7


def test_short_documents_have_no_overlap_by_ngrams() -> None:
    index = HeldOutIndex(held_out(["Too short.", story(1)]))
    index.see([batch(["Other text."])])
    assert index.overlap().tolist() == [0.0, 0.0]

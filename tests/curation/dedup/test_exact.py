"""Exact duplicates: what makes two documents equal, and what never does."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from curation.dedup.exact import Exact, normalize_urls
from curation.dedup.grouping import elect_equal
from curation.schema import DOCUMENT, document_id, id_words
from tests.reference.hashing import hash128
from tests.reference.ugly import texts


def documents(*rows: dict[str, object]) -> pa.RecordBatch:
    filled = [{"id": document_id("s", str(i)), "source": "s", "key": str(i), **row} for i, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(filled, schema=DOCUMENT)


def keys(grouping: Exact, batch: pa.RecordBatch) -> list[tuple[int, int]]:
    found = grouping.keys(batch)
    assert found.schema.names == ["key_hi", "key_lo", "row"]
    assert found.column("row").to_pylist() == list(range(batch.num_rows))
    return list(zip(found.column("key_hi").to_pylist(), found.column("key_lo").to_pylist(), strict=True))


@given(st.lists(texts | st.none(), max_size=6))
def test_text_keys_are_hashes_of_the_bytes(values: list[str | None]) -> None:
    batch = documents(*({"text": value} for value in values))
    assert keys(Exact(), batch) == [hash128((value or "").encode()) for value in values]


def test_normalized_ignores_case_and_punctuation() -> None:
    a, b, c = keys(Exact(on="normalized"), documents({"text": "Hello, World"}, {"text": "hello world!"}, {"text": "h"}))
    assert a == b != c


def test_normalized_compares_texts_without_words_as_they_are() -> None:
    a, b, c = keys(Exact(on="normalized"), documents({"text": "!!!"}, {"text": "???"}, {"text": "!!!"}))
    assert a == c != b


def test_urls_are_compared_as_c4_does() -> None:
    urls = ["http://www.a.org/x/", "https://a.org/x?utm_source=y", "a.org/x", "a.org/x?id=1", "a.org/X", None]
    normal = normalize_urls(pa.array(urls)).to_pylist()
    assert normal == ["a.org/x", "a.org/x", "a.org/x", "a.org/x?id=1", "a.org/X", None]


@pytest.mark.parametrize("grouping", [Exact(on="url"), Exact(on="field", field="doi")])
def test_documents_without_a_value_are_alone(grouping: Exact) -> None:
    rows = [{"url": url, "meta": meta} for url in (None, "") for meta in (None, "{}", '{"doi": null}')]
    assert len(set(keys(grouping, documents(*rows)))) == len(rows)


def test_a_value_never_meets_the_id_of_a_document_without_one() -> None:
    named = document_id("s", "1")
    a, b = keys(Exact(on="field", field="doi"), documents({"meta": f'{{"doi": "{named}"}}'}, {"meta": None}))
    assert a != b


def test_fields_are_compared_by_value() -> None:
    metas = ['{"doi": "10/1", "n": 1}', '{"n": 2, "doi": "10/1"}', '{"doi": "10/2"}', '{"doi": {"b": 1, "a": 2}}']
    a, b, c, _ = keys(Exact(on="field", field="doi"), documents(*({"meta": meta} for meta in metas)))
    assert a == b != c


def test_batching_does_not_change_keys() -> None:
    batch = documents(*({"text": text} for text in ["One", "", "two.", "!", "TWO", None]))
    grouping = Exact(on="normalized")
    alone = [keys(grouping, batch.slice(row, 1))[0] for row in range(batch.num_rows)]
    assert alone == keys(grouping, batch)


def test_empty_batch_has_no_keys() -> None:
    assert keys(Exact(on="url"), documents()) == []


def test_field_is_needed_exactly_when_compared() -> None:
    for wrong in ({"on": "field"}, {"on": "text", "field": "doi"}, {"keep": "earliest"}, {"keep": "preferred_source"}):
        with pytest.raises(ValidationError):
            Exact(**wrong)


def test_fingerprint_follows_parameters_and_survives_pickling() -> None:
    assert Exact().fingerprint() != Exact(on="url").fingerprint()
    assert pickle.loads(pickle.dumps(Exact(on="url"))).fingerprint() == Exact(on="url").fingerprint()


def test_highest_rank_survives_and_ties_go_to_the_smallest_id() -> None:
    ids = id_words(sorted(document_id("s", str(i)) for i in range(5)))
    key = np.array([7, 7, 9, 7, 9], np.uint64)
    election = elect_equal(key, key, ids, np.array([1, 3, 5, 3, 5], np.uint64))
    assert election.survivor.tolist() == [1, 1, 2, 1, 2]
    assert election.cluster.tolist() == [0, 0, 2, 0, 2]
    assert election.similarity.tolist() == [1.0] * 5


@given(st.permutations(range(6)))
def test_election_does_not_depend_on_order(order: list[int]) -> None:
    ids = id_words(document_id("s", str(i)) for i in range(6))
    key, rank = np.array([1, 1, 1, 2, 2, 3], np.uint64), np.array([5, 5, 4, 0, 0, 9], np.uint64)
    straight = elect_equal(key, key, ids, rank)
    places = np.array(order)
    shuffled = elect_equal(key[places], key[places], ids[places], rank[places])
    assert (places[shuffled.survivor] == straight.survivor[places]).all()
    assert (places[shuffled.cluster] == straight.cluster[places]).all()

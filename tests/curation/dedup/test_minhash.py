"""Near duplicates: planted ones are found, everyone removed is truly like its survivor, and order means nothing."""

from __future__ import annotations

import itertools
import pickle
import random

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from curation.dedup.grouping import Election, Grouping, elect_linked, unseen_pairs
from curation.dedup.minhash import MinHash
from curation.kernels.candidates import candidate_pairs
from curation.kernels.minhash import band_keys, signatures
from curation.schema import TEXT, document_id, id_words
from tests.reference.linking import jaccard
from tests.reference.planted import five_grams, planted, true_pairs
from tests.reference.ugly import UGLY


def batch(texts: list[str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(texts, TEXT)], ["text"])


def compared(grouping: MinHash, texts: list[str | None], ids: np.ndarray) -> tuple[Election, np.ndarray, np.ndarray]:
    """What a stage does, in one piece: keys, pairs, verification, election, a second look, a second election."""
    rows = batch(texts)
    keys, rank = grouping.keys(rows), grouping.rank(rows)
    row = keys.column("row").to_numpy().astype(np.int64)
    pairs = candidate_pairs(keys.column("key").to_numpy(), keys.column("order").to_numpy(), row, rank[row])
    sets = grouping.sets(rows)
    first = grouping.elect(ids, rank, *pairs, grouping.verify(*sets, *pairs))
    more = unseen_pairs(first, ids, rank, *pairs)
    left, right = (np.concatenate(both) for both in zip(pairs, more, strict=True))
    return grouping.elect(ids, rank, left, right, grouping.verify(*sets, left, right)), left, right


def ordered_ids(count: int) -> np.ndarray:
    return id_words(sorted(document_id("s", str(k)) for k in range(count)))


@pytest.mark.parametrize("seed", [1, 2])
def test_finds_planted_duplicates_and_removes_nothing_else(seed: int) -> None:
    texts = planted(seed)
    election, _, _ = compared(MinHash(), list(texts), ordered_ids(len(texts)))
    survives = election.survivor == np.arange(len(texts))
    alike = true_pairs(texts, 0.85)
    assert len(alike) > 300
    missed = [pair for pair in alike if survives[pair[0]] and survives[pair[1]]]
    assert len(missed) <= 0.01 * len(alike)
    for row in np.flatnonzero(~survives):
        true = jaccard(five_grams(texts[row]), five_grams(texts[election.survivor[row]]))
        assert true >= 0.8
        assert true == pytest.approx(election.similarity[row])


@pytest.mark.parametrize("shared", [50, 65, 80, 90])
def test_candidates_follow_the_curve(shared: int) -> None:
    count, source = 1000, np.random.default_rng(shared)
    similarity = shared / (200 - shared)
    pool = source.integers(0, 2**64 - 1, (count, 200 - shared), np.uint64)
    sides = [signatures(side.reshape(-1), np.arange(count + 1) * 100, 112) for side in (pool[:, :100], pool[:, -100:])]
    left, right = (band_keys(side, 16, 7) for side in sides)
    found = (left == right).any(axis=1).sum()
    chance = MinHash().probability(similarity)
    assert abs(found - count * chance) < 4 * np.sqrt(count * chance * (1 - chance)) + 1


def test_any_order_of_documents_gives_the_same_survivors() -> None:
    texts = planted(4)[:150]
    ids = ordered_ids(len(texts))
    rank = MinHash().rank(batch(list(texts)))
    straight, left, right = compared(MinHash(), list(texts), ids)
    similarity = MinHash().verify(*MinHash().sets(batch(list(texts))), left, right)
    edges = list(zip(left.tolist(), right.tolist(), similarity.tolist(), strict=True))
    random.Random(5).shuffle(edges)
    a, b, s = (np.array(column) for column in zip(*edges, strict=True))
    shuffled = MinHash().elect(ids, rank, b, a, s)
    assert (shuffled.survivor == straight.survivor).all()
    assert (shuffled.cluster == straight.cluster).all()


def test_a_friend_of_a_friend_is_no_duplicate() -> None:
    ids, rank = ordered_ids(3), np.array([5, 3, 4], np.uint64)
    chain = elect_linked(ids, rank, np.array([0, 1]), np.array([1, 2]), np.array([0.9, 0.85]))
    assert chain.survivor.tolist() == [0, 0, 2]
    assert chain.similarity.tolist() == [1.0, 0.9, 1.0]
    assert chain.cluster.tolist() == [0, 0, 0]


def test_pairs_below_the_threshold_link_nothing() -> None:
    ids, rank = ordered_ids(2), np.zeros(2, np.uint64)
    election = MinHash().elect(ids, rank, np.array([0]), np.array([1]), np.array([0.79]))
    assert election.survivor.tolist() == election.cluster.tolist() == [0, 1]


def test_survivors_that_never_met_get_a_second_look() -> None:
    ids, rank = ordered_ids(4), np.array([4, 3, 2, 1], np.uint64)
    left, right = np.array([0, 1]), np.array([2, 2])
    first = elect_linked(ids, rank, left, right, np.array([0.9, 0.9]))
    assert first.survivor.tolist() == [0, 1, 0, 3]
    again = unseen_pairs(first, ids, rank, left, right)
    assert [side.tolist() for side in again] == [[0], [1]]
    seen = unseen_pairs(first, ids, rank, np.append(left, 1), np.append(right, 0))
    assert [side.tolist() for side in seen] == [[], []]


def test_short_texts_are_duplicates_only_if_equal() -> None:
    texts = ["One two three", "one, two: three!", "one two four", "?", "!", None, ""]
    election, _, _ = compared(MinHash(), texts, ordered_ids(len(texts)))
    assert (election.survivor != np.arange(len(texts))).sum() == 1
    assert election.cluster.tolist() == [0, 0, 2, 3, 4, 5, 6]


def test_copies_of_one_page_stay_linear() -> None:
    texts = ["the same page over and over again for everybody to read"] * 20_000
    election, left, _ = compared(MinHash(bands=2, rows=2), list(texts), ordered_ids(len(texts)))
    assert len(left) < 8 * len(texts)
    assert (election.survivor == 0).all()


def test_templates_with_other_values_survive() -> None:
    source = random.Random(6)
    template = [f"w{k}" for k in range(200)]
    texts = [" ".join(template[:100] + [f"v{source.random()}" for _ in range(60)] + template[100:]) for _ in range(400)]
    election, left, _ = compared(MinHash(), list(texts), ordered_ids(len(texts)))
    assert (election.survivor == np.arange(len(texts))).all()
    assert len(left) < 30 * 16 * len(texts)


def test_batching_does_not_change_keys_or_sets() -> None:
    grouping, rows = MinHash(), batch([*UGLY, None])
    parts = [grouping.keys(rows.slice(k, 1)) for k in range(rows.num_rows)]
    whole = grouping.keys(rows)
    assert [key for part in parts for key in part.column("key").to_pylist()] == whole.column("key").to_pylist()
    assert [part.num_rows for part in parts] == [16 * (n > 0) for n in np.diff(grouping.sets(rows)[1])]
    assert [k for k, g in itertools.groupby(whole.column("row").to_pylist())] == [
        k for k, part in enumerate(parts) if part.num_rows
    ]


def test_empty_batch_has_no_keys() -> None:
    keys = MinHash().keys(batch([]))
    assert keys.schema.names == ["key", "order", "row"]
    assert keys.num_rows == 0


def test_curve_promises_what_the_threshold_says() -> None:
    curve = dict(MinHash().curve())
    assert (curve[0.0], curve[1.0]) == (0.0, 1.0)
    assert curve[0.85] > 0.99
    assert curve[0.8] == pytest.approx(0.977, abs=0.001)
    assert MinHash(bands=14, rows=8).probability(0.8) == pytest.approx(0.924, abs=0.001)


def test_rejects_bands_that_miss_the_threshold() -> None:
    with pytest.raises(ValidationError, match="40% of pairs"):
        MinHash(bands=9, rows=13)


@pytest.mark.parametrize("wrong", [{"ngram": 0}, {"threshold": 0.0}, {"threshold": 1.1}, {"band": 3}, {"bands": "16"}])
def test_rejects_wrong_parameters(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MinHash(**wrong)


def test_containment_finds_a_text_inside_another() -> None:
    words = planted(7)[0].split()
    texts: list[str | None] = [" ".join(words), " ".join(words[: int(len(words) * 0.9)])]
    grouping = MinHash(measure="containment", threshold=0.99)
    election, _, _ = compared(grouping, texts, ordered_ids(2))
    assert election.survivor.tolist() == [0, 0]


def test_pickles_with_the_same_fingerprint() -> None:
    grouping: Grouping = MinHash(ngram=3)
    assert pickle.loads(pickle.dumps(grouping)).fingerprint() == grouping.fingerprint() != MinHash().fingerprint()

from __future__ import annotations

import numpy as np
import pytest

from tests.training.token_shards import write_tokens
from training.data.tokens import TokenSplit, open_split
from training.generation import origins
from training.generation.origins import find_origins


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> TokenSplit:
    """Two shards of twenty random documents of a hundred tokens."""
    random = np.random.default_rng(0)
    documents = [(100, [*random.integers(1, 500, 99).tolist(), 0]) for _ in range(20)]
    root = tmp_path_factory.mktemp("tokens")
    return open_split(write_tokens(root, {"train": [documents[:9], documents[9:]]}, vocab_size=600), "train")


def document(split: TokenSplit, number: int) -> list[int]:
    return split.read(np.array([number * 100]), 100)[0].tolist()


def test_a_copied_span_is_found_in_full_with_its_place(split: TokenSplit) -> None:
    text = [501, 502, *document(split, 12)[20:50], 503]
    (found,) = find_origins([text], [split])
    (span,) = found.spans
    assert (span.start, span.length, span.at) == (2, 30, 20)
    assert span.document == split.document_at(1200)[0]
    assert found.copied == pytest.approx(30 / 33)


@pytest.mark.parametrize("chunk", [64, 101])
def test_chunks_do_not_cut_spans(split: TokenSplit, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(origins, "_CHUNK", chunk)
    (found,) = find_origins([document(split, 3)], [split])
    assert [(span.start, span.length) for span in found.spans] == [(0, 100)]


def test_a_span_ends_with_its_document(split: TokenSplit) -> None:
    text = [*document(split, 4)[90:], *document(split, 5)[:15]]
    (found,) = find_origins([text], [split])
    assert [(span.start, span.length) for span in found.spans] == [(0, 10), (10, 15)]


def test_documents_are_ranked_by_shared_ngrams(split: TokenSplit) -> None:
    text = [*document(split, 2)[:30], *document(split, 15)[:60]]
    (found,) = find_origins([text], [split], documents=2)
    assert [each.document for each in found.nearest] == [split.document_at(at)[0] for at in (1500, 200)]
    assert found.nearest[0].shared == pytest.approx(56 / 86)


def test_short_spans_are_not_called_copied(split: TokenSplit) -> None:
    (found,) = find_origins([document(split, 2)[:9]], [split], min_span=10)
    assert found.spans == ()
    assert found.nearest[0].shared == 1.0


def test_a_text_of_its_own_has_no_origin(split: TokenSplit) -> None:
    for text in ([], [1, 2], list(range(501, 600))):
        (found,) = find_origins([text], [split])
        assert (found.nearest, found.spans, found.copied) == ((), (), 0.0)


def test_equal_hashes_of_different_tokens_do_not_count(split: TokenSplit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "_hashes", lambda tokens, n: np.full(max(0, len(tokens) - n + 1), 7, np.uint64))
    (found,) = find_origins([list(range(501, 520))], [split])
    assert found.nearest == ()

"""Repeated lines, paragraphs and three-sentence spans: of every one a single copy stays."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from curation.dedup.lines import DuplicateLines, lost
from curation.schema import TEXT, document_id

SOURCE = random.Random(1)


def corpus(*texts: str | None) -> pa.RecordBatch:
    ids = sorted(document_id("s", str(k)) for k in range(len(texts)))
    return pa.RecordBatch.from_arrays([pa.array(ids), pa.array(texts, TEXT)], ["id", "text"])


def cleaned(method: DuplicateLines, batch: pa.RecordBatch) -> list[str]:
    """What a stage does, in one piece."""
    keys = {
        name: column.to_numpy()
        for name, column in zip(method.keys(batch).schema.names, method.keys(batch), strict=True)
    }
    gone = lost(keys["key_hi"], keys["key_lo"], keys["owner"], keys["row"].astype(np.int64), keys["first"])
    done = method.rewrite(batch, *(keys[name][gone].astype(np.int64) for name in ("row", "first", "last")))
    before = ["" if text is None else text for text in batch.column("text").to_pylist()]
    after: list[str] = done.column("text").to_pylist()
    removed = [len(a) - len(b) for a, b in zip(before, after, strict=True)]
    assert done.column("removed_characters").to_pylist() == removed
    return after


def test_one_copy_of_a_line_stays() -> None:
    pages = [f"Page {k} tells.\nAccept our cookies\nand so on {k}" for k in range(20)]
    after = cleaned(DuplicateLines(), corpus(*pages))
    assert sum("cookies" in text for text in after) == 1
    assert all(f"Page {k} tells.\n" in text and f"and so on {k}" in text for k, text in enumerate(after))


def test_copies_are_told_by_content_not_by_case_or_space() -> None:
    after = cleaned(DuplicateLines(), corpus("  Read MORE!\none", "read more\ntwo"))
    assert sorted(len(text.split("\n")) for text in after) == [1, 2]


def test_repeats_within_a_page_go() -> None:
    assert cleaned(DuplicateLines(), corpus("again\nand\nagain\n")) == ["again\nand"]


def test_lines_without_words_stay() -> None:
    text = "a\n\n---\n\nb"
    assert cleaned(DuplicateLines(), corpus(text, text.replace("a", "c").replace("b", "d")))[1] == "c\n\n---\n\nd"


def test_short_lines_may_be_spared() -> None:
    batch = corpus("return x\nhome is where the heart is", "return x\nhome is where the heart is")
    assert all("return x" in text for text in cleaned(DuplicateLines(min_characters=10), batch))


def test_paragraphs_go_as_a_whole() -> None:
    shared = "one line\nanother line\n\n"
    after = cleaned(DuplicateLines(unit="paragraph"), corpus(shared + "one line", shared + "two"))
    assert sorted(after) in (
        ["one line", "one line\nanother line\n\ntwo"],
        ["one line\nanother line\n\none line", "two"],
    )


@pytest.mark.parametrize("pages", [2, 3, 9])
def test_a_shared_passage_stays_whole_in_one_page(pages: int) -> None:
    passage = " ".join(f"Sentence {k} of the passage." for k in range(8))
    texts = [f"Start {k} here. {passage} End {k} there." for k in range(pages)]
    after = cleaned(DuplicateLines(unit="sentences"), corpus(*texts))
    assert sum(passage in text for text in after) == 1
    assert sum("of the passage" in text for text in after) == 1
    assert all(f"Start {k} here." in text and f"End {k} there." in text for k, text in enumerate(after))


def test_pages_that_are_copies_do_not_share_out_their_lines() -> None:
    page = "\n".join(f"Line {k} of the page." for k in range(9))
    assert sorted(cleaned(DuplicateLines(), corpus(page, page, page))) == ["", "", page]


def test_too_few_characters_or_sentences_are_too_short() -> None:
    method = DuplicateLines(min_left=5, min_left_sentences=2)
    assert method.too_short(pa.array(["Tiny", "Only one here.", "One here. Two here.", None], TEXT)).tolist() == [
        True,
        True,
        False,
        True,
    ]


def test_two_shared_sentences_are_no_passage() -> None:
    texts = ["One here. Shared a. Shared b. Two here.", "Three. Shared a. Shared b. Four."]
    assert cleaned(DuplicateLines(unit="sentences"), corpus(*texts)) == texts


@pytest.mark.parametrize("unit", ["line", "paragraph", "sentences"])
def test_batching_and_order_do_not_change_keys(unit: str) -> None:
    batch = corpus("A b. C d. E f.\n\nG h.", None, "", "A b. C d. E f. I j.")
    method = DuplicateLines(unit=unit)
    alone = [row for k in range(4) for row in method.keys(batch.slice(k, 1)).drop_columns(["row"]).to_pylist()]
    assert alone == method.keys(batch).drop_columns(["row"]).to_pylist()


def test_losing_does_not_depend_on_order() -> None:
    keys = np.array([SOURCE.randrange(5) for _ in range(60)], np.uint64)
    owner, document, first = keys * np.uint64(0), np.arange(60) % 7, np.arange(60)
    straight = lost(keys, keys, owner, document, first)
    order = np.array(SOURCE.sample(range(60), 60))
    assert (lost(keys[order], keys[order], owner[order], document[order], first[order]) == straight[order]).all()
    assert (~straight).sum() == 5


def test_nothing_in_nothing_out() -> None:
    method = DuplicateLines(unit="sentences")
    assert method.keys(corpus()).num_rows == 0
    assert cleaned(method, corpus(None, "")) == ["", ""]


def test_rejects_unknown_units() -> None:
    with pytest.raises(ValidationError):
        DuplicateLines(unit="word")

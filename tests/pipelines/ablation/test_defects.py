"""Doses have the share that was asked for, keep the amount of text, and never touch canaries."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from curation.schema import DOCUMENT, document_id
from pipelines.ablation.defects import CANARIES, DEFECTS, apply_dose, copied, text_bytes
from tests.pipelines.ablation.conftest import story
from training.ablation.study import Dose


def table(count: int, source: str = "web", first: int = 0) -> pa.Table:
    rows = [
        {"id": document_id(source, str(number)), "source": source, "key": str(number), "text": story(first + number)}
        for number in range(count)
    ]
    return pa.Table.from_pylist(rows, DOCUMENT)


LEAKED = table(20, "held_out", 5000)


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_doses_are_about_what_was_asked_for(defect: str, share: float) -> None:
    documents = table(200)
    dose = Dose(defect=defect, share=share, copies=4 if copied(defect) else None)
    dosed, real = apply_dose(documents, dose, LEAKED)
    assert real == pytest.approx(share, abs=0.05)
    changed = set(dosed.column("text").to_pylist()) - set(documents.column("text").to_pylist())
    assert bool(changed) == (defect != "exact_duplicates")
    assert len(set(dosed.column("id").to_pylist())) == dosed.num_rows


def test_copies_take_the_place_of_other_text() -> None:
    documents = table(200)
    dosed, _ = apply_dose(documents, Dose(defect="exact_duplicates", share=0.5, copies=10), LEAKED)
    assert text_bytes(dosed).sum() == pytest.approx(text_bytes(documents).sum(), rel=0.05)
    counts = Counter(dosed.column("text").to_pylist())
    assert sorted(set(counts.values())) == [1, 10]


def test_larger_doses_hold_smaller_ones() -> None:
    documents = table(200)
    small, large = (
        set(apply_dose(documents, Dose(defect="garbled", share=share), LEAKED)[0].column("text").to_pylist())
        for share in (0.1, 0.5)
    )
    clean = set(documents.column("text").to_pylist())
    assert small - clean < large - clean


def test_canaries_are_left_alone() -> None:
    planted = table(10, CANARIES, 9000)
    dosed, _ = apply_dose(pa.concat_tables([table(50), planted]), Dose(defect="noise", share=1.0), LEAKED)
    assert set(planted.column("text").to_pylist()) <= set(dosed.column("text").to_pylist())

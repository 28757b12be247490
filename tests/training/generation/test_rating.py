from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from curation.errors import IntegrityError
from training.generation.generate import Sample
from training.generation.rating import rate, sign_test, write_sheet


@pytest.fixture
def sheet(tmp_path: Path) -> tuple[Path, Path]:
    pairs = [(Sample(f"p{n}", 0, 0, f"good {n}", ()), Sample(f"p{n}", 0, 0, f"bad {n}", ())) for n in range(30)]
    write_sheet(tmp_path / "sheet.csv", tmp_path / "key.json", ("model one", "model two"), pairs, seed=1)
    return tmp_path / "sheet.csv", tmp_path / "key.json"


def fill(path: Path, answer) -> None:
    rows = list(csv.DictReader(path.open(newline="")))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "better": answer(row)} for row in rows)


def test_the_sheet_hides_who_wrote_what(sheet: tuple[Path, Path]) -> None:
    assert "model" not in sheet[0].read_text()
    sides = [side["a"] for side in json.loads(sheet[1].read_text()).values()]
    assert 5 < sides.count("model one") < 25


def test_counting_finds_the_preferred_model(sheet: tuple[Path, Path]) -> None:
    fill(sheet[0], lambda row: "same" if row["item"] == "1" else "a" if row["a"].startswith("good") else "b")
    found = rate(*sheet)
    assert (found.wins, found.ties) == ({"model one": 29, "model two": 0}, 1)
    assert found.p < 1e-6


def test_unanswered_items_are_left_out(sheet: tuple[Path, Path]) -> None:
    assert rate(*sheet).p == 1.0


def test_a_strange_answer_is_named(sheet: tuple[Path, Path]) -> None:
    fill(sheet[0], lambda row: "both")
    with pytest.raises(IntegrityError, match="item 1: found `both`"):
        rate(*sheet)


def test_the_sign_test_is_that_of_coins() -> None:
    assert sign_test(5, 5) == pytest.approx(0.0625)
    assert sign_test(3, 5) == 1.0


def test_a_text_is_no_formula(tmp_path: Path) -> None:
    pair = (Sample("=1+1", 0, 0, "=1+1", ()), Sample("=1+1", 0, 0, "x", ()))
    write_sheet(tmp_path / "sheet.csv", tmp_path / "key.json", ("a", "b"), [pair], seed=0)
    assert ",=1" not in (tmp_path / "sheet.csv").read_text()

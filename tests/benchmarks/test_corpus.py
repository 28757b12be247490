"""The made corpus: real prose that survives published rules, and the same bytes for the same seed."""

import sysconfig
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.corpus import documents
from benchmarks.stock import Stock, prose, read_stock
from benchmarks.subjects import RULES
from curation.operator import run_operator
from curation.recipe_file import parse_recipe
from curation.rules import failed_matrix
from curation.schema import TEXT

WRAPPED = """
    The stones of a mill are dressed by hand, so that the grooves
    carry the flour to the edge. A miller does it in a day.
"""


@pytest.fixture(scope="module")
def stock():
    """A small one, and a language that nobody speaks."""
    found = read_stock([Path(sysconfig.get_path("purelib")) / "numpy"])
    return Stock(found.prose, found.rough, {"xx": ["Kul mava tirre onda."]})


def test_wrapped_lines_of_prose_are_joined_and_cut_into_sentences():
    assert prose(WRAPPED) == [
        "The stones of a mill are dressed by hand, so that the grooves carry the flour to the edge.",
        "A miller does it in a day.",
    ]


@pytest.mark.parametrize("block", [">>> a = 1\nThe rest of it is in the manual of the mill and its stones.", "x = {1}"])
def test_code_is_no_prose(block):
    assert prose(block) == []


def test_the_same_seed_draws_the_same_documents_of_every_kind(stock):
    first = list(islice(documents(stock, 1), 300))
    assert first == list(islice(documents(stock, 1), 300))
    assert first != list(islice(documents(stock, 2), 300))
    assert {document.kind for document in first} == {"prose", "rough", "foreign", "exact", "near", "junk"}
    assert {document.lang for document in first} == {"en", "xx", None}


def test_a_fair_share_survives_the_rules_of_gopher_c4_and_fineweb(stock):
    drawn = list(islice(documents(stock, 1), 400))
    recipe = parse_recipe(RULES.replace("FOLDER", "x"))
    batch = pa.RecordBatch.from_pydict(
        {"id": [f"{n:032}" for n in range(400)], "text": pa.array([d.text for d in drawn], TEXT)}
    )
    for step in recipe.clean:
        batch = run_operator(step.operator, batch)
    kept = ~failed_matrix(batch, recipe.rules).any(axis=0)
    prose_kept = [keep for keep, document in zip(kept, drawn, strict=True) if document.kind == "prose"]
    assert 0.5 < kept.mean() < 0.9
    assert sum(prose_kept) > 0.7 * len(prose_kept)

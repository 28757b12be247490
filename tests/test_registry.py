"""Promises that every operator makes, whoever wrote it."""

import os
import pickle

import numpy as np
import pyarrow as pa
import pytest

from curation.errors import ContractError, RecipeError
from curation.operator import run_operator, run_safely
from curation.registry import load, names, register
from curation.schema import DOCUMENT

# Parameters without which an operator cannot be made; filled by tests/examples of the operator's own room.
from tests.examples import EXAMPLES

UGLY = [
    None,
    "",
    " ",
    "word",
    "Plain text of a few words, twice. Plain text of a few words, twice.\n\nA second paragraph: it has an e-mail.",
    "\u0000\u0001\u200b\ufeff\u00ad",
    "😀" * 40,
    "مرحبا بالعالم " * 10,
    "e\u0301" * 50 + "\u0301" * 300,
    "日本語のテキスト。" * 20,
    "ภาษาไทยไม่มีช่องว่าง" * 10,
    "!!! ??? ... --- ###",
    "line\n" * 200,
    "<p>tags &amp; entities</p> https://example.org/?q=1",
    "\r\n\t\v\f\u2028\u2029",
]
LONG = "A sentence of some words that goes on and on. " * 21845


HOSTILE = {
    "empty": "",
    "one word": "word",
    "punctuation": "?!…-–.,;:" * 500,
    "emoji": "😀👩‍👩‍👧" * 500,
    "right to left": "‮שלום עולם، مرحبا " * 300,
    "combining marks": "e" + "́" * 100_000,
    "one line": "x" * 1_000_000,
}


def documents(texts):
    rows = [
        {
            "id": f"{number:032x}",
            "source": "s",
            "key": str(number),
            "url": f"https://example.org/{number}" if number % 2 else None,
            "text": text,
            "meta": None,
        }
        for number, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


@pytest.fixture(params=names("operator"))
def operator(request, tmp_path_factory):
    model = load("operator", request.param, "test")
    parameters = EXAMPLES.get(request.param, lambda folder: {})(tmp_path_factory.mktemp("resources"))
    if isinstance(parameters, str):
        pytest.skip(parameters)
    made = model(**parameters)
    made.open()
    return made


def answers(operator, batch):
    """What an operator gives for a batch, as plain rows."""
    after, failures = run_safely(operator, batch)
    assert failures == []
    return after.to_pylist()


def test_keeps_its_contract_on_ugly_text(operator):
    assert operator.contract.name == next(n for n in names("operator") if isinstance(operator, load("operator", n, "")))
    assert_defined(operator, [*UGLY, *HOSTILE.values()])


def assert_defined(operator, texts):
    """No row fails, and every number is one."""
    if operator.contract.kind == "expand":
        run_operator(operator, documents(texts))
        return
    after, failures = run_safely(operator, documents(texts))
    assert failures == []
    for name in operator.adds():
        if pa.types.is_floating(after.schema.field(name).type):
            assert np.isfinite(after.column(name).drop_null().to_numpy()).all(), name


def test_gives_the_same_answers_in_any_batches(operator):
    batch = documents(UGLY)
    whole = answers(operator, batch)
    singles = [row for number in range(len(UGLY)) for row in answers(operator, batch.slice(number, 1))]
    pairs = [row for start in range(0, len(UGLY), 4) for row in answers(operator, batch.slice(start, 4))]
    assert same(whole, singles)
    assert same(whole, pairs)


def same(left, right):
    """Equal rows, NaN equal to NaN."""
    return repr(left) == repr(right)


def test_survives_pickling(operator):
    copy = pickle.loads(pickle.dumps(operator))
    copy.open()
    batch = documents(UGLY)
    assert same(answers(copy, batch), answers(operator, batch))
    assert copy.fingerprint() == operator.fingerprint()


def test_handles_an_empty_batch(operator):
    assert run_operator(operator, documents([])).num_rows == 0


def test_handles_a_megabyte_of_text(operator):
    assert_defined(operator, [LONG, "short"])


@pytest.mark.slow
def test_scores_of_a_line_of_ten_megabytes_are_defined(operator):
    assert_defined(operator, ["word, " * 1_700_000])


def test_annotating_never_touches_text(operator):
    if operator.contract.kind == "annotate":
        batch = documents(UGLY)
        assert run_operator(operator, batch).column("text").equals(batch.column("text"))


def test_refuses_an_unknown_parameter(operator):
    with pytest.raises(ValueError, match="no_such_parameter"):
        type(operator)(**{**operator.model_dump(), "no_such_parameter": 1})


def test_is_frozen(operator):
    for field in type(operator).model_fields:
        with pytest.raises(ValueError, match="frozen"):
            setattr(operator, field, None)


def test_says_what_it_does(operator):
    assert len((type(operator).__doc__ or "").split()) >= 5


def test_two_classes_under_one_name_are_refused():
    register("operator", "language", "curation.measure.language:Language")
    with pytest.raises(ContractError, match="`language` twice"):
        register("operator", "language", "elsewhere:Language")


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(RecipeError, match="did you mean `language`"):
        load("operator", "langage", "recipe")


def test_every_registered_name_can_be_loaded():
    for room in ("source", "operator", "grouping"):
        assert all(load(room, name, os.curdir) for name in names(room))

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from curation.decisions import limits_of
from curation.rules import Rule, decide, failed_matrix, pack, unpack


def batch(**columns):
    return pa.RecordBatch.from_pydict({"id": pa.array(["a", "b", "c"]), **columns})


@pytest.mark.parametrize(
    ("limits", "failed"),
    [
        ({"min": 2}, [True, False, False]),
        ({"max": 2}, [False, False, True]),
        ({"above": 2}, [True, True, False]),
        ({"below": 2}, [False, True, True]),
        ({"min": 2, "max": 2}, [True, False, True]),
        ({"min": 0}, [False, False, False]),
    ],
)
def test_compares_numbers_with_inclusive_and_exclusive_limits(limits, failed):
    rule = Rule(reason="r", attribute="x", **limits)
    assert rule.fails(batch(x=pa.array([1, 2, 3]))).tolist() == failed


@pytest.mark.parametrize(("on_missing", "failed"), [("drop", [True, True, False]), ("keep", [False, False, False])])
def test_treats_null_and_nan_as_missing(on_missing, failed):
    rule = Rule(reason="r", attribute="x", min=0, on_missing=on_missing)
    assert rule.fails(batch(x=pa.array([None, float("nan"), 1.0]))).tolist() == failed


def test_compares_words():
    languages = batch(lang=pa.array(["en", "de", None]))
    assert Rule(reason="r", attribute="lang", allow=("en",)).fails(languages).tolist() == [False, True, True]
    assert Rule(reason="r", attribute="lang", deny=("en",), on_missing="keep").fails(languages).tolist() == [
        True,
        False,
        False,
    ]


def test_applies_only_where_other_attributes_say_so():
    rule = Rule(reason="r", attribute="x", min=5, when={"lang": ("de",)})
    assert rule.fails(batch(x=pa.array([1, 1, 9]), lang=pa.array(["en", "de", "de"]))).tolist() == [False, True, False]


def test_limits_by_a_word_replace_the_one_for_all_others():
    rule = Rule(reason="r", attribute="x", max=2, by="lang", limits={"cs": 5, "de": None})
    languages = pa.array(["cs", "de", "fr", None, "cs", "fr"])
    numbers = pa.array([5.0, 99.0, 3.0, 3.0, 6.0, 2.0])
    rows = pa.RecordBatch.from_pydict({"x": numbers, "lang": languages})
    assert rule.fails(rows).tolist() == [False, False, True, True, True, False]
    assert limits_of(rule, {"lang": "cs"}) == "max 5 (lang cs)"
    assert limits_of(rule, {"lang": "fr"}) == "max 2 (lang fr)"


@pytest.mark.parametrize(
    "wrong", [{"by": "lang"}, {"limits": {"cs": 1}}, {"min": 0, "by": "lang", "limits": {"cs": 1}}]
)
def test_limits_by_a_word_need_a_word_and_one_limit(wrong):
    with pytest.raises(ValidationError, match="`by`"):
        Rule(reason="r", attribute="x", max=2, **wrong)


@pytest.mark.parametrize("limits", [{}, {"min": 1, "allow": ("en",)}])
def test_refuses_no_limit_and_two_kinds_of_limit(limits):
    with pytest.raises(ValidationError, match="limits for numbers"):
        Rule(reason="r", attribute="x", **limits)


@pytest.mark.parametrize("rules", [0, 1, 7, 8, 9, 70])
def test_bit_sets_hold_any_number_of_rules(rules):
    failed = np.random.default_rng(1).random((rules, 5)) < 0.5
    packed = pack(failed)
    assert packed.type.byte_width == max(1, -(-rules // 8))
    assert np.array_equal(unpack(packed, rules), failed)
    assert np.array_equal(unpack(packed.slice(2, 2), rules), failed[:, 2:4])


def test_every_rule_is_evaluated_for_every_document():
    rules = [Rule(reason="low", attribute="x", min=2), Rule(reason="high", attribute="x", max=1)]
    decided = decide(batch(x=pa.array([1, 2, 3])), rules)
    assert unpack(decided.column("failed_rules"), 2).tolist() == failed_matrix(decided, rules).tolist()
    assert unpack(decided.column("failed_rules"), 2).tolist() == [[True, False, False], [False, True, True]]

"""Published limits are data: every one can be run, and decides at its limit as published."""

from __future__ import annotations

import pyarrow as pa
import pytest

from curation.dialects import RuleSet, rule_sets, rule_sets_named, rules_for
from curation.errors import RecipeError
from curation.registry import load


def fails(rule_set: str, dialect: str, attribute: str, value: float, **others: object) -> bool:
    rules = [rule for rule in rules_for(rule_set, dialect) if rule.attribute == attribute]
    columns = {attribute: [value], **{name: [other] for name, other in others.items()}}
    return any(bool(rule.fails(pa.RecordBatch.from_pydict(columns))[0]) for rule in rules)


@pytest.mark.parametrize("part", rule_sets(), ids=lambda part: f"{part.name}/{part.dialect}/{part.operator}")
def test_every_rule_set_names_an_operator_that_measures_what_its_rules_compare(part: RuleSet) -> None:
    operator = load("operator", part.operator, "test")(**part.parameters)
    assert {rule.attribute for rule in part.rules} <= set(operator.adds())
    assert part.rules
    assert part.source


def test_reasons_of_one_rule_set_differ() -> None:
    for part in rule_sets():
        reasons = [rule.reason for rule in rules_for(part.name, part.dialect)]
        assert len(reasons) == len(set(reasons))


@pytest.mark.parametrize(
    ("rule_set", "dialect", "attribute", "kept", "dropped"),
    [
        ("gopher_quality", "datatrove", "gopher_quality.words", 50, 49),
        ("gopher_quality", "dolma", "gopher_quality.word_length", 10.0, 10.01),
        ("gopher_quality", "dclm", "gopher_quality.alphabetic_word_ratio", 0.8, 0.79),
        ("gopher_repetition", "datatrove", "gopher_repetition.duplicate_5_gram_character_fraction", 0.15, 0.16),
        ("gopher_repetition", "dclm", "gopher_repetition.top_4_gram_character_fraction", 0.16, 0.17),
        ("c4", "tfds", "c4_lines.sentences", 3, 2),
        ("c4", "paper", "c4_lines.sentences", 5, 4),
        ("c4", "tfds", "c4_lines.characters", 189_999, 190_000),
        ("c4", "tfds", "c4_lines.lorem_ipsum", 0, 1),
        ("fineweb", "2024-04", "fineweb.end_mark_line_ratio", 0.13, 0.12),
        ("fineweb", "2024-12", "fineweb.end_mark_line_ratio", 0.12, 0.11),
        ("fineweb", "2024-04", "fineweb.duplicate_line_character_ratio", 0.009, 0.01),
        ("fineweb", "2024-12", "fineweb.duplicate_line_character_ratio", 0.01, 0.011),
        ("fineweb", "fineweb2", "fineweb.duplicate_line_character_ratio", 0.1, 0.11),
        ("fineweb", "2024-04", "fineweb.short_line_ratio", 0.66, 0.67),
        ("fineweb", "2024-12", "fineweb.newline_ratio", 0.3, 0.31),
        ("refinedweb", "dclm", "refinedweb_lines.removed_word_ratio", 0.05, 0.06),
        ("bigscience", "en", "bigscience.character_repetition_ratio", 0.106, 0.107),
        ("bigscience", "default", "bigscience.words", 10, 9),
    ],
)
def test_a_limit_decides_as_published(rule_set: str, dialect: str, attribute: str, kept: float, dropped: float) -> None:
    assert not fails(rule_set, dialect, attribute, kept)
    assert fails(rule_set, dialect, attribute, dropped)


def test_limits_of_a_language_apply_to_that_language() -> None:
    name = "gopher_repetition.top_2_gram_character_fraction"
    assert fails("gopher_repetition", "fineweb2", name, 0.21, **{"language.label": "cs"})
    assert not fails("gopher_repetition", "fineweb2", name, 0.21, **{"language.label": "en"})


def test_a_rule_set_of_several_operators_lists_them_in_order() -> None:
    operators = [part.operator for part in rule_sets_named("dclm", "baseline")]
    assert operators == ["gopher_quality", "gopher_repetition", "refinedweb_lines"]


@pytest.mark.parametrize(("name", "hint"), [("gopher_qualty/dclm", "gopher_quality"), ("c4/tfd", "tfds")])
def test_an_unknown_name_is_answered_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(RecipeError, match=f"did you mean `{hint}`"):
        rules_for(*name.split("/"))

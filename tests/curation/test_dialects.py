"""Published limits are data: every one can be run, and decides at its limit as published."""

from __future__ import annotations

import pyarrow as pa
import pytest

from curation import fineweb2
from curation.dialects import RuleSet, rule_sets, rule_sets_named, rules_for
from curation.errors import RecipeError
from curation.registry import load


def fails(rule_set: str, dialect: str, attribute: str, value: float, language: str | None = "en") -> bool:
    rules = [rule for rule in rules_for(rule_set, dialect) if rule.attribute == attribute]
    columns = {attribute: [value], "language.label": pa.array([language], pa.string())}
    return any(bool(rule.fails(pa.RecordBatch.from_pydict(columns))[0]) for rule in rules)


@pytest.mark.parametrize("part", rule_sets(), ids=lambda part: f"{part.name}/{part.dialect}/{part.operator}")
def test_every_rule_set_names_an_operator_that_measures_what_its_rules_compare(part: RuleSet) -> None:
    operator = load("operator", part.operator, "test")(**part.parameters)
    assert {rule.attribute for rule in part.rules} <= set(operator.adds())
    assert {name for rule in part.rules for name in rule.conditions()} <= {"language.label"}
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


@pytest.mark.parametrize(
    ("attribute", "language", "kept", "dropped"),
    [
        # By hand from FineWeb-2's configurations of Czech, German, Japanese and Chinese.
        ("gopher_repetition.duplicate_line_fraction", "cs", 0.311, 0.312),
        ("gopher_repetition.top_2_gram_character_fraction", "cs", 0.206, 0.207),
        ("gopher_repetition.top_4_gram_character_fraction", "cs", 0.165, 0.166),
        ("gopher_repetition.duplicate_5_gram_character_fraction", "cs", 0.168, 0.169),
        ("gopher_repetition.duplicate_10_gram_character_fraction", "cs", 0.109, 0.11),
        ("fineweb.end_mark_line_ratio", "cs", 0.06, 0.059),
        ("fineweb.newline_ratio", "cs", 0.182, 0.183),
        ("gopher_quality.alphabetic_word_ratio", "cs", 0.781, 0.78),
        ("language.confidence", "cs", 0.88, 0.87),
        ("gopher_quality.word_length", "de", 15, 15.1),
        ("fineweb.end_mark_line_ratio", "de", 0, -1),
        ("gopher_quality.word_length", "ja", 1, 0.9),
        ("gopher_quality.word_length", "ja", 6, 6.1),
        ("gopher_quality.word_length", "zh-tw", 5, 5.1),
        # Languages that are not in the table, and no language at all: Gopher's and FineWeb's own.
        ("gopher_repetition.top_2_gram_character_fraction", "en", 0.2, 0.201),
        ("gopher_quality.word_length", None, 10, 10.1),
        ("fineweb.end_mark_line_ratio", "tr", 0.12, 0.119),
        ("gopher_quality.words", "cs", 50, 49),
        ("gopher_quality.stop_words", "cs", 2, 1),
    ],
)
def test_fineweb2_holds_a_document_to_the_limits_of_its_language(
    attribute: str, language: str | None, kept: float, dropped: float
) -> None:
    rule_set = attribute.partition(".")[0]
    assert not fails(rule_set, "fineweb2", attribute, kept, language)
    assert fails(rule_set, "fineweb2", attribute, dropped, language)


def test_the_table_of_fineweb2_is_whole() -> None:
    assert len({config.name for config in fineweb2.configs().values()}) == 52
    for config in fineweb2.configs().values():
        assert all(0 <= config.limits[name] <= 1 for name in fineweb2.LIMITS if not name.endswith("_len"))
        assert config.limits["min_len"] < config.limits["max_len"]
        assert len(config.stop_words) >= 7
        assert all(config.stop_words)


def test_a_rule_set_of_several_operators_lists_them_in_order() -> None:
    operators = [part.operator for part in rule_sets_named("dclm", "baseline")]
    assert operators == ["gopher_quality", "gopher_repetition", "refinedweb_lines"]


@pytest.mark.parametrize(("name", "hint"), [("gopher_qualty/dclm", "gopher_quality"), ("c4/tfd", "tfds")])
def test_an_unknown_name_is_answered_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(RecipeError, match=f"did you mean `{hint}`"):
        rules_for(*name.split("/"))

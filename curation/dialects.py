"""Published rule sets as data: which operator measures, with which parameters, and which limits decide.

Public tools disagree about what a rule computes, so a rule set always comes in a named dialect: `gopher_quality/dclm`.
Numbers are those of the papers and of what the tools compute; a limit that is in the range itself is `min` or `max`,
one that is not is `above` or `below`. A rule set of several operators has one entry for each, in the order they run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from curation import fineweb2
from curation.errors import RecipeError, nearest
from curation.rules import Rule

__all__ = ["RuleSet", "rule_sets", "rule_sets_named", "rules_for"]

_GOPHER = "Rae et al. 2021, arXiv 2112.11446"
_C4 = "Raffel et al. 2020, JMLR 21(140)"
_FINEWEB = "Penedo et al. 2024, arXiv 2406.17557"
_DCLM = "Li et al. 2024, arXiv 2406.11794, dclm_baseline_refinedweb.yaml"
_BIGSCIENCE = "Laurençon et al. 2022, arXiv 2303.03915"


@dataclass(frozen=True)
class RuleSet:
    """One operator's share of a rule set: `parameters` make the operator, `rules` compare what it measures."""

    name: str
    dialect: str
    source: str
    operator: str
    rules: tuple[Rule, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)


def rules_for(rule_set: str, dialect: str) -> tuple[Rule, ...]:
    """All rules of a rule set in one dialect. Raises RecipeError when there is none of that name."""
    return tuple(rule for part in rule_sets_named(rule_set, dialect) for rule in part.rules)


def rule_sets_named(rule_set: str, dialect: str) -> tuple[RuleSet, ...]:
    """The parts of a rule set in one dialect, in the order their operators run."""
    where = f"`{rule_set}/{dialect}`"
    names = {part.name for part in rule_sets()}
    if rule_set not in names:
        raise RecipeError(where, f"unknown rule set `{rule_set}`", "a known rule set", nearest(rule_set, names))
    dialects = {part.dialect for part in rule_sets() if part.name == rule_set}
    if dialect not in dialects:
        expected = f"a dialect of `{rule_set}`"
        raise RecipeError(where, f"unknown dialect `{dialect}`", expected, nearest(dialect, dialects))
    return tuple(part for part in rule_sets() if (part.name, part.dialect) == (rule_set, dialect))


@cache
def rule_sets() -> tuple[RuleSet, ...]:
    """Every published rule set in every dialect."""
    return (*_gopher_quality(), *_gopher_repetition(), *_c4(), *_fineweb(), *_line_corrections(), *_bigscience())


def _gopher_quality() -> list[RuleSet]:
    def words(symbols: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return (
            Rule(reason="too_few_words", attribute="gopher_quality.words", min=50),
            Rule(reason="too_many_words", attribute="gopher_quality.words", max=100_000),
            Rule(reason="words_too_short", attribute="gopher_quality.word_length", min=3),
            Rule(reason="words_too_long", attribute="gopher_quality.word_length", max=10),
            *symbols,
            Rule(reason="too_many_bullet_lines", attribute="gopher_quality.bullet_line_ratio", max=0.9),
            Rule(reason="too_many_ellipsis_lines", attribute="gopher_quality.ellipsis_line_ratio", max=0.3),
            Rule(reason="too_few_alphabetic_words", attribute="gopher_quality.alphabetic_word_ratio", min=0.8),
            Rule(reason="too_few_stop_words", attribute="gopher_quality.stop_words", min=2),
        )

    one = words((Rule(reason="too_many_symbols", attribute="gopher_quality.symbol_ratio", max=0.1),))
    two = words(
        (
            Rule(reason="too_many_hashes", attribute="gopher_quality.hash_ratio", max=0.1),
            Rule(reason="too_many_ellipses", attribute="gopher_quality.ellipsis_ratio", max=0.1),
        )
    )
    return [
        RuleSet("gopher_quality", "datatrove", f"{_GOPHER}; datatrove", "gopher_quality", two),
        *(
            RuleSet("gopher_quality", dialect, f"{_GOPHER}; {tool}", "gopher_quality", one, {"dialect": dialect})
            for dialect, tool in (("dolma", "dolma gopher_v1"), ("dclm", _DCLM), ("curator", "NeMo Curator"))
        ),
        _fineweb2("gopher_quality", _fineweb2_quality(two), {"stop_words_by_language": "fineweb2"}),
        RuleSet("dclm", "baseline", _DCLM, "gopher_quality", one, {"dialect": "dclm"}),
    ]


_REPETITION_LIMITS = {
    "duplicate_line_fraction": 0.30,
    "duplicate_paragraph_fraction": 0.30,
    "duplicate_line_character_fraction": 0.20,
    "duplicate_paragraph_character_fraction": 0.20,
    "top_2_gram_character_fraction": 0.20,
    "top_3_gram_character_fraction": 0.18,
    "top_4_gram_character_fraction": 0.16,
    "duplicate_5_gram_character_fraction": 0.15,
    "duplicate_6_gram_character_fraction": 0.14,
    "duplicate_7_gram_character_fraction": 0.13,
    "duplicate_8_gram_character_fraction": 0.12,
    "duplicate_9_gram_character_fraction": 0.11,
    "duplicate_10_gram_character_fraction": 0.10,
}


def _gopher_repetition() -> list[RuleSet]:
    rules = {name: _repetition_rule(name, limit) for name, limit in _REPETITION_LIMITS.items()}
    every = tuple(rules.values())
    without_paragraphs = tuple(rule for name, rule in rules.items() if "paragraph" not in name)
    dclm = {"dialect": "dclm"}
    return [
        RuleSet("gopher_repetition", "datatrove", f"{_GOPHER}; datatrove", "gopher_repetition", every),
        RuleSet(
            "gopher_repetition",
            "dolma",
            f"{_GOPHER}; dolma gopher_v1",
            "gopher_repetition",
            without_paragraphs,
            {"dialect": "dolma"},
        ),
        RuleSet("gopher_repetition", "dclm", f"{_GOPHER}; {_DCLM}", "gopher_repetition", every, dclm),
        _fineweb2("gopher_repetition", _by_language("gopher_repetition")),
        RuleSet("dclm", "baseline", _DCLM, "gopher_repetition", every, dclm),
    ]


def _repetition_rule(name: str, limit: float) -> Rule:
    attribute = f"gopher_repetition.{name}"
    return Rule(reason=_repetition_reason(attribute), attribute=attribute, max=limit)


def _repetition_reason(attribute: str) -> str:
    return f"high_{attribute.removeprefix('gopher_repetition.').removesuffix('_fraction')}"


def _c4() -> list[RuleSet]:
    def page(sentences: int) -> tuple[Rule, ...]:
        return (
            Rule(reason="lorem_ipsum", attribute="c4_lines.lorem_ipsum", max=0),
            Rule(reason="curly_bracket", attribute="c4_lines.curly_bracket", max=0),
            Rule(reason="too_few_sentences", attribute="c4_lines.sentences", min=sentences),
        )

    too_long = Rule(reason="page_too_long", attribute="c4_lines.characters", below=190_000)
    long_lines = Rule(reason="too_few_long_lines", attribute="c4_page.long_lines", min=3)
    return [
        RuleSet("c4", "tfds", f"{_C4}; tensorflow_datasets c4_utils.py", "c4_lines", (too_long, *page(3))),
        RuleSet("c4", "paper", f"{_C4}; datatrove", "c4_lines", page(5), {"dialect": "paper"}),
        RuleSet(
            "c4", "fineweb", f"{_FINEWEB}; datatrove", "c4_lines", page(5), {"dialect": "paper", "end_marks": False}
        ),
        RuleSet("c4", "mc4", "Xue et al. 2021, arXiv 2010.11934", "c4_page", (long_lines,)),
    ]


def _fineweb() -> list[RuleSet]:
    marks, copies = "fineweb.end_mark_line_ratio", "fineweb.duplicate_line_character_ratio"
    short, newlines = "fineweb.short_line_ratio", "fineweb.newline_ratio"
    too_many_newlines = Rule(reason="too_many_newlines", attribute=newlines, max=0.3)
    april = (
        Rule(reason="too_few_end_marks", attribute=marks, above=0.12),
        Rule(reason="too_many_duplicate_lines", attribute=copies, below=0.01),
        Rule(reason="too_many_short_lines", attribute=short, below=0.67),
        too_many_newlines,
    )
    december = (
        Rule(reason="too_few_end_marks", attribute=marks, min=0.12),
        Rule(reason="too_many_duplicate_lines", attribute=copies, max=0.01),
        Rule(reason="too_many_short_lines", attribute=short, max=0.67),
        too_many_newlines,
    )
    multilingual = (
        Rule(reason="too_many_duplicate_lines", attribute=copies, max=0.1),
        *_by_language("fineweb"),
    )
    return [
        RuleSet("fineweb", "2024-04", f"{_FINEWEB}; release code", "fineweb", april, {"dialect": "2024-04"}),
        RuleSet("fineweb", "2024-12", f"{_FINEWEB}; datatrove", "fineweb", december, {"dialect": "2024-12"}),
        _fineweb2("fineweb", multilingual, {"dialect": "2024-12"}),
        _fineweb2("language", _by_language("language")),
    ]


# Reasons of the limits that FineWeb-2 sets for each language; those of repetition follow from the attribute.
_FINEWEB_2_REASONS = {
    "line_punct": "too_few_end_marks",
    "new_line": "too_many_newlines",
    "min_len": "words_too_short",
    "max_len": "words_too_long",
    "alpha": "too_few_alphabetic_words",
    "language_score": "uncertain_for_its_language",
}


def _fineweb2(operator: str, rules: tuple[Rule, ...], parameters: Mapping[str, object] | None = None) -> RuleSet:
    return RuleSet(operator, "fineweb2", fineweb2.SOURCE, operator, rules, parameters or {})


def _by_language(operator: str) -> tuple[Rule, ...]:
    """Rules with the limit of each document's language; languages that are not in the table have Gopher's."""
    return tuple(
        Rule(
            reason=_FINEWEB_2_REASONS.get(column) or _repetition_reason(attribute),
            attribute=attribute,
            by="language.label",
            limits=fineweb2.limits(column),
            **{kind: default},  # type: ignore[arg-type]
        )
        for column, (attribute, kind, default) in fineweb2.LIMITS.items()
        if attribute.startswith(f"{operator}.")
    )


def _fineweb2_quality(gopher: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Gopher's rules with some limits by language; stop words only where their list is known."""
    own = {rule.reason: rule for rule in _by_language("gopher_quality")}
    stop_words = Rule(reason="too_few_stop_words", attribute="gopher_quality.stop_words", min=2, on_missing="keep")
    return tuple({**own, stop_words.reason: stop_words}.get(rule.reason, rule) for rule in gopher)


def _line_corrections() -> list[RuleSet]:
    removed = (Rule(reason="too_many_words_removed", attribute="refinedweb_lines.removed_word_ratio", max=0.05),)
    source = f"Penedo et al. 2023, arXiv 2306.01116; {_DCLM}"
    return [
        RuleSet("refinedweb", "dclm", source, "refinedweb_lines", removed),
        RuleSet("dclm", "baseline", _DCLM, "refinedweb_lines", removed),
    ]


def _bigscience() -> list[RuleSet]:
    def rules(words: tuple[Rule, ...], characters: float, repeated: float, stop_words: float) -> tuple[Rule, ...]:
        return (
            *words,
            Rule(reason="high_character_repetition", attribute="bigscience.character_repetition_ratio", max=characters),
            Rule(reason="high_word_repetition", attribute="bigscience.word_repetition_ratio", max=repeated),
            Rule(reason="too_many_special_characters", attribute="bigscience.special_character_ratio", max=0.4),
            Rule(reason="too_few_stop_words", attribute="bigscience.stop_word_ratio", min=stop_words),
        )

    few, many = (
        Rule(reason="too_few_words", attribute="bigscience.words", min=20),
        Rule(reason="too_many_words", attribute="bigscience.words", max=100_000),
    )
    ten = Rule(reason="too_few_words", attribute="bigscience.words", min=10)
    return [
        RuleSet("bigscience", "en", _BIGSCIENCE, "bigscience", rules((few, many), 0.106, 0.19, 0.3)),
        RuleSet("bigscience", "default", _BIGSCIENCE, "bigscience", rules((ten,), 0.2, 0.3, 0.1)),
    ]

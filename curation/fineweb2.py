"""Limits and stop words of FineWeb-2 by language: facts of `configs/*.yml` of huggingface/fineweb-2, as a table.

One row for each language that langdetect's profiles know and FineWeb-2 has (not English). FineWeb-2 found the limits
from the statistics of each language; `language_score` is for GlotLID's probability.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["COMMITS", "LIMITS", "SOURCE", "Config", "configs", "limits", "stop_words"]

COMMITS = ("d331bee82ee2", "05e6729567a5")
SOURCE = f"FineWeb-2, configs/*.yml at {' and '.join(COMMITS)}"
_N = "gopher_repetition.{}_gram_character_fraction"
# Column of the table -> (attribute, kind of limit, default for languages that are not in it). Defaults are those of
# Gopher and of datatrove's FineWeb filter, which FineWeb-2 starts from; for the language BigScience's lowest.
LIMITS: dict[str, tuple[str, str, float]] = {
    "dup_line": ("gopher_repetition.duplicate_line_fraction", "max", 0.30),
    "top2": (_N.format("top_2"), "max", 0.20),
    "top3": (_N.format("top_3"), "max", 0.18),
    "top4": (_N.format("top_4"), "max", 0.16),
    "dup5": (_N.format("duplicate_5"), "max", 0.15),
    "dup6": (_N.format("duplicate_6"), "max", 0.14),
    "dup7": (_N.format("duplicate_7"), "max", 0.13),
    "dup8": (_N.format("duplicate_8"), "max", 0.12),
    "dup9": (_N.format("duplicate_9"), "max", 0.11),
    "dup10": (_N.format("duplicate_10"), "max", 0.10),
    "line_punct": ("fineweb.end_mark_line_ratio", "min", 0.12),
    "new_line": ("fineweb.newline_ratio", "max", 0.3),
    "min_len": ("gopher_quality.word_length", "min", 3),
    "max_len": ("gopher_quality.word_length", "max", 10),
    "alpha": ("gopher_quality.alphabetic_word_ratio", "min", 0.8),
    "language_score": ("language.confidence", "min", 0.7),
}
# langdetect tells two written forms of Chinese apart, FineWeb-2 has one configuration.
_LABELS = {"zh": ("zh", "zh-cn", "zh-tw")}


class Config(NamedTuple):
    """One language: its name in FineWeb-2, its limits by column of the table, its stop words."""

    name: str
    limits: dict[str, float]
    stop_words: tuple[str, ...]


@cache
def configs() -> dict[str, Config]:
    """Every language of the table by its label."""
    found: dict[str, Config] = {}
    lines = (files(__package__) / "fineweb2.tsv").read_text("utf-8").splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        numbers = {name: float(row[name]) for name in LIMITS}
        config = Config(row["config"], numbers, tuple(row["stop_words"].split(" ")))
        found |= dict.fromkeys(_LABELS.get(row["label"], (row["label"],)), config)
    return found


def limits(column: str) -> dict[str, float | None]:
    """One column of the table: limits by the label of a language."""
    return {label: config.limits[column] for label, config in configs().items()}


@cache
def stop_words() -> dict[str, tuple[str, ...]]:
    """Stop words by the label of a language."""
    return {label: config.stop_words for label, config in configs().items()}

"""Names of operators, sources and groupings, and where their classes live. Nothing is imported before it is used.

A name is data that outlives module paths: recipes and fingerprints hold names, never paths.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from curation.errors import ContractError, RecipeError, nearest

__all__ = ["Room", "load", "names", "register"]

Room = Literal["source", "operator", "grouping"]

_BUILTIN: dict[Room, dict[str, str]] = {
    "source": {
        "jsonl": "curation.collect.jsonl:JsonLines",
        "parquet": "curation.collect.tables:Parquet",
        "arrow": "curation.collect.tables:Arrow",
        "csv": "curation.collect.csv_files:Csv",
        "text": "curation.collect.text:TextFiles",
        "environment": "curation.collect.environment:Environment",
        "warc": "curation.collect.warc:Warc",
        "html": "curation.collect.html:HtmlFiles",
        "code": "curation.collect.code:Code",
        "mediawiki": "curation.collect.mediawiki:MediaWiki",
        "epub": "curation.collect.documents:Epub",
        "pdf": "curation.collect.documents:Pdf",
        "docx": "curation.collect.documents:Docx",
        "huggingface": "curation.collect.huggingface:HuggingFace",
        "sql": "curation.collect.sql:Sql",
    },
    "operator": {
        "normalize_unicode": "curation.clean.unicode:NormalizeUnicode",
        "clean_lines": "curation.clean.lines:CleanLines",
        "lexicon": "curation.measure.lexicon:Lexicon",
        "transformer_classifier": "curation.measure.transformer_classifier:TransformerClassifier",
        "origin": "curation.measure.origin:Origin",
        "url_rules": "curation.measure.url_rules:UrlRules",
        "linear_classifier": "curation.measure.linear_classifier:LinearClassifier",
        "ngram_perplexity": "curation.measure.ngram_perplexity:NgramPerplexity",
        "personal_data": "curation.measure.personal_data:PersonalData",
        "redact_personal_data": "curation.clean.personal_data:RedactPersonalData",
        "remove_boilerplate": "curation.clean.boilerplate:RemoveBoilerplate",
        "remove_html_remains": "curation.clean.html_remains:RemoveHtmlRemains",
        "remove_repeated_lines": "curation.clean.repeated_lines:RemoveRepeatedLines",
        "repair_mojibake": "curation.clean.mojibake:RepairMojibake",
        "language": "curation.measure.language:Language",
        "gopher_quality": "curation.measure.gopher_quality:GopherQuality",
        "gopher_repetition": "curation.measure.gopher_repetition:GopherRepetition",
        "c4_lines": "curation.clean.c4_lines:C4Lines",
        "c4_page": "curation.measure.c4_page:C4Page",
        "fineweb": "curation.measure.fineweb:FineWeb",
        "refinedweb_lines": "curation.clean.refinedweb_lines:RefinedWebLines",
        "bigscience": "curation.measure.bigscience:BigScience",
        "chinese_script": "curation.measure.chinese_script:ChineseScript",
        "word_noise": "curation.augment.word_noise:WordNoise",
        "rephrase": "curation.augment.rewording.rephrase:Rephrase",
        "back_translate": "curation.augment.rewording.back_translate:BackTranslate",
        "add_boilerplate": "curation.dose.add_boilerplate:AddBoilerplate",
        "break_encoding": "curation.dose.break_encoding:BreakEncoding",
        "foreign_text": "curation.dose.foreign_text:ForeignText",
        "garble_words": "curation.dose.garble_words:GarbleWords",
        "plant_personal_data": "curation.dose.plant_personal_data:PlantPersonalData",
        "shuffle_words": "curation.dose.shuffle_words:ShuffleWords",
        "character_noise": "curation.augment.character_noise:CharacterNoise",
        "synonyms": "curation.augment.synonyms:Synonyms",
        "shuffle_sentences": "curation.augment.shuffle_sentences:ShuffleSentences",
        "chunks": "curation.augment.chunks:Chunks",
        "span_corruption": "curation.augment.span_corruption:SpanCorruption",
        "fill_in_the_middle": "curation.augment.fill_in_the_middle:FillInTheMiddle",
        "instruction_templates": "curation.augment.instruction_templates:InstructionTemplates",
        "question_answer": "curation.augment.question_answer:QuestionAnswer",
        "cloze": "curation.augment.cloze:Cloze",
        "extractive_summary": "curation.augment.extractive_summary:ExtractiveSummary",
        "chinese_noise": "curation.augment.chinese_noise:ChineseNoise",
        "decontaminate": "curation.dedup.decontaminate:Decontaminate",
        "cut_items": "curation.dedup.cut_items:CutItems",
    },
    "grouping": {
        "exact": "curation.dedup.exact:Exact",
        "minhash": "curation.dedup.minhash:MinHash",
        "lines": "curation.dedup.lines:DuplicateLines",
        "substring": "curation.dedup.substring:RepeatedPassages",
    },
}

_registered: dict[Room, dict[str, str]] = {"source": {}, "operator": {}, "grouping": {}}


def register(room: Room, name: str, target: str) -> None:
    """Add a name for `module:Class`. The same pair twice is fine, another class under a known name is not.

    Distributions can do the same without code: entry points in the group `gristmill.<room>`.
    """
    known = _table(room).get(name)
    if known not in (None, target):
        raise ContractError(f"registry of {room}s", f"`{name}` twice", "one class for a name", "rename one of them")
    _registered[room][name] = target


def names(room: Room) -> list[str]:
    return sorted(_table(room))


def load(room: Room, name: str, where: str) -> Any:
    """The class behind a name. `where` is the place in the recipe, for the error."""
    table = _table(room)
    if name not in table:
        raise RecipeError(where, f"unknown {room} `{name}`", f"a known {room}", nearest(name, table))
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _table(room: Room) -> Mapping[str, str]:
    return {**_BUILTIN[room], **_entry_points(room), **_registered[room]}


@cache
def _entry_points(room: Room) -> dict[str, str]:
    return {point.name: point.value for point in _all_entry_points().select(group=f"gristmill.{room}")}


@cache
def _all_entry_points() -> Any:
    """All packages of the environment are looked through for them."""
    return importlib.metadata.entry_points()

"""What is compared side by side, and with whom: recipes of ours, scripts of peers.

An entrant is (label, environment, script with its words, how to count what it keeps).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import chain, dedup
from benchmarks.contest import Kept, kept_json_lines, tokens_of_run, tokens_of_script
from benchmarks.corpus import make_corpus
from benchmarks.inputs import make_pages

__all__ = ["RULES", "SUBJECTS", "Subject"]

Entrant = tuple[str, str, str, Kept]
RULE_SETS = ("gopher_repetition/datatrove", "gopher_quality/datatrove", "fineweb/2024-12", "c4/paper")


def recipe(name: str, clean: str = "[]", rules: str = "[]", more: str = "", source: str = "jsonl") -> str:
    return f"name: {name}\nsources:\n  - {source}: {{name: docs, path: FOLDER}}\nclean: {clean}\nrules: {rules}\n{more}"


_USED = f"[{', '.join(f'{{use: {name}}}' for name in RULE_SETS)}]"
RULES = recipe("rules", _USED, _USED)
LANGUAGE = recipe(
    "language",
    "[language]",
    "[{reason: not_english, attribute: language.label, allow: [en]}, "
    "{reason: uncertain_language, attribute: language.confidence, min: 0.65}]",
)
LINES = recipe("lines", more="dedup:\n  - lines: {unit: line, strip_marks: false, drop_symbols: false}\n")
PAGES = recipe("pages", source="html")
TOKENS = recipe("tokens", more="tokens: {tokenizer: TOKENIZER, end_of_text: <end>}\n")


def corpus(scratch: Path, megabytes: int, cache: Path) -> Path:
    if not (scratch / "corpus").exists():
        make_corpus(scratch / "corpus", megabytes, files=4, cache=cache)
    return scratch / "corpus"


def corpus_and_tokenizer(scratch: Path, megabytes: int, cache: Path) -> Path:
    from benchmarks.tokenise import fit, texts_of

    folder = corpus(scratch, megabytes, cache)
    (scratch / "tokenizer").mkdir(exist_ok=True)
    (scratch / "tokenizer/tokenizer.json").write_text(fit("gpt2", texts_of(folder, 10), 16_000))
    return folder


def pages(scratch: Path, megabytes: int, cache: Path) -> Path:
    return make_pages(scratch / "pages", megabytes / 10, cache)


@dataclass(frozen=True)
class Subject:
    """`fast` peers get the whole input, `slow` ones its first megabytes; `absent` names others with the reason."""

    title: str
    recipe: str
    fast: Sequence[Entrant] = ()
    slow: Sequence[Entrant] = ()
    absent: Sequence[tuple[str, str]] = ()
    input: Callable[[Path, int, Path], Path] = corpus
    counted: Kept | None = None


_NEEDS_MODEL = "its model is fetched at first use"
SUBJECTS = {
    "rules": Subject(
        "Rules of Gopher, C4 and FineWeb (Dolma: its own of Gopher and C4; Data-Juicer: eight of its own)",
        RULES,
        slow=(
            ("datatrove", "datatrove", "datatrove_rules.py", kept_json_lines),
            ("plain Python", "plain", "plain_rules.py", kept_json_lines),
            ("Dolma taggers", "dolma", "dolma_rules.py", kept_json_lines),
            ("Data-Juicer", "data-juicer", "data_juicer.py rules", kept_json_lines),
        ),
    ),
    "near": Subject(
        "Near duplicates by MinHash",
        dedup.NEAR,
        fast=dedup.FAST,
        slow=(*dedup.SLOW, ("Data-Juicer", "data-juicer", "data_juicer.py near", kept_json_lines)),
        absent=(("Dolma", "has no MinHash"),),
    ),
    "language": Subject(
        "English, with at least .65",
        LANGUAGE,
        slow=(
            ("fastText, small model, script", "languages", "language_filter.py fasttext", kept_json_lines),
            ("py3langid script", "languages", "language_filter.py py3langid", kept_json_lines),
            ("langdetect script", "languages", "language_filter.py langdetect", kept_json_lines),
        ),
        absent=(("datatrove", _NEEDS_MODEL), ("Dolma", _NEEDS_MODEL), ("Data-Juicer", _NEEDS_MODEL)),
    ),
    "exact": Subject(
        "Exact duplicates",
        dedup.EXACT,
        fast=dedup.POLARS,
        slow=(
            ("Dolma, Bloom filter", "dolma", "dolma_dedupe.py documents", kept_json_lines),
            ("Data-Juicer", "data-juicer", "data_juicer.py exact", kept_json_lines),
        ),
    ),
    "lines": Subject(
        "Repeated lines",
        LINES,
        fast=(("plain Python", "plain", "plain_lines.py", kept_json_lines),),
        slow=(
            ("datatrove, spans of one line", "datatrove", "datatrove_sentences.py", kept_json_lines),
            ("Dolma paragraphs, Bloom filter", "dolma", "dolma_dedupe.py paragraphs", kept_json_lines),
        ),
    ),
    "pages": Subject(
        "Main content of HTML pages (a tenth of the megabytes)",
        PAGES,
        slow=(
            ("trafilatura script", "pages", "extract_pages.py trafilatura", kept_json_lines),
            ("resiliparse script", "pages", "extract_pages.py resiliparse", kept_json_lines),
            ("datatrove, Trafilatura", "datatrove-web", "datatrove_pages.py", kept_json_lines),
        ),
        input=pages,
    ),
    "tokens": Subject(
        "Tokenising and packing, byte-level BPE of 16,000; kept counts tokens",
        TOKENS,
        slow=(
            ("tokenizers, batch call", "tokenizers", "tokenizers_pack.py", tokens_of_script),
            ("datatrove DocumentTokenizer", "datatrove", "datatrove_tokens.py", tokens_of_script),
        ),
        input=corpus_and_tokenizer,
        counted=tokens_of_run,
    ),
    "chain": Subject(
        "The whole chain: repair, language, all rules, personal data, MinHash, shards",
        chain.RECIPE,
        slow=(
            ("datatrove, without language", "datatrove", "datatrove_chain.py", kept_json_lines),
            ("script with ftfy, py3langid, rensa", "by-hand", "plain_chain.py", kept_json_lines),
        ),
    ),
}

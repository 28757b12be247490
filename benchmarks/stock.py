"""What a made corpus is made of: text found in this Python environment and on this machine.

prose     sentences of documentation (docstrings, descriptions, README files, licences, /usr/share/doc) in English, in
          runs as they follow each other. Lines that were wrapped by hand are joined, code, lists and tables left out.
rough     paragraphs as they come: wrapped lines, lists, tables, code
messages  of translated programs (`*.mo`), by language: real sentences of other languages

Everything once, in a fixed order. The same environment gives the same stock; it is kept in the cache folder.
"""

from __future__ import annotations

import gettext
import hashlib
import json
import re
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path

__all__ = ["Stock", "prose", "read_stock", "stock"]

_VERSION = 1
_LANGUAGES = ("de", "es", "fr", "it", "ja", "ko", "pl", "pt_BR", "ru", "uk", "zh_CN")
_MOST_PROSE, _MOST_ROUGH = 16_000_000, 4_000_000  # characters
_SENTENCE_END = re.compile(r"(?<=[a-z)\"][.!?]) (?=[A-Z])")
_MARKUP = re.compile(r"``|\*\*|:\w+:(?=`)|`_?|~(?=\w)")
_LINE_OF_CODE = re.compile(r"^\s*(>>>|[-*+•|#.:=@$%>]|\d+[.)]\s|\w+\s*[:=(\[]\s|\S+$)")
_PLAIN = re.compile(r"[A-Z][\w ,.;:'\"()\[\]!?/%=&+*-]*[.!?]")
_COMMON = re.compile(r"\b(?:the|of|and|to|is|a|in|that|for|be|with)\b")
_PLACEHOLDER = re.compile(r"%[^ ]|[{}<>|=_\\]|--")


@dataclass(frozen=True)
class Stock:
    prose: Sequence[Sequence[str]]
    rough: Sequence[str]
    messages: Mapping[str, Sequence[str]]


def stock(cache: Path) -> Stock:
    """The environment's stock; read once for as long as the environment stays as it is."""
    path = cache.expanduser() / f"stock-{_environment()}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(read_stock())))
    return Stock(**json.loads(path.read_text()))


def _environment() -> str:
    installed = sorted(f"{each.name}=={each.version}" for each in distributions())
    return hashlib.sha256(json.dumps([_VERSION, *installed]).encode()).hexdigest()[:16]


def read_stock(folders: Sequence[Path] | None = None) -> Stock:
    """Stock of some folders; by default of the environment, the standard library and the machine's documentation."""
    places = [Path(sysconfig.get_path(name)) for name in ("purelib", "stdlib")]
    given = [*places, Path("/usr/share/doc"), Path("/usr/share/locale")] if folders is None else folders
    runs: dict[tuple[str, ...], None] = {}
    rough: dict[str, None] = {}
    read = kept = 0
    for block in _blocks(given):
        sentences = tuple(prose(block))
        if sentences and sentences not in runs:
            runs[sentences], read = None, read + sum(map(len, sentences))
        elif not sentences and kept < _MOST_ROUGH and len(block) >= 80 and block not in rough:
            rough[block], kept = None, kept + len(block)
        if read >= _MOST_PROSE:
            break
    return Stock(list(runs), list(rough), _messages(given))


def prose(block: str) -> list[str]:
    """Sentences of a paragraph of English prose with its wrapped lines joined; nothing if it is something else."""
    lines = block.strip().splitlines()
    if any(map(_LINE_OF_CODE.match, lines)):
        return []
    text = _MARKUP.sub("", " ".join(" ".join(lines).split()))
    words = text.count(" ") + 1
    if words < 12 or not _PLAIN.fullmatch(text) or len(_COMMON.findall(text)) < words / 10:
        return []
    return _SENTENCE_END.split(text)


def _blocks(folders: Sequence[Path]) -> Iterator[str]:
    """Paragraphs of docstrings and files of text, by path."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".md", ".rst", ".txt") or path.name in ("METADATA", "README", "copyright"):
                for text in _texts(path):
                    yield from re.split(r"\n\s*\n", text)


def _texts(path: Path) -> Sequence[str]:
    try:
        text = path.read_text("utf-8") if path.is_file() and path.stat().st_size < 1 << 20 else ""
    except (UnicodeDecodeError, PermissionError):
        return []
    return text.split('"""')[1::2] if path.suffix == ".py" else [text]


def _messages(folders: Sequence[Path]) -> dict[str, list[str]]:
    """Whole sentences of translations, by language, as far as they are installed."""
    found: dict[str, dict[str, None]] = {}
    files = sorted(path for folder in folders for path in folder.rglob("LC_MESSAGES/*.mo"))
    for path in files:
        language = path.parent.parent.name
        if language in _LANGUAGES:
            found.setdefault(language, {}).update(dict.fromkeys(_sentences(path)))
    return {language.partition("_")[0]: list(islice(found[language], 200_000)) for language in sorted(found)}


def _sentences(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            catalog = vars(gettext.GNUTranslations(file))["_catalog"]
    except (UnicodeDecodeError, OSError):
        return
    for original, translation in catalog.items():
        text = " ".join(translation.split())
        if len(str(original)) >= 60 and text and text[-1] in ".!?。" and not _PLACEHOLDER.search(text):
            yield text

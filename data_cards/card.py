"""The data card: README.md with the front matter that the Hugging Face hub reads."""

from __future__ import annotations

import json
from typing import Any

import jinja2

from data_cards.facts import CardFacts, TokenRate

__all__ = ["render_card"]

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGER = ((10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"))
_NEEDS_HUMAN = "*[needs a human]*"


def render_card(facts: CardFacts) -> str:
    """Markdown; a field that waits for a person is marked as such."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("data_cards", "templates"),
        autoescape=False,  # noqa: S701  Markdown; values go through the filters `cell` and `yaml`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        cell=_cell, yaml=_yaml, thousands=lambda number: f"{number:,}", percent=_percent, mib=_mib, rate=_rate
    )
    return environment.get_template("README.md.jinja").render(facts=facts, size=_size(facts), human=_human(facts))


def _human(facts: CardFacts) -> dict[str, str]:
    return {key: value or _NEEDS_HUMAN for key, value in facts.human.items()}


def _size(facts: CardFacts) -> str:
    documents = sum(split.documents for split in facts.splits)
    return next((name for limit, name in (*_SIZES, *_LARGER) if documents < limit), "n>1T")


def _cell(value: Any) -> str:
    """Safe inside a Markdown table: no pipes, no line ends, no tags."""
    text = " ".join(str(value).split())
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _yaml(value: Any) -> str:
    """JSON is YAML, and quotes everything that needs it."""
    return json.dumps(value, ensure_ascii=False)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


def _rate(rate: TokenRate) -> str:
    return f"{rate.bytes / rate.tokens:.2f}" if rate.tokens else "–"

"""The forms of the card that people read: README.md with the hub's front matter, datasheet, training content."""

from __future__ import annotations

import json
from typing import Any

import jinja2

from curation.errors import RecipeError
from curation.files import digest_of
from data_cards.facts import CardFacts, TokenRate
from data_cards.pages.numbers import show_share

__all__ = ["PAGES", "needs_human", "render_page"]

# Files of a dataset, and the templates they are made from.
PAGES = {
    "README.md": "README.md.jinja",
    "datasheet.md": "datasheet.md.jinja",
    "training-content.md": "training-content.md.jinja",
}

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGER = ((10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"))
_HUB_NAMES = {"ODC-By-1.0": "odc-by", "ODbL-1.0": "odbl", "PDDL-1.0": "pddl"}
_HUB = set(
    """
    apache-2.0 mit bsd-2-clause bsd-3-clause bsd-3-clause-clear cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0
    cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
    cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 afl-3.0 artistic-2.0 bsl-1.0 ecl-2.0 epl-1.0 epl-2.0 eupl-1.1
    agpl-3.0 gpl-2.0 gpl-3.0 lgpl-2.1 lgpl-3.0 isc ms-pl mpl-2.0 odc-by odbl osl-3.0 pddl postgresql ofl-1.1 ncsa
    unlicense zlib wtfpl other
    """.split()  # noqa: SIM905  a list of one hundred quotes is no easier to read
)
_FEW_FILES = 3
_NEEDS_HUMAN = "*[needs a human]*"


def render_page(page: str, facts: CardFacts, suffix: str = "arrow", content: str = "") -> str:
    """Markdown; a field that waits for a person is marked as such.

    `suffix` is that of the shards, `content` their digest: `datasets` knows a folder that it has in its cache by the
    front matter of the card alone, and would go on giving out what was there before.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("data_cards", "templates"),
        autoescape=False,  # noqa: S701  Markdown; values go through the filters `cell` and `yaml`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        cell=_cell,
        yaml=_yaml,
        step=_step,
        as_of=_as_of,
        thousands=lambda number: f"{number:,}",
        percent=show_share,
        mib=_mib,
        rate=_rate,
    )
    total = {name: sum(getattr(split, name) for split in facts.splits) for name in ("documents", "bytes")}
    common = {
        "suffix": suffix,
        "content": content,
        "facts": facts,
        "human": _human(facts),
        "total": total,
        "size": _size(facts),
    }
    return environment.get_template(PAGES[page]).render(**common, licence=_hub_licence(facts.human["license"]))


def needs_human(facts: CardFacts, *, where: str) -> None:
    """Raise RecipeError naming what a person has still to say."""
    missing = facts.unanswered()
    if missing:
        do = "fill them in under `card` in the recipe and run it again: only the card is written anew"
        raise RecipeError(where, f"no answer to {', '.join(missing)}", "every human field of the card", do)


def _hub_licence(licence: str) -> dict[str, str]:
    """Front matter of the hub, which knows some licences by names of its own and calls all else `other`."""
    if not licence:
        return {}
    name = _HUB_NAMES.get(licence, licence.lower())
    return {"license": name} if name in _HUB else {"license": "other", "license_name": licence.lower()}


def _human(facts: CardFacts) -> dict[str, str]:
    return {key: value or _NEEDS_HUMAN for key, value in facts.human.items()}


def _size(facts: CardFacts) -> str:
    documents = sum(split.documents for split in facts.splits)
    return next((name for limit, name in (*_SIZES, *_LARGER) if documents < limit), "n>1T")


def _as_of(facts: CardFacts, table: str) -> str:
    """What stands beside figures that count documents which are not there any more; nothing where they are true."""
    if table not in facts.stale:
        return ""
    gone = sum(each.published for each in facts.takedowns)
    return f"*As counted before a takedown of {gone:,}: at most so many too many.*"


def _cell(value: Any) -> str:
    """Safe inside a Markdown table: no pipes, no line ends, no tags."""
    text = " ".join(str(value).split())
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _yaml(value: Any) -> str:
    """JSON is YAML, and quotes everything that needs it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _step(step: dict[str, Any]) -> str:
    """One step of the recipe, without what it leaves open; many files that it reads stand under one digest."""
    files = step.get("resources", [])
    many = {"resources": f"{len(files)} files, digest {digest_of(files)[:16]}"} if len(files) > _FEW_FILES else {}
    return _yaml(_said({**step, **many}))


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _said(each) for name, each in value.items() if each not in (None, [], {})}
    return [_said(each) for each in value] if isinstance(value, list) else value


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


def _rate(rate: TokenRate) -> str:
    return f"{rate.bytes / rate.tokens:.2f}" if rate.tokens else "–"

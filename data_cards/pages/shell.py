"""The shell of every page: one self-contained file under a strict policy.

A page asks nothing of any network. Its policy names style and scripts by checksum, so that nothing which comes in with
the data can run, even where escaping were to fail. Values are escaped by jinja2 and markupsafe; inline style
attributes and handlers are forbidden, and with them `style=` and `onclick=` in sections.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

__all__ = ["asset", "content_policy", "environment", "json_block", "render_page", "section"]


@functools.cache
def environment(package: str = "data_cards.pages") -> jinja2.Environment:
    """Templates of a package's `assets`, escaping always on."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "assets"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


@functools.cache
def asset(name: str, package: str = "data_cards.pages") -> str:
    return (files(package) / "assets" / name).read_text("utf-8")


def render_page(
    title: str,
    sections: Sequence[Markup],
    *,
    lead: Markup | str = "",
    contents: Sequence[tuple[str, str]] = (),
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    live: bool = False,
) -> str:
    """A whole page. `contents` links to sections by (anchor, name); `styles` and `scripts` are our own assets only.

    A `live` page comes from a server of ours: its forms may go back there.
    """
    every = [asset("style.css"), *styles]
    return (
        environment()
        .get_template("shell.html.jinja")
        .render(
            title=title,
            lead=lead,
            contents=contents,
            sections=sections,
            live=live,
            policy=content_policy(every, scripts, live=live),
            styles=[Markup(text) for text in every],  # noqa: S704  our own files
            scripts=[Markup(text) for text in scripts],  # noqa: S704
        )
    )


def section(anchor: str, heading: str, *content: Markup) -> Markup:
    return Markup('<section id="{}"><h2>{}</h2>{}</section>').format(anchor, heading, Markup("").join(content))


def content_policy(styles: Sequence[str], scripts: Sequence[str], *, live: bool = False) -> str:
    """Content-Security-Policy by which exactly these texts may style and run, and nothing else loads."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_sources(styles)}",
            f"script-src {_sources(scripts)}",
            "base-uri 'none'",
            *(("form-action 'self'", "img-src 'self'") if live else ("form-action 'none'",)),
        )
    )


def json_block(name: str, value: Any) -> Markup:
    """Data for a page's scripts, as an element that never runs; no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup('<script type="application/json" id="{}">{}</script>').format(name, Markup(text))  # noqa: S704


def _sources(texts: Sequence[str]) -> str:
    return " ".join(_checksum(text) for text in texts) or "'none'"


def _checksum(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

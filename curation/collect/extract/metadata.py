"""What a page says about itself: title, language, date, canonical address, licence, and its wishes about being used.

Read from the tags of the head and from licence links, without a parser: patterns are bounded and the search is linear.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import urljoin

from curation.licences import spdx_of

__all__ = ["header_signals", "page_metadata"]

_HEAD_CHARACTERS = 256 << 10
_MAX_TAGS = 5000
_MAX_VALUE = 1000
# Without flags, so that the search runs from one `<` to the next.
_TAG = re.compile(r"<([a-zA-Z]{4,5})([\s/][^<>]{0,4000})?>")
_TIME = re.compile(r"<time\s([^<>]{0,1000})>")
_NAMES = frozenset({"meta", "link", "html", "title"})
_ATTRIBUTE = re.compile(
    r"""([a-zA-Z][\w:.-]{0,40})\s{0,8}=\s{0,8}(?:"([^"]{0,3000})"|'([^']{0,3000})'|([^\s"'>]{1,3000}))"""
)
_TITLE_END = re.compile(r"</title", re.IGNORECASE)
_LICENCE_LINK = re.compile(r"<a\s([^<>]{0,2000})>", re.IGNORECASE)
_LICENCE_HINTS = (
    "creativecommons.org/licenses/",
    "creativecommons.org/publicdomain/",
    'license"',
    "license'",
    "=license",
)
_MAX_HINTS = 50
_CREATIVE_COMMONS = re.compile(
    r"^https?://(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/[a-z+-]{2,20}/", re.I
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.]{5,15}(?:Z|[+-]\d\d:?\d\d)?)?")
_LD_DATE = re.compile(r'"datePublished"\s{0,8}:\s{0,8}"([^"]{4,40})"')
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$")
_DATES = (
    "article:published_time", "og:published_time", "datepublished", "date", "dc.date", "dcterms.date",
    "dcterms.created", "dc.date.issued", "pubdate", "publishdate", "sailthru.date",
    "parsely-pub-date", "citation_publication_date",
)  # fmt: skip
_TITLES = ("og:title", "twitter:title", "dc.title")
_LICENCES = ("dc.rights", "dcterms.license", "dc.license", "license", "licence")
# Words of robots tags that bear on text in corpora; `noindex` and its kin say how a search engine may use a page.
_ROBOTS = re.compile(r"[a-z_-]+")
_ROBOTS_TAGS = ("robots", "googlebot", "ccbot", "gptbot")
_PREVIEW = re.compile(r"max-[a-z-]{1,20}\s{0,8}:\s{0,8}[\w-]{1,20}")  # its `none` is about pictures
_KEPT_ROBOTS = frozenset(
    {"noai", "noimageai", "noml", "noindex", "noarchive", "nosnippet", "none", "notranslate", "unavailable_after"}
)


def page_metadata(html: str, url: str | None = None) -> dict[str, str]:
    """Fields that the page gives: title, language, date, canonical, license, license_name, robots, tdm_*."""
    head = _Head(html)
    found = {
        "title": head.title or head.first(_TITLES),
        "language": _language(head.html_language or head.first(("content-language", "og:locale", "dc.language"))),
        "date": _date(head.first(_DATES) or _written_date(html)),
        "canonical": _absolute(head.links.get("canonical") or head.metas.get("og:url"), url),
        **_licence(_absolute(head.links.get("license") or _licence_link(html) or head.first(_LICENCES), url)),
        **_signals(head.metas),
    }
    return {name: _tidy(value) for name, value in found.items() if value}


def header_signals(headers: Mapping[str, str]) -> dict[str, str]:
    """The same wishes from HTTP headers, by lower-case name."""
    found = {
        "x_robots_tag": _robots(headers.get("x-robots-tag", "")),
        "tdm_reservation": headers.get("tdm-reservation"),
        "tdm_policy": headers.get("tdm-policy"),
    }
    return {name: _tidy(value) for name, value in found.items() if value}


class _Head:
    """The tags of a page's head, the first of each name."""

    def __init__(self, html: str) -> None:
        self.metas: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.title = self.html_language = ""
        for tag in islice(_TAG.finditer(html, 0, _head_end(html)), _MAX_TAGS):
            name = tag[1].lower()
            if name == "title":
                self.title = self.title or _title(html, tag.end())
            elif name in _NAMES:
                self._take(name, dict(_attributes(tag[2] or "")))

    def _take(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "meta":
            name = attributes.get("name") or attributes.get("property") or attributes.get("http-equiv")
            name = name or attributes.get("itemprop", "")
            name, content = name.lower(), attributes.get("content", "")
            if name in _ROBOTS_TAGS and name in self.metas:
                self.metas[name] += f",{content}"  # all of them hold
            self.metas.setdefault(name, content)
        elif tag == "link":
            for relation in attributes.get("rel", "").lower().split():
                self.links.setdefault(relation, attributes.get("href", ""))
        elif tag == "html":
            self.html_language = attributes.get("lang") or attributes.get("xml:lang", "")

    def first(self, names: tuple[str, ...]) -> str:
        return next((self.metas[name] for name in names if self.metas.get(name)), "")


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        yield name.lower(), entities.unescape(double or single or bare)


def _title(html: str, start: int) -> str:
    end = _TITLE_END.search(html, start, start + 4 * _MAX_VALUE)
    return entities.unescape(html[start : end.start()]) if end else ""


def _language(value: str) -> str:
    value = value.strip()
    return value.replace("_", "-") if _LANGUAGE.match(value) else ""


def _date(value: str) -> str:
    found = _DATE.search(value)
    return found[0] if found else ""


def _written_date(html: str) -> str:
    """The date of the first `time` element, or of JSON-LD, wherever it stands."""
    at = html.find("<time")
    found = _TIME.match(html, at) if at >= 0 else None
    if found and "datetime" in (attributes := dict(_attributes(found[1]))):
        return attributes["datetime"]
    at = html.find('"datePublished"')
    found = _LD_DATE.match(html, at) if at >= 0 else None
    return found[1] if found else ""


def _head_end(html: str) -> int:
    ends = (html.find(sign, 0, _HEAD_CHARACTERS) for sign in ("</head", "</HEAD", "<body", "<BODY"))
    return min((end for end in ends if end >= 0), default=_HEAD_CHARACTERS)


def _licence_link(html: str) -> str:
    """Address of a link that leads to Creative Commons, or else of the first that says `rel=license`."""
    for hint in _LICENCE_HINTS:
        at = html.find(hint)
        for _ in range(_MAX_HINTS):
            if at < 0:
                break
            start = html.rfind("<a", max(0, at - 2000), at)
            link = _LICENCE_LINK.match(html, start) if start >= 0 else None
            attributes = dict(_attributes(link[1])) if link and link.end() > at else {}
            address = attributes.get("href", "")
            if "license" in attributes.get("rel", "").lower().split() or _CREATIVE_COMMONS.match(address):
                return address
            at = html.find(hint, at + 1)
    return ""


def _licence(address: str) -> dict[str, str]:
    """`license` as the page gives it, `license_name` as SPDX names it if it is one of Creative Commons."""
    known = {"license_name": spdx_of(address)} if _CREATIVE_COMMONS.match(address) else {}
    return {"license": address, **known}


def _absolute(address: str | None, url: str | None) -> str:
    if not address:
        return ""
    try:
        whole = urljoin(url or "", address.strip())
    except ValueError:
        return ""
    return whole if whole.startswith(("http://", "https://")) else ""


def _signals(metas: Mapping[str, str]) -> dict[str, str]:
    robots = ",".join(metas[name] for name in _ROBOTS_TAGS if name in metas)
    return {
        "robots": _robots(robots),
        "tdm_reservation": metas.get("tdm-reservation", ""),
        "tdm_policy": metas.get("tdm-policy", ""),
    }


def _robots(value: str) -> str:
    return ",".join(sorted(_KEPT_ROBOTS & set(_ROBOTS.findall(_PREVIEW.sub("", value.lower())))))


def _tidy(value: str) -> str:
    return " ".join(value.split())[:_MAX_VALUE]

"""One page as bytes to one document: charset, guards, main content, metadata. What every source of web pages shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from curation.collect.charset import decode
from curation.collect.extract.extractors import ExtractorName, extract_page, is_doubtful
from curation.collect.extract.guard import Guards
from curation.collect.extract.isolate import extract_apart
from curation.collect.extract.metadata import header_signals, page_metadata
from curation.collect.source import FileSource
from curation.errors import DataError

__all__ = ["HTML_TYPES", "PageSource"]

HTML_TYPES = ("text/html", "application/xhtml+xml")
_LOST_CHARACTERS = 0.05
# What may run in this process on a page that looks harmless, by extractor: for the cascade, its first half.
_FAST: dict[ExtractorName, ExtractorName] = {
    "resiliparse": "resiliparse",
    "all_text": "all_text",
    "cascade": "resiliparse",
}


class PageSource(FileSource):
    """A source of web pages. `extractor` picks how the main content is found, `guards` what a page may be like."""

    version: ClassVar[int] = 2

    extractor: ExtractorName = "cascade"
    guards: Guards = Guards()
    max_record_bytes: int = Field(64 << 20, gt=0)

    def document(
        self, content: bytes, is_html: bool, url: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Text and metadata. Raises DataError for what cannot be one document."""
        headers = headers or {}
        if is_html:
            self.guards.check_size(content)
        decoded = decode(content, _charset(headers.get("content-type", "")), is_html)
        if decoded.replaced > _LOST_CHARACTERS * len(decoded.text):
            detail = f"{decoded.replaced} of {len(decoded.text)} characters are not {decoded.charset}"
            raise DataError("undecodable", detail)
        meta: dict[str, Any] = {"charset": decoded.charset, **header_signals(headers)}
        if not is_html:
            return decoded.text, meta
        meta.update(page_metadata(decoded.text, url))
        text, meta["extractor"] = self._extracted(decoded.text)
        if not text.strip() and decoded.text.strip():
            raise DataError("empty_extraction", "a page in which the extractor found no text")
        return text, meta

    def _extracted(self, html: str) -> tuple[str, str]:
        """The text, and which extractor it is from."""
        packed, guards = html.encode(), self.guards
        risky = guards.is_risky(packed)
        extractor: ExtractorName = "resiliparse" if risky and self.extractor == "cascade" else self.extractor
        if guards.isolate == "never":
            return extract_page(extractor, html)
        if guards.isolate == "risky" and not risky and extractor in _FAST:
            text, name = extract_page(_FAST[extractor], html)
            if extractor != "cascade" or not is_doubtful(text):
                return text, name
        answer = extract_apart(extractor, packed, guards.cpu_seconds, guards.memory_bytes)
        name, _, text = answer.partition("\n")
        return text, name


def _charset(content_type: str) -> str | None:
    _, found, rest = content_type.lower().partition("charset=")
    return rest.partition(";")[0].strip(" \"'") or None if found else None

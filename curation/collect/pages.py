"""One page as bytes to one document: charset, guards, main content, metadata. What every source of web pages shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from curation.collect.charset import decode
from curation.collect.extract.extractors import SLOW, ExtractorName, extract_text, is_doubtful
from curation.collect.extract.guard import Guards
from curation.collect.extract.isolate import extract_apart
from curation.collect.extract.metadata import header_signals, page_metadata
from curation.collect.source import FileSource
from curation.errors import DataError

__all__ = ["HTML_TYPES", "PageSource"]

HTML_TYPES = ("text/html", "application/xhtml+xml")
_LOST_CHARACTERS = 0.05


class PageSource(FileSource):
    """A source of web pages. `extractor` picks how the main content is found, `guards` what a page may be like."""

    version: ClassVar[int] = 1

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
        packed = html.encode()
        risky = self.guards.is_risky(packed)
        apart = self.guards.isolate == "always" or (risky and self.guards.isolate == "risky")
        if self.extractor != "cascade":
            return self._run(self.extractor, html, packed, apart), self.extractor
        fast = self._run("resiliparse", html, packed, apart)
        precise = self._run("trafilatura", html, packed, True) if is_doubtful(fast) and not risky else ""
        return (precise, "trafilatura") if precise.strip() else (fast, "resiliparse")

    def _run(self, extractor: ExtractorName, html: str, packed: bytes, apart: bool) -> str:
        if self.guards.isolate == "never" or not (apart or extractor in SLOW):
            return extract_text(extractor, html)
        return extract_apart(extractor, packed, self.guards.cpu_seconds, self.guards.memory_bytes)


def _charset(content_type: str) -> str | None:
    _, found, rest = content_type.lower().partition("charset=")
    return rest.partition(";")[0].strip(" \"'") or None if found else None

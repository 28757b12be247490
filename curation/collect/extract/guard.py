"""What a page may be like to be parsed here, parsed where it can be stopped, or not at all."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from curation.errors import DataError
from curation.kernels.html_scan import ATTRIBUTES, DEPTH, FORMATTING, OPTIONS, TAGS, scan_html

__all__ = ["Guards"]

# Above these a page is parsed in a process that can be stopped. Of ordinary pages fewer than one in a thousand is.
_CALM = {DEPTH: 200, ATTRIBUTES: 200, OPTIONS: 2000, FORMATTING: 200, TAGS: 20_000}
_REASONS = {
    DEPTH: "html_too_deep",
    ATTRIBUTES: "html_too_many_attributes",
    OPTIONS: "html_too_many_options",
    FORMATTING: "html_too_many_open_elements",
    TAGS: "html_too_many_tags",
}


class Guards(BaseModel):
    """Caps on one page; what is above a cap goes to quarantine. None takes a cap away, except that on depth.

    Pages that look risky are not given to the slow extractor by the cascade. `isolate` says which pages are parsed in a
    child process that can be stopped: all, those that look risky before parsing (and all that the slow extractor sees),
    or none. All cost a tenth more time with the fast extractor, nothing with the others, and a parser that crashes then
    costs one page and not the run. `cpu_seconds` and `memory_bytes` hold for that process.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    max_html_bytes: int | None = Field(10 << 20, gt=0)
    max_depth: int = Field(3000, gt=0)
    max_attributes: int | None = Field(5000, gt=0)
    max_options: int | None = Field(10_000, gt=0)
    max_open_elements: int | None = Field(3000, gt=0)
    max_tags: int | None = Field(500_000, gt=0)
    cpu_seconds: float = Field(2.0, gt=0)
    memory_bytes: int = Field(560 << 20, gt=0)
    isolate: Literal["risky", "always", "never"] = "always"

    def check_size(self, content: bytes) -> None:
        """Raise DataError for more bytes than a page may have."""
        if self.max_html_bytes is not None and len(content) > self.max_html_bytes:
            raise DataError("html_too_large", f"{len(content)} bytes, more than max_html_bytes {self.max_html_bytes}")

    def is_risky(self, html: bytes) -> bool:
        """Whether a page (UTF-8) should be parsed apart. Raises DataError for one that must not be parsed at all."""
        self.check_size(html)
        found = scan_html(np.frombuffer(html, np.uint8), 0, len(html), self.max_depth + 1)
        for measure, limit in self._limits().items():
            if limit is not None and found[measure] > limit:
                raise DataError(_REASONS[measure], f"{found[measure]}, more than {limit}")
        return any(found[measure] > calm for measure, calm in _CALM.items())

    def _limits(self) -> dict[int, int | None]:
        return {
            DEPTH: self.max_depth,
            ATTRIBUTES: self.max_attributes,
            OPTIONS: self.max_options,
            FORMATTING: self.max_open_elements,
            TAGS: self.max_tags,
        }

"""When a run stops by itself: budgets of memory and disk, and shares of records that may be lost."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from curation.sizes import Size

__all__ = ["Limits"]


class Limits(BaseModel):
    """When a run stops by itself. Nothing here changes a byte of a run that gets through.

    `max_memory` and `max_disk` are the most that the run's processes on this machine and its directory may take; they
    also decide how many workers there are, and how large batches and global steps. `min_free_disk` is what must stay
    free on the disk. Sizes are written like 4GB. Shares are of the records, or documents, that were read; a run stops
    as soon as it is certain that one is passed. `max_dropped_share_by` holds them by reason: a rule's, or
    `duplicate.LABEL` or `emptied.LABEL` of a grouping. Null means no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    max_memory: Size | None = None
    max_disk: Size | None = None
    min_free_disk: Size = 256 << 20
    max_quarantined_share: float | None = Field(0.5, ge=0, le=1)
    max_dropped_share: float | None = Field(None, ge=0, le=1)
    max_dropped_share_by: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}

"""The error tree. A class is named by what the caller should do, and carries the exit code of the command line.

GristmillError          1   anything else that stops a run
├── LimitError          1   a limit of the recipe was reached: look at what went wrong, or raise it
├── RecipeError         2   mend the recipe
├── ResourceError       3   provide what is missing: a file, a model, memory, a free run directory
├── ContractError       4   mend the operator: it broke its own promise
├── DataError           -   one record is bad: it goes to quarantine and the run goes on
└── IntegrityError      5   do not trust these files: run the stage again
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

__all__ = [
    "ContractError",
    "DataError",
    "GristmillError",
    "IntegrityError",
    "LimitError",
    "RecipeError",
    "ResourceError",
    "nearest",
]


_LISTED = 20


class GristmillError(Exception):
    """One line for the user: where, what was found, what was expected, what to do."""

    exit_code = 1

    def __init__(self, where: str, found: str, expected: str, do: str) -> None:
        super().__init__(where, found, expected, do)
        self.where, self.found, self.expected, self.do = where, found, expected, do

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}; {self.do}"


class LimitError(GristmillError):
    exit_code = 1


class RecipeError(GristmillError):
    exit_code = 2


class ResourceError(GristmillError):
    exit_code = 3

    @classmethod
    def of(cls, error: OSError) -> ResourceError:
        """A disk that is full, a file that cannot be read: what the operating system said, and of which file."""
        where = f"file {error.filename}" if error.filename else "a file of the run"
        do = "free some space" if error.errno == errno.ENOSPC else "look after the disk or the permissions"
        return cls(where, error.strerror or str(error), "a file system that works", f"{do}, then run again to go on")


class ContractError(GristmillError):
    exit_code = 4


class IntegrityError(GristmillError):
    exit_code = 5


class DataError(GristmillError):
    """A record that cannot be used. `reason` is short and stable, `detail` never holds document text."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__("record", detail, "a readable record", "it is kept in quarantine")
        self.reason, self.detail = reason, detail

    def __reduce__(self) -> tuple[type[DataError], tuple[str, str]]:
        return type(self), (self.reason, self.detail)


def nearest(word: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the closest known one, or the list, shortened when it is long."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"known: {', '.join(names[:_LISTED])}{more}"

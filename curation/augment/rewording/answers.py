"""Answers of models, each asked for once: kept by the content of what was asked, on disk while a run is under way.

Whoever runs the operators opens a `Desk`, says where answers are kept and how an endpoint is reached (`curation` knows
no network). Without one, local models are asked each time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import orjson

from curation.augment.rewording.local import ask_local
from curation.augment.rewording.models import Endpoint, LocalModel, Model
from curation.errors import DataError, ResourceError
from curation.files import digest_of, whole_file

__all__ = ["OVER_BUDGET", "Desk", "Request", "ask", "desk"]

# The reason of documents for which a step has no requests or tokens left.
OVER_BUDGET = "over_budget"


class Request(NamedTuple):
    prompt: str
    seed: int


# An answer, or the error that stands for it.
Answer = str | DataError


@dataclass
class Desk:
    """`folder` keeps answers, `connect` asks an endpoint, `share` is the part of all documents that is worked on here,
    and `offline` asks nobody for what is not kept.

    Failures are remembered as long as the desk is open, and not kept: the next run tries them again.
    """

    folder: Path | None = None
    connect: Callable[[Endpoint, Sequence[Request]], list[Answer]] | None = None
    share: float = 1.0
    offline: bool = False
    failed: dict[str, DataError] = field(default_factory=dict)
    spent: dict[str, dict[str, int]] = field(default_factory=dict)

    def within(self, step: str, key: str, cost: int, limit: int | None) -> bool:
        """Whether a step can still pay for what `key` stands for; asked again, it costs nothing more."""
        if limit is None:
            return True
        paid = self.spent.setdefault(step, {})
        if key not in paid and sum(paid.values()) + cost > limit * self.share:
            return False
        paid[key] = cost
        return True

    def read(self, key: str) -> Answer | None:
        if key in self.failed:
            return self.failed[key]
        try:
            return str(orjson.loads(self._path(key).read_bytes())["answer"]) if self.folder else None
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError):
            return None

    def keep(self, key: str, answer: Answer) -> None:
        if isinstance(answer, DataError):
            self.failed[key] = answer
        elif self.folder is not None:
            with whole_file(self._path(key)) as file:
                file.write(orjson.dumps({"answer": answer}))

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"


_current: ContextVar[Desk | None] = ContextVar("desk", default=None)


@contextlib.contextmanager
def desk(opened: Desk) -> Iterator[Desk]:
    token = _current.set(opened)
    try:
        yield opened
    finally:
        _current.reset(token)


def current() -> Desk:
    return _current.get() or Desk()


def ask(model: Model, requests: Sequence[Request]) -> list[Answer]:
    """One answer for each request, from what is kept or from the model."""
    here, identity = current(), model.identity()
    # Without chance, the seed decides nothing.
    keys = [digest_of([identity, each.prompt, each.seed if model.temperature else None]) for each in requests]
    known: dict[str, Answer] = {}
    for key in dict.fromkeys(keys):
        answer = here.read(key)
        if answer is not None:
            known[key] = answer
    missing = {key: each for key, each in zip(keys, requests, strict=True) if key not in known}
    for key, answer in zip(missing, _asked(model, list(missing.values()), here), strict=True):
        known[key] = answer
        here.keep(key, answer)
    return [known[key] for key in keys]


def _asked(model: Model, requests: list[Request], here: Desk) -> Iterable[Answer]:
    """Answers, those of a local model one by one, so that those before a failure are kept."""
    if not requests:
        return []
    if here.offline:
        return [DataError("not_asked", "nobody is asked")] * len(requests)
    if isinstance(model, LocalModel):
        return ask_local(model, [each.prompt for each in requests], [each.seed for each in requests])
    if here.connect is None:
        raise ResourceError(f"endpoint {model.url}", "no run", "a run, which has a network", "use `gristmill run`")
    return here.connect(model, requests)

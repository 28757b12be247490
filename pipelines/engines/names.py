"""Short names of runners, and what a user's own options for them say."""

from __future__ import annotations

from collections.abc import Sequence

from curation.errors import RecipeError, nearest
from pipelines.engine import LOCAL

__all__ = ["RUNNERS", "beam_name", "value_of"]

RUNNERS = {
    "direct": LOCAL,
    "portable": "PortableRunner",
    "prism": "PrismRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
}


def beam_name(runner: str) -> str:
    """Beam's name of a runner; also its own names are understood, and a dotted path to a class."""
    name = RUNNERS.get(runner, runner)
    if name in RUNNERS.values() or "." in name:
        return name
    raise RecipeError("--runner", f"`{runner}`", "the name of a runner", nearest(runner.lower(), RUNNERS))


def value_of(options: Sequence[str], *names: str) -> str | None:
    """What is given last for any of these options, as `--name=value` or `--name value`."""
    found = None
    for place, option in enumerate(options):
        name, equals, value = option.partition("=")
        if name in names:
            found = value if equals else next(iter(options[place + 1 : place + 2]), "")
    return found

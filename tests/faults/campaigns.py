"""Campaigns of one kind of fault each. A campaign tries so many faults on one ground and tells what was wrong."""

from __future__ import annotations

import errno
import random
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.harness import EVERY, READ, RENAME, SYNC, WRITE, Fault, Ground, Result, ended_well, healed

__all__ = ["CAMPAIGNS", "Tally"]

KINDS = {"any call": EVERY, "read": READ, "write": WRITE, "fsync": SYNC, "rename": RENAME}
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@dataclass
class Tally:
    """How many faults were tried, how many of them changed how the run went, and what was wrong."""

    tried: int = 0
    struck: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, fault: object, problem: str | None, struck: bool) -> None:
        self.tried += 1
        self.struck += struck
        if problem:
            self.wrong.append(f"{fault}: {problem}")


Campaign = Callable[[Ground, int], Tally]


def _each(ground: Ground, faults: Iterable[Fault]) -> Tally:
    tally = Tally()
    for fault in faults:
        ground.clear()
        result = ground.harness.run(ground.root, fault)
        tally.add(fault, ended_well(ground, result) or healed(ground), result.code != 0)
    return tally


def _evenly(count: int, calls: int) -> list[int]:
    """`count` numbers of calls, over all of them; all when there are no more."""
    return sorted({1 + number * calls // count for number in range(count)})


def failing_calls(ground: Ground, count: int) -> Tally:
    """One call returns an I/O error, one in fifty of the runs on Beam."""
    numbers = _evenly(count, ground.calls)
    return _each(ground, [Fault(first=first, loop=number % 50 != 0) for number, first in enumerate(numbers)])


def full_disk(ground: Ground, count: int) -> Tally:
    """From one write on there is no space left."""
    numbers = enumerate(_evenly(count, ground.writes))
    return _each(ground, [Fault(WRITE, n, errno.ENOSPC, lasting=True, loop=number % 50 != 0) for number, n in numbers])


def kills(ground: Ground, count: int) -> Tally:
    """-9, TERM and Ctrl-C in turn, before a random call on a file: what a kill leaves depends on nothing else."""
    chance = random.Random(1)
    return _each(
        ground,
        [
            Fault(first=chance.randint(1, ground.calls), error=-SIGNALS[number % 3], loop=number % 4 != 0)
            for number in range(count)
        ],
    )


def timed_kills(ground: Ground, count: int) -> Tally:
    """The same at random moments of time, with two workers; Ctrl-C goes to all processes, as terminals do it."""
    chance, tally = random.Random(2), Tally()
    ground.clear()
    length = ground.harness.run(ground.root, Fault(workers=2, loop=False)).seconds
    while tally.tried < count:
        sent = SIGNALS[tally.tried % 3]
        whom = "group" if sent == signal.SIGINT else "driver"
        ground.clear()
        fault = Fault(signal=sent, at=chance.uniform(0, length), whom=whom, workers=2, loop=False)
        result = ground.harness.run(ground.root, fault)
        if result.struck:
            tally.add(fault, ended_well(ground, result) or healed(ground), True)
        else:  # it ended before: the machine is less busy now
            length = min(length, result.seconds)
    return tally


def killed_workers(ground: Ground, count: int) -> Tally:
    """One of two workers is killed at a random moment: the same run goes on to its end."""
    chance, tally = random.Random(3), Tally()
    while tally.tried < count:
        ground.clear()
        fault = Fault(signal=signal.SIGKILL, at=chance.uniform(0, ground.seconds), whom="worker", workers=2, loop=False)
        result = ground.harness.run(ground.root, fault)
        if result.struck:
            tally.add(fault, _whole(ground, result), True)
    return tally


def retried_bundles(ground: Ground, count: int) -> Tally:
    """Units are done twice, by two threads at once, or break off in the middle and are done again."""
    tally = Tally()
    for seed in range(1, count + 1):
        ground.clear()
        fault = Fault(retries=seed, loop=False)
        tally.add(fault, _whole(ground, ground.harness.run(ground.root, fault)), True)
    return tally


def _whole(ground: Ground, result: Result) -> str | None:
    if result.code:
        return f"exit {result.code}: {result.printed[-1000:]}"
    return ended_well(ground, result) or healed(ground)


def two_processes(ground: Ground, count: int) -> Tally:
    """Two runs in one directory, begun within a moment: one works, the other says who does."""
    chance, tally = random.Random(4), Tally()
    for _ in range(count):
        ground.clear()
        fault = Fault(delay=chance.choice([0.0, 0.02, 0.2, chance.uniform(0, ground.seconds)]), loop=True)
        results = ground.harness.together([ground.root] * 2, [Fault(loop=True), fault])
        tally.add(fault, _one_works(results) or healed(ground), all(result.code == 0 for result in results) is False)
    return tally


def _one_works(results: list[Result]) -> str | None:
    """Both may end well: the second after the first."""
    told = [result for result in results if result.code]
    if len(told) > 1:
        return f"nobody worked: {[result.printed[-300:] for result in told]}"
    for result in told:
        if result.code != 3 or "found a run in progress (process " not in result.printed:
            return f"exit {result.code}: {result.printed[-500:]}"
    return None


def cut_files(ground: Ground, count: int) -> Tally:
    """A file of a finished run loses its end: the next run makes it again."""
    return _damaged(ground, count, random.Random(5), _cut)


def flipped_bits(ground: Ground, count: int) -> Tally:
    """One bit of a file of a finished run is turned: `verify` names the file, and without it the next run heals."""
    return _damaged(ground, count, random.Random(6), _flip)


def _cut(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _damaged(ground: Ground, count: int, chance: random.Random, damage: Callable[[Path, random.Random], None]) -> Tally:
    tally = Tally()
    ground.clear()
    ground.harness.run(ground.root)
    names = sorted(name for name in ground.expected if (ground.root / name).stat().st_size)
    for name in chance.sample(names, min(count, len(names))):
        damage(ground.root / name, chance)
        tally.add((damage.__name__, name), _noticed(ground, name) or healed(ground), True)
        if tally.wrong and ground.digests(ground.root) != ground.expected:
            ground.clear()
            ground.harness.run(ground.root)
    return tally


def _noticed(ground: Ground, name: str) -> str | None:
    """`verify` must say it; what it names is taken away."""
    from curation.errors import IntegrityError
    from pipelines.verify import verify_path

    try:
        verify_path(ground.root)
    except IntegrityError as error:
        if not name.endswith(error.where):
            return f"verify names {error.where}"
        (ground.root / name).unlink()
        return None
    return "verify says that all is well"


CAMPAIGNS: dict[str, tuple[Campaign, int, int]] = {
    # how many in every run of the tests, and how many in all
    "failing calls": (failing_calls, 4, 500),
    "full disk": (full_disk, 2, 200),
    "kills": (kills, 3, 80),
    "timed kills, two workers": (timed_kills, 0, 20),
    "killed workers": (killed_workers, 1, 10),
    "retried bundles": (retried_bundles, 1, 20),
    "two processes": (two_processes, 1, 50),
    "cut files": (cut_files, 3, 100),
    "flipped bits": (flipped_bits, 3, 100),
}

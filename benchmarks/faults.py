"""Campaigns of faults: `python -m benchmarks.faults [--only "full disk"] [--share 0.1]`; needs a C compiler.

Every fault is a run of a small recipe through every stage, and one more that heals it; the end is compared byte for
byte with that of a run that was never disturbed. With `--only`, rows of other campaigns stay as they were.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from tests.faults.campaigns import CAMPAIGNS
from tests.faults.ground import prepared

TIMES = {"logs", "run.lock"}


def digests(root: Path) -> dict[str, str]:
    """sha256 of every file of a run but its log of times and who held the lock."""
    names = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()}
    return {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in names.items() if n.split("/")[0] not in TIMES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=CAMPAIGNS, help="may be given more than once")
    parser.add_argument("--share", type=float, default=1.0, help="of the faults of each campaign")
    parser.add_argument("--to", type=Path, default=Path("benchmarks/results/faults.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ground = prepared(Path(name), digests)
        for campaign in options.only or CAMPAIGNS:
            function, _, many = CAMPAIGNS[campaign]
            began = time.monotonic()
            tally = function(ground, max(1, round(many * options.share)))
            for problem in tally.wrong:
                print(problem, file=sys.stderr, flush=True)
            row = {"campaign": campaign, "what": " ".join((function.__doc__ or "").split()), "tried": tally.tried}
            row |= {"struck": tally.struck, "not_as_before": len(tally.wrong)}
            row |= {"wall_s": round(time.monotonic() - began), "calls": ground.calls, "writes": ground.writes}
            print(row, flush=True)
            _keep(options.to, row)
        ground.harness.close()


def _keep(path: Path, row: dict[str, Any]) -> None:
    """At once after each campaign: what is broken off leaves what it has."""
    rows = {each["campaign"]: each for each in json.loads(path.read_text())["rows"]} if path.exists() else {}
    rows[row["campaign"]] = row
    result = {
        "command": "python -m benchmarks.faults",
        "machine": machine(),
        "versions": {name: version(name) for name in ("gristmill", "apache-beam", "pyarrow", "numba")},
        "python": platform.python_version(),
        "rows": [rows[name] for name in CAMPAIGNS if name in rows],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    path.with_suffix(".md").write_text(markdown(result["rows"]))


def markdown(rows: list[dict[str, Any]]) -> str:
    calls, writes = max(row["calls"] for row in rows), max(row["writes"] for row in rows)
    about = f"A small recipe through every stage, {calls:,} calls on files, {writes} writes"
    lines = [
        "# Faults (`python -m benchmarks.faults`)",
        "",
        f"{about}; every fault is a run, and one more that heals it.",
        "",
    ]
    lines += ["| campaign | faults | of them changed how the run went | runs that did not end as before |"]
    lines += ["|---|---:|---:|---:|"]
    lines += [f"| {row['what']} | {row['tried']} | {row['struck']} | {row['not_as_before']} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

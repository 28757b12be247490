"""A takedown from a run of a hundred thousand documents: `python -m benchmarks.forget`.

The run is that of `benchmarks.audit`. Each takedown names another document; what a request by words costs above one by
address is the search through the text as every stage left it. `--run DIR` takes documents out of a copy of a run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks.audit import make_run
from benchmarks.measure import Usage, machine, measured
from curation.manifest import MANIFEST, Manifest
from curation.shards import read_shard


def published(run: Path, wanted: int) -> list[dict[str, str]]:
    """Documents of the dataset, evenly spread."""
    manifest = Manifest.read(run / "dataset" / MANIFEST)
    rows = []
    for file in manifest.shards("data-"):
        for batch in read_shard(run / "dataset", file):
            rows += batch.select(["url", "text"]).slice(0, 50).to_pylist()
    return rows[:: max(1, len(rows) // wanted)][:wanted]


def taken_out(root: Path, *request: str) -> Usage:
    return measured([sys.executable, "-m", "pipelines", "forget", str(root), *request, "--yes"])


def row(what: str, found: list[Usage]) -> dict[str, object]:
    """Medians over takedowns."""
    names = ("wall_s", "cpu_s", "peak_mib")
    return {"what": what, **{name: statistics.median(getattr(each, name) for each in found) for name in names}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/forget.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = options.run or make_run(Path(name), options.documents)
        run, alone = Path(shutil.copytree(made, Path(name) / "copy")), Path(name) / "alone"
        shutil.copytree(run / "dataset", alone)
        documents = published(run, 3 * options.repeats)
        size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
        rows = [
            row("run, by address", [taken_out(run, "--url", each["url"]) for each in documents[0::3]]),
            row("run, by words", [taken_out(run, "--match", each["text"][:60]) for each in documents[1::3]]),
            row("dataset alone, by address", [taken_out(alone, "--url", each["url"]) for each in documents[2::3]]),
        ]
        rows.append(row("verify", [measured([sys.executable, "-m", "pipelines", "verify", str(run)])]))
        read = json.loads((run / "ledger" / MANIFEST).read_bytes())["counts"]["rows"]
    found = {
        "command": f"python -m benchmarks.forget --documents {options.documents}",
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        "scheduling": "ordinary" if os.sched_getscheduler(0) == os.SCHED_OTHER else "before all others (real time)",
        "versions": {name: version(name) for name in ("gristmill", "pyarrow")},
        "ledger_rows": read,
        "run_mib": round(size / (1 << 20)),
        "rows": rows,
    }
    options.output.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

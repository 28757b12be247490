"""Peak memory of a whole run at growing sizes: `python -m benchmarks.memory --sizes 200 2000 --workers 2`.

Memory is the sum over the process tree of proportional set sizes (shared pages are counted once), sampled five times a
second; of it the anonymous pages, which are not a file's and cannot be given back; and beside it the largest resident
set of a single process.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.corpus import make_corpus

RECIPE = """
name: memory
sources:
  - jsonl: {{name: docs, path: "{folder}"}}
clean:
  - normalize_unicode
  - clean_lines
  - gopher_quality
rules:
  - {{reason: empty_text, attribute: text.characters, min: 1}}
  - {{reason: too_few_words, attribute: gopher_quality.words, min: 20}}
dedup:
  - exact: {{on: normalized}}
augment:
  - word_noise: {{share: 0.05}}
"""


def measure(command: list[str]) -> dict[str, float]:
    began = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    tree = anonymous = largest = 0
    while process.poll() is None:
        now = [_sizes(each) for each in [process, *_children(process)]]
        tree = max(tree, sum(size["Pss"] for size in now))
        anonymous = max(anonymous, sum(size["Pss_Anon"] for size in now))
        largest = max([largest, *(size["Rss"] for size in now)])
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(process.stderr.read().decode())
    wall = round(time.perf_counter() - began, 1)
    sizes = {"tree_mib": tree >> 10, "anonymous_mib": anonymous >> 10, "largest_process_mib": largest >> 10}
    return {**sizes, "wall_s": wall}


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _sizes(process: psutil.Process) -> dict[str, int]:
    """Kibibytes; nothing of a process that has ended."""
    sizes = dict.fromkeys(("Rss", "Pss", "Pss_Anon"), 0)
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return sizes
    found = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith(" kB")}
    return {name: found.get(name, 0) for name in sizes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 2000], help="megabytes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/memory.json"))
    options = parser.parse_args()
    rows = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            documents = make_corpus(folder / "corpus", size, files=max(4, size // 100))
            (folder / "recipe.yaml").write_text(RECIPE.format(folder=folder / "corpus"))
            run = ["run", str(folder / "recipe.yaml"), "--to", str(folder / "run")]
            command = [sys.executable, "-m", "pipelines", *run]
            row = {"megabytes": size, "documents": documents}
            rows.append({**row, **measure([*command, "--workers", str(options.workers), "-q"])})
            print(rows[-1], flush=True)
    result = {
        "command": f"python -m benchmarks.memory {' '.join(sys.argv[1:])}",
        "machine": f"{platform.machine()}, {psutil.cpu_count()} cores",
        "versions": {name: version(name) for name in ("gristmill", "apache-beam", "pyarrow", "numba")},
        "python": platform.python_version(),
        "rows": rows,
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Who may import whom, seen from fresh processes and by import-linter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("apache_beam", "torch", "datasets", "transformers", "numba")


def loaded_after(statement):
    code = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.split()


@pytest.mark.parametrize("statement", ["import curation", "import curation.recipe_file", "import pipelines.cli"])
def test_importing_loads_nothing_heavy(statement):
    assert loaded_after(statement) == []


def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['x', '--help']\nfrom pipelines.cli import main\ntry: main()\nexcept SystemExit: pass"
    )
    assert [name for name in loaded_after(code) if name in (*HEAVY, "pyarrow")] == []


def test_workers_load_no_beam():
    assert "apache_beam" not in loaded_after("import pipelines.tasks.execute, pipelines.tasks.clean")


def test_the_arrows_between_rooms_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_a_process_of_ours_makes_arrays_and_pipelines_without_pandas():
    code = (
        "import sys; from pipelines.lean import slim_process; slim_process(); import pyarrow; pyarrow.array(['a'])\n"
        "import pipelines.graph; assert 'apache_beam' in sys.modules; assert 'pandas' not in sys.modules\n"
        "import pandas; assert pandas.DataFrame"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_run_begins_without_threads_for_linear_algebra():
    code = (
        "import os, sys; sys.argv = ['x', 'run', 'no_such.yaml']\nfrom pipelines.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "import numpy; print(*(open(f'/proc/self/task/{task}/comm').read() for task in os.listdir('/proc/self/task')))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment)
    threads = [name for name in done.stdout.split() if name != "jemalloc_bg_thd"]
    assert len(threads) == 1, done.stderr


@pytest.mark.parametrize(
    "start", ["from pipelines.lean import slim_process as s; s()", "import pipelines.worker_server"]
)
def test_at_its_end_a_process_of_ours_takes_nothing_apart(start):
    code = (
        f"{start}\n"
        "class Cycle:\n    def __init__(self): self.own = self\n    def __del__(self): print('taken apart')\n"
        "Cycle()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == ""

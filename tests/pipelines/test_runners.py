"""Other Beam runners leave the same bytes as the one in this process."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.cluster import worker_pool

PRISM = Path(sys.executable).parent / "prism"


def run_on(runner, options, recipe, root):
    command = [sys.executable, "-m", "pipelines", "run", str(recipe), "--to", str(root), "-q", "--runner", runner]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.timeout(300)
def test_the_portable_runner_with_external_workers(recipe_path, reference_run, tmp_path, digests):
    with worker_pool(tmp_path) as workers:
        options = ["--environment_type=EXTERNAL", f"--environment_config={workers}"]
        run_on("portable", ["--job-endpoint", "embed", "--", *options], recipe_path, tmp_path / "run")
    assert digests(tmp_path / "run") == digests(reference_run)


@pytest.mark.timeout(300)
@pytest.mark.skipif(not PRISM.is_file(), reason="`make prism` builds Beam's Prism runner where Go is at hand")
def test_prism(recipe_path, reference_run, tmp_path, digests):
    run_on("prism", ["--", f"--prism_location={PRISM}"], recipe_path, tmp_path / "run")
    assert digests(tmp_path / "run") == digests(reference_run)

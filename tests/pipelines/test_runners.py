"""Other Beam runners leave the same bytes as the one in this process."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

PRISM = Path(sys.executable).parent / "prism"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def worker_pool():
    """An external pool of Beam workers, as a cluster has them. It starts whatever `python` is on the path."""
    port = free_port()
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PATH": path}
    )
    for _ in range(150):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait()


def run_on(runner, options, recipe, root):
    command = [sys.executable, "-m", "pipelines", "run", str(recipe), "--to", str(root), "-q", "--runner", runner]
    done = subprocess.run([*command, "--", *options], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.timeout(300)
def test_the_portable_runner_with_external_workers(recipe_path, reference_run, tmp_path, digests, worker_pool):
    options = ["--job_endpoint=embed", "--environment_type=EXTERNAL", f"--environment_config={worker_pool}"]
    run_on("PortableRunner", options, recipe_path, tmp_path / "run")
    assert digests(tmp_path / "run") == digests(reference_run)


@pytest.mark.timeout(300)
@pytest.mark.skipif(not PRISM.is_file(), reason="`make prism` builds Beam's Prism runner where Go is at hand")
def test_prism(recipe_path, reference_run, tmp_path, digests):
    options = [f"--prism_location={PRISM}", "--environment_type=LOOPBACK"]
    run_on("PrismRunner", options, recipe_path, tmp_path / "run")
    assert digests(tmp_path / "run") == digests(reference_run)

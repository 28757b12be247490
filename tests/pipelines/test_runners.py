"""Other Beam runners leave the same bytes as the one in this process."""

import socket
import subprocess
import sys
import time

import pytest

from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def worker_pool():
    """An external pool of Beam workers, as a cluster has them."""
    port = free_port()
    command = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(150):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait()


@pytest.mark.timeout(300)
def test_the_portable_runner_with_external_workers(recipe_text, reference_run, tmp_path, digests, worker_pool):
    options = ("--job_endpoint=embed", "--environment_type=EXTERNAL", f"--environment_config={worker_pool}")
    chosen = Options(workers=1, quiet=True, runner="PortableRunner", runner_options=options)
    run_recipe(parse_recipe(recipe_text), tmp_path, chosen)
    assert digests(tmp_path) == digests(reference_run)

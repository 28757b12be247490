"""Real engines leave the same bytes as this process, also when one of their machines dies."""

import shutil
import subprocess
import sys

import pytest

from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe
from tests.engines.cluster import flink_cluster, missing, until, worker_pool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
flink = pytest.mark.skipif(missing("flink") is not None, reason=f"Flink: {missing('flink')}")
spark = pytest.mark.skipif(missing("spark") is not None, reason=f"Spark: {missing('spark')}")

RECIPE = """
name: engines
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 40000}}
clean: [normalize_unicode]
rules:
  - {{reason: too_short, attribute: text.characters, min: 50}}
dedup:
  - exact: {{on: normalized}}
dataset:
  splits: {{train: 0.8, test: 0.2}}
  shard_bytes: 20000
"""


@pytest.fixture(scope="module")
def recipe(corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "engines.yaml"
    path.write_text(RECIPE.format(corpus=corpus))
    return path


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    """A run in this process."""
    root = tmp_path_factory.mktemp("here")
    run_recipe(parse_recipe(recipe.read_text()), root, Options(workers=1, quiet=True))
    return root


@pytest.fixture(scope="module")
def here(finished, digests):
    """Digests of every file that it leaves."""
    return digests(finished)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A cluster of two task managers, and what a run on it is told."""
    folder = tmp_path_factory.mktemp("cluster")
    with flink_cluster(folder) as cluster, worker_pool(folder) as workers:
        where = [f"--environment_config={workers}", f"--flink_master={cluster.master}", "--parallelism=2"]
        yield cluster, ["flink", "--", "--environment_type=EXTERNAL", *where]


def start(recipe, root, *runner):
    command = [sys.executable, "-m", "pipelines", "run", str(recipe), "--to", str(root), "-q", "--runner", *runner]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process):
    _, said = process.communicate(timeout=1500)
    assert process.returncode == 0, said[-2000:]
    assert "Traceback" not in said


@flink
def test_flink_in_one_process(recipe, here, tmp_path, digests):
    finish(start(recipe, tmp_path, "flink"))
    assert digests(tmp_path) == here


@spark
def test_spark(recipe, here, tmp_path, digests):
    finish(start(recipe, tmp_path, "spark"))
    assert digests(tmp_path) == here


@flink
def test_a_flink_cluster_of_two_task_managers(recipe, here, ground, tmp_path, digests):
    finish(start(recipe, tmp_path, *ground[1]))
    assert digests(tmp_path) == here


@flink
def test_a_task_manager_killed_in_the_middle_of_dedup_changes_no_byte(
    recipe, finished, here, ground, tmp_path, digests
):
    cluster, runner = ground
    root = tmp_path / "run"
    shutil.copytree(finished, root)
    for part in ("dedup", "receipts/dedup"):  # all that is left to do
        shutil.rmtree(root / part)
    process = start(recipe, root, *runner)
    busy = until(cluster.busy)
    (job,) = cluster.running()
    cluster.task_managers[busy[0]].kill()
    finish(process)
    assert cluster.failures(job)  # it did hit the job, which was started again on the other one
    assert digests(root) == here

"""A run killed at any moment and started again leaves the same bytes as one that was never disturbed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from curation.recipe_file import parse_recipe
from pipelines import pool
from pipelines.runner import Options, run_recipe

KILLS = 6  # here with processes of their own; tests/faults has a hundred


def start(recipe, root, workers):
    command = [
        sys.executable,
        "-m",
        "pipelines",
        "run",
        str(recipe),
        "--to",
        str(root),
        "--workers",
        str(workers),
        "-q",
    ]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interruptions,
    )


def heed_interruptions():
    """What a shell starts in the background ignores Ctrl-C, and so would all that comes from it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("workers", [1, 2])
def test_kills_at_random_moments_leave_no_trace(recipe_path, reference_run, tmp_path, digests, workers):
    chance = random.Random(workers)
    began = time.monotonic()
    assert start(recipe_path, tmp_path / "whole", workers).wait() == 0
    length = time.monotonic() - began
    kills = KILLS // 2 + (workers == 1)
    # The same directory is killed again and again until a run gets through; then a fresh one is begun.
    root, killed, through = tmp_path / "run0", 0, 0
    while killed < kills:
        fresh, began = not root.exists(), time.monotonic()
        process = start(recipe_path, root, workers)
        try:
            process.wait(chance.uniform(0.3, 1.0) * length)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        assert process.wait() in (0, -signal.SIGKILL), process.stderr.read()
        if process.returncode == 0:
            through += 1
            # On a machine that is less busy now than before, kills must come earlier.
            length = min(length, time.monotonic() - began) if fresh else length
            assert digests(root) == digests(reference_run)
            root = tmp_path / f"run{through}"
    last = start(recipe_path, root, workers)
    assert last.wait() == 0, last.stderr.read()
    assert digests(root) == digests(reference_run)
    assert not list(root.rglob(".tmp-*"))


def test_workers_leave_with_a_killed_driver(recipe_path, tmp_path):
    process = start(recipe_path, tmp_path / "run", 2)
    children = wait_for_workers(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def wait_for_workers(pid):
    """Processes below the driver once it has workers: fork server, resource tracker and the workers."""
    for _ in range(200):
        children = psutil.Process(pid).children(recursive=True)
        if len(children) >= 3:
            return children
        time.sleep(0.1)
    raise AssertionError("the driver never had workers")


def test_a_killed_worker_is_replaced(tmp_path):
    workers = pool.Pool(2)
    marks = [tmp_path / str(number) for number in range(8)]
    assert sorted(workers.run(die_once, [(str(mark), number == 3) for number, mark in enumerate(marks)])) == [True] * 8
    workers.close()


def die_once(mark, dies):
    """Kills its own process the first time it is called with `dies`."""
    if dies and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return True


def test_work_that_kills_every_worker_stops_the_run_with_a_reason():
    workers = pool.Pool(2)
    with pytest.raises(pool.ResourceError, match="died 3 times on the same work"):
        list(workers.run(die_always, [(1,), (2,)]))
    workers.close()


def die_always(_):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("sent", "code", "word"), [(signal.SIGINT, 130, b"interrupted"), (signal.SIGTERM, 143, b"terminated")]
)
def test_an_interrupted_run_says_so_and_can_be_resumed(
    recipe_path, reference_run, tmp_path, digests, sent, code, word, workers
):
    process = start(recipe_path, tmp_path / "run", workers)
    first = tmp_path / "run/receipts/collect/00000.json"
    while not first.exists():
        time.sleep(0.01)
    process.send_signal(sent)
    _, printed = process.communicate(timeout=20)
    assert (process.returncode, printed) == (code, b"gristmill: " + word + b"; run the same command to go on\n")
    assert not (tmp_path / "run/dataset/manifest.json").exists()
    assert start(recipe_path, tmp_path / "run", workers).wait() == 0
    assert digests(tmp_path / "run") == digests(reference_run)


def test_one_process_at_a_time_works_in_a_run(recipe_text, tmp_path):
    from pipelines.run_directory import RunDirectory

    with RunDirectory(tmp_path).locked(), pytest.raises(pool.ResourceError, match=f"process {os.getpid()} on"):
        run_recipe(parse_recipe(recipe_text), tmp_path, Options(workers=1, quiet=True))

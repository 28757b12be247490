"""A takedown that is killed is finished by the next one, and until then nothing passes for a whole dataset."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from curation.errors import ResourceError
from curation.manifest import MANIFEST, Manifest
from curation.recipe_file import load_recipe, parse_recipe
from curation.shards import read_shard
from pipelines.forget.request import Request
from pipelines.forget.takedown import plan_takedown, resume_takedown
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import RECIPE


class Killed(BaseException):
    pass


@pytest.fixture(scope="module")
def finished(corpus, tmp_path_factory):
    root = tmp_path_factory.mktemp("interrupted") / "run"
    run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), root, Options(workers=1, quiet=True))
    return root


def request_of(run):
    files = Manifest.read(run / "ledger/manifest.json").files
    rows = [row for file in files for batch in read_shard(run, file) for row in batch.to_pylist()]
    return Request(ids=tuple(row["id"] for row in rows if row["state"] == "kept" and row["copies"] == 2)[:2])


@pytest.fixture(scope="module")
def expected(finished, tmp_path_factory, digests):
    run = shutil.copytree(finished, tmp_path_factory.mktemp("expected") / "run")
    plan_takedown(run, request_of(run)).carry_out()
    verify_path(run)
    return digests(run)


_SLOW = [pytest.param(after, marks=pytest.mark.slow) for after in (2, 7, 30, 60)]


@pytest.mark.parametrize("after", [1, 4, 15, 45, *_SLOW])
def test_wherever_it_stops_it_can_be_finished(finished, expected, tmp_path, digests, monkeypatch, after):
    run = shutil.copytree(finished, tmp_path / "run")
    takedown = plan_takedown(run, request_of(run))
    replace, calls = Path.replace, []

    def stops(self, target):
        calls.append(target)
        if len(calls) > after:
            raise Killed
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stops)
    with pytest.raises(Killed):
        takedown.carry_out()
    monkeypatch.undo()
    assert not (run / "dataset" / MANIFEST).exists() or after == 1
    for refused in (lambda: verify_path(run), lambda: run_recipe(load_recipe(run / "recipe.resolved.yaml"), run)):
        with pytest.raises(ResourceError, match="takedown that was interrupted"):
            refused()
    assert resume_takedown(run) is not None
    assert digests(run) == expected
    verify_path(run)
    assert resume_takedown(run) is None


def test_a_killed_process_leaves_what_can_be_finished(finished, expected, tmp_path, digests):
    run = shutil.copytree(finished, tmp_path / "run")
    ids = [word for each in request_of(run).ids for word in ("--id", each)]
    process = subprocess.Popen([sys.executable, "-m", "pipelines", "forget", str(run), *ids, "--yes"])
    while not (run / "forgotten/list.json").exists():
        assert process.poll() is None
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    if (run / "forgotten/pending.json").exists():
        subprocess.run([sys.executable, "-m", "pipelines", "forget", str(run), "--resume"], check=True)
    assert digests(run) == expected

"""Runs whose input and output lie in an object store: the same objects as files on a disk, after any kill."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from curation.errors import ResourceError
from curation.recipe_file import parse_recipe
from pipelines.cli import app
from pipelines.runner import Options
from pipelines.stores.kept import run_kept
from pipelines.stores.lease import held
from pipelines.stores.objects import Objects

HERE = Options(workers=1, quiet=True)


@pytest.fixture
def recipe(bucket, corpus, recipe_text):
    """The small recipe, reading packed files from the store; their keys are those of the files on the disk."""
    objects = Objects(f"{bucket}/in")
    for path in corpus.glob("*.jsonl"):
        objects.write(path.name, path.read_bytes())
    objects.write("passed-over.txt", b"")
    return parse_recipe(recipe_text.replace(str(corpus), f"{bucket}/in/*.jsonl"))


def kept(bucket):
    """Digests of the objects of a run but for the recipe, which names its input."""
    import hashlib

    objects = Objects(f"{bucket}/run")
    names = objects.sizes().keys() - {"recipe.resolved.yaml"}
    return {name: hashlib.sha256(objects.read(name)).hexdigest() for name in names}


def on_disk(root, digests):
    return {name: sha for name, sha in digests(root).items() if name != "recipe.resolved.yaml"}


def test_a_run_in_a_store_leaves_the_objects_that_it_leaves_as_files(
    recipe, bucket, reference_run, tmp_path, digests, monkeypatch
):
    outcome = run_kept(recipe, f"{bucket}/run", tmp_path / "scratch", HERE)
    assert outcome.worked
    assert kept(bucket) == on_disk(reference_run, digests)
    # Elsewhere, with nothing: everything is fetched, nothing done, nothing changed.
    assert run_kept(recipe, f"{bucket}/run", tmp_path / "other", HERE).worked == ()
    assert kept(bucket) == on_disk(reference_run, digests)
    for command, said in (("verify", "ledger: one row for every document"), ("status", "dataset: finished")):
        result = CliRunner().invoke(app, [command, f"{bucket}/run"])
        assert (result.exit_code, said in result.stdout) == (0, True), result.output


class Killed(BaseException):
    pass


@pytest.mark.parametrize("calls", [pytest.param(n, marks=pytest.mark.slow) for n in (3, 25, 100)] + [60])
def test_a_run_killed_between_two_objects_goes_on_from_what_is_in_the_store(
    recipe, bucket, reference_run, tmp_path, digests, monkeypatch, calls
):
    done = 0

    def fail(self, *arguments, real):
        nonlocal done
        done += 1
        if done > calls:
            raise Killed
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        for name in ("write", "upload", "remove"):
            real = getattr(Objects, name)
            patch.setattr(Objects, name, lambda self, *a, real=real: fail(self, *a, real=real))
        patch.setattr("pipelines.watch.Watch._watch", lambda self, main: None)  # whatever is left is pushed at the end
        with pytest.raises(Killed):
            run_kept(recipe, f"{bucket}/run", tmp_path / "scratch", HERE)
    assert "dataset/manifest.json" not in Objects(f"{bucket}/run").sizes()
    patched_lock = Objects(f"{bucket}/run")
    for name in patched_lock.names("lock"):
        patched_lock.remove(f"lock/{name}")
    run_kept(recipe, f"{bucket}/run", tmp_path / "other", HERE)
    assert kept(bucket) == on_disk(reference_run, digests)


def test_a_second_process_is_told_who_holds_the_run(recipe, bucket, tmp_path):
    with (
        held(Objects(f"{bucket}/run")),
        pytest.raises(ResourceError, match=f"a run in progress .process {os.getpid()} on"),
    ):
        run_kept(recipe, f"{bucket}/run", tmp_path / "scratch", HERE)
    assert kept(bucket) == {}


@pytest.mark.parametrize("change", [{"pid": 2**22 + 1}, {"host": "elsewhere", "seen": time.time() - 400}])
def test_a_holder_that_is_dead_or_silent_is_followed_by_one_process(bucket, change):
    import socket

    objects = Objects(f"{bucket}/run")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "seen": time.time(), **change}
    objects.write("lock/000001.json", json.dumps(holder).encode())
    with held(objects):
        assert "000002.json" in objects.names("lock")
        with pytest.raises(ResourceError, match="a run in progress"), held(objects):
            pass
    assert "000002.json" not in objects.names("lock")


@pytest.mark.slow  # a process of its own, and a run after it
@pytest.mark.timeout(900)
def test_a_killed_process_is_followed_and_its_work_is_kept(recipe, bucket, reference_run, tmp_path, digests):
    from curation.recipe_file import dump_recipe

    (tmp_path / "recipe.yaml").write_text(dump_recipe(recipe))
    command = [sys.executable, "-m", "pipelines", "run", str(tmp_path / "recipe.yaml"), "--to", f"{bucket}/run", "-q"]
    process = subprocess.Popen([*command, "--workers", "1", "--scratch", str(tmp_path / "scratch")])
    objects = Objects(f"{bucket}/run")
    while not objects.names("receipts"):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert objects.names("lock")
    run_kept(recipe, f"{bucket}/run", tmp_path / "other", HERE)
    assert kept(bucket) == on_disk(reference_run, digests)


TROUBLE = [
    ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "run", "no usable credentials"),
    ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "run", "no answer from its store"),
    ({}, "nobody", "no such bucket"),
]


@pytest.mark.parametrize(("environment", "name", "said"), TROUBLE)
def test_what_is_wrong_with_a_store_is_one_line_without_secrets(
    bucket, recipe_path, tmp_path, monkeypatch, environment, name, said
):
    import s3fs

    for key, value in environment.items():
        monkeypatch.setenv(key, value) if value else monkeypatch.delenv(key)
    s3fs.S3FileSystem.clear_instance_cache()
    address = f"{bucket}/run" if name == "run" else "s3://nobody-has-this/run"
    with pytest.raises(ResourceError, match=said) as stop:
        run_kept(parse_recipe(recipe_path.read_text()), address, tmp_path / "scratch", HERE)
    assert "s3cret" not in str(stop.value)
    assert "\n" not in str(stop.value)


def test_packed_input_is_found_by_a_glob(bucket):
    from curation.collect.inputs import find, open_input

    Objects(f"{bucket}/in").write("a/b.jsonl.gz", gzip.compress(b'{"text": "fox"}\n'))
    (file,) = find([f"{bucket}/in/*/*.jsonl.gz"], (".jsonl",), "source")
    assert file.key == "a/b.jsonl.gz"
    with open_input(file) as lines:
        assert lines.read() == b'{"text": "fox"}\n'


def test_a_store_that_fails_in_the_middle_is_no_damaged_file(bucket, monkeypatch):
    import s3fs

    from curation.collect.jsonl import JsonLines
    from tests.curation.collect.helpers import read

    Objects(f"{bucket}/in").write("b.jsonl.gz", gzip.compress(b'{"text": "fox"}\n'))

    def silent(self, *arguments):
        raise TimeoutError

    monkeypatch.setattr(s3fs.S3File, "_fetch_range", silent)
    with pytest.raises(OSError, match="no answer from its store"):
        read(JsonLines(name="web", path=f"{bucket}/in"))

"""What an engine needs and does not find is one line; what a run started ends with it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from curation.errors import IntegrityError, RecipeError, ResourceError
from pipelines.engines import jars
from pipelines.engines.names import beam_name, value_of
from pipelines.engines.opening import EngineChoice, opened

# As Java is called: it opens the port it is told, says so, and stays.
JAVA = """#!{python}
import os, socket, sys, time
port = next(word.split("=")[1] for word in sys.argv if word.startswith("--job-port="))
server = socket.create_server(("127.0.0.1", int(port)))
print(os.getpid(), *sys.argv, flush=True)
time.sleep(100)
"""


@pytest.fixture
def java(tmp_path, monkeypatch):
    program = tmp_path / "java" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(JAVA.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))
    return program


def is_alive(process):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def said(log):
    for _ in range(300):
        words = log.read_text().split() if log.is_file() else []
        if words:
            return int(words[0]), words
        time.sleep(0.1)
    raise AssertionError("the job server was not started")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """What an engine says goes to a file of the test's own."""
    monkeypatch.chdir(tmp_path)


def refused(error, *options, **choice):
    with pytest.raises(error) as caught, opened(EngineChoice(options=options, **choice), 2, Path("engine.log")):
        pass
    return str(caught.value)


def test_short_names_and_beams_own_are_one():
    assert beam_name("flink") == beam_name("FlinkRunner") == "FlinkRunner"
    assert EngineChoice("direct").is_local
    assert beam_name("my.module.Runner") == "my.module.Runner"


def test_an_unknown_runner_is_named_with_the_nearest():
    with pytest.raises(RecipeError, match="did you mean `spark`"):
        beam_name("sparks")
    with pytest.raises(RecipeError, match="did you mean `direct`"):  # it would download a program and may hang
        beam_name("DirectRunner")


def test_a_job_server_without_an_engine():
    assert "add --runner flink" in refused(RecipeError, job_endpoint="localhost:1")


def test_an_option_is_found_in_both_spellings():
    assert value_of(["--a", "1", "--b=2"], "--a") == "1"
    assert value_of(["--a=1", "--a=2"], "--a") == "2"
    assert value_of(["--ab=1"], "--a") is None


def test_no_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no Java" in refused(ResourceError, runner="flink", jars=tmp_path)


def test_no_jars_no_endpoint_no_program(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "gristmill engine fetch spark" in refused(ResourceError, runner="spark")
    assert "no job server" in refused(ResourceError, runner="portable")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert "no program `prism`" in refused(ResourceError, runner="prism")


def test_nobody_answers_at_the_endpoint():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{probe.getsockname()[1]}"
    options = ("--environment_type=EXTERNAL",)
    assert "nobody who answers" in refused(ResourceError, *options, runner="flink", job_endpoint=endpoint)
    assert "HOST:PORT" in refused(ResourceError, *options, runner="flink", job_endpoint="localhost")


def test_a_cluster_is_told_where_its_workers_find_gristmill(tmp_path):
    options = ("--flink_master=localhost:8081",)
    assert "where its workers find Gristmill" in refused(ResourceError, *options, runner="flink", jars=tmp_path)


def test_dataflow_without_its_options_or_its_client():
    assert "--runner dataflow" in refused(ResourceError, runner="dataflow")


def test_a_job_server_lives_as_long_as_the_run(java, tmp_path):
    log = tmp_path / "engine.log"
    with opened(EngineChoice("flink", ("--custom=1",), jars=tmp_path), 3, log) as engine:
        process, words = said(log)
        assert is_alive(process)
        assert "--flink-master=[local]" in words
        assert f"{tmp_path}/*" in words
        assert {"--custom=1", "--parallelism=3", "--environment_type=LOOPBACK"} <= set(engine.options)
    assert not is_alive(process)


def test_a_job_server_that_ends_at_once_is_an_error_that_names_its_log(java, tmp_path):
    java.write_text("#!/bin/sh\nexit 7\n")
    assert "ended with 7" in refused(ResourceError, runner="spark", jars=tmp_path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_server_ends_with_a_driver_that_is_killed(java, tmp_path, number):
    log = tmp_path / "engine.log"
    code = (
        "import sys, time; from pathlib import Path; from pipelines.engines.opening import *\n"
        "from pipelines.cli.interruption import one_line_when_interrupted\n"
        "choice = EngineChoice('spark', jars=Path(sys.argv[1]))\n"
        "with one_line_when_interrupted(), opened(choice, 1, Path(sys.argv[2])):\n"
        "    time.sleep(100)"
    )
    driver = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(log)], stderr=subprocess.DEVNULL)
    process, _ = said(log)
    time.sleep(0.5)
    os.kill(driver.pid, number)
    driver.wait()
    for _ in range(100):
        if not is_alive(process):
            return
        time.sleep(0.1)
    os.kill(process, signal.SIGKILL)
    raise AssertionError("the job server outlives the run")


def test_fetching_holds_every_jar_against_its_checksum(tmp_path, monkeypatch):
    """Maven's part is played by a script."""
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text(
        "#!/bin/sh\nfor word; do case $word in -DoutputDirectory=*) to=${word#*=};; esac; done\n"
        'mkdir "$to"; printf good > "$to/one.jar"\n'
    )
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}{os.pathsep}{os.environ['PATH']}")
    good = "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"
    monkeypatch.setattr(jars, "_recorded", lambda engine: {"one.jar": good})
    folder = jars.fetch_jars("flink", tmp_path / "jars")
    assert [path.name for path in folder.iterdir()] == ["one.jar"]
    (folder / "one.jar").write_text("bad")
    with pytest.raises(IntegrityError, match=r"one\.jar"):
        jars.fetch_jars("flink", folder)
    monkeypatch.setattr(jars, "_recorded", lambda engine: {"one.jar": good, "two.jar": good})
    with pytest.raises(IntegrityError, match=r"two\.jar"):
        jars.fetch_jars("flink", tmp_path / "other")
    assert not (tmp_path / "other").exists()

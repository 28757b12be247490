"""One job server for a run: a Java program that takes Beam's pipelines and runs them on Flink or Spark.

Beam itself would start one for every pipeline, and a run has one for each stage. It ends with the run, also when the
run is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from curation.errors import ResourceError
from pipelines.engines.needs import find_java

__all__ = ["JAVA_FLAGS", "dies_with_parent", "job_server"]

_DRIVERS = {
    "flink": ("org.apache.beam.runners.flink.FlinkJobServerDriver", "--flink-master"),
    "spark": ("org.apache.beam.runners.spark.SparkJobServerDriver", "--spark-master-url"),
}
_OPENED = (
    *("lang", "lang.invoke", "lang.reflect", "io", "net", "nio", "text", "time"),
    *("util", "util.concurrent", "util.concurrent.atomic"),
)
# Both engines reach into Java's own classes, which Java 17 forbids unless it is told. The rest makes a small program of
# it: the work is done by Python, Java hands bytes about.
JAVA_FLAGS = (
    *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENED),
    *("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--add-opens=java.base/sun.security.action=ALL-UNNAMED"),
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
)
_PATIENCE, _GRACE = 120.0, 5.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@contextlib.contextmanager
def job_server(engine: str, jars: Path, master: str, log: Path) -> Iterator[str]:
    """The endpoint of a job server that runs as long as the block; what it says goes into `log`."""
    driver, option = _DRIVERS[engine]
    port = _free_port()
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gristmill-") as scratch, log.open("ab") as said:
        ports = ("--job-host=localhost", f"--job-port={port}", "--artifact-port=0", "--expansion-port=0")
        java = [find_java(engine), *JAVA_FLAGS, f"-Djava.io.tmpdir={scratch}", "-cp", _class_path(jars)]
        command = [*java, driver, *ports, f"{option}={master}", f"--artifacts-dir={scratch}/artifacts"]
        with _running(command, said.fileno(), {"SPARK_LOCAL_DIRS": scratch, "SPARK_LOCAL_IP": "127.0.0.1"}) as process:
            _wait(engine, process, port, log)
            yield f"localhost:{port}"


def _class_path(jars: Path) -> str:
    return str(jars / "*") if jars.is_dir() else str(jars)


@contextlib.contextmanager
def _running(command: Sequence[str], output: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own session, so that Ctrl-C reaches the run alone, and the run ends it when it is ready."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, **environment},
        start_new_session=True,
        preexec_fn=dies_with_parent(),
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def dies_with_parent() -> Callable[[], None]:
    """Linux kills the child when the process that started it is gone. The library is loaded before the fork."""
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_DIE_WITH_PARENT, signal.SIGKILL) and None


def _wait(engine: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("localhost", port), timeout=1).close()
            return
        if process.poll() is not None:
            found = f"a job server that ended with {process.returncode}"
            raise ResourceError(f"--runner {engine}", found, "one that runs", f"look at {log}, and at --jars")
        time.sleep(0.1)
    found = f"a job server that does not answer for {_PATIENCE:.0f} seconds"
    raise ResourceError(f"--runner {engine}", found, "one that answers", f"look at {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

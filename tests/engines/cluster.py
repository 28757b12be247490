"""A Flink cluster on this machine: a job manager and task managers, from the jars that `gristmill engine fetch` left.

`python -m tests.engines.cluster FOLDER` starts one with a pool of workers beside it and says how to run on it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.engines.jars import default_folder
from pipelines.engines.server import JAVA_FLAGS, dies_with_parent

__all__ = ["Cluster", "flink_cluster", "free_port", "missing", "until", "worker_pool"]

_ENTRY = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASKS = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
# What Flink's own scripts work out, and what makes it notice a dead task manager within seconds and try again.
_CONFIGURATION = """
jobmanager.rpc.address: localhost
jobmanager.rpc.port: {rpc}
jobmanager.memory.process.size: 1g
rest.address: localhost
rest.port: {rest}
taskmanager.host: localhost
taskmanager.numberOfTaskSlots: {slots}
taskmanager.cpu.cores: 1
taskmanager.memory.task.heap.size: 256m
taskmanager.memory.task.off-heap.size: 0
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
taskmanager.memory.managed.size: 64m
taskmanager.memory.network.min: 64m
taskmanager.memory.network.max: 64m
cluster.evenly-spread-out-slots: true
classloader.resolve-order: parent-first
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 10
restart-strategy.fixed-delay.delay: 1 s
blob.service.cleanup.interval: 20
heartbeat.interval: 2000
heartbeat.timeout: 20000
pekko.ask.timeout: 120 s
web.timeout: 300000
io.tmp.dirs: {tmp}
"""


def missing(engine: str) -> str | None:
    """Why tests of this engine cannot run here, or None."""
    if shutil.which("java") is None:
        return "no Java"
    return None if default_folder(engine).is_dir() else f"`gristmill engine fetch {engine}` was not called"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], seconds: float = 240) -> Any:
    """What `true` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            value = true()
            if value:
                return value
        time.sleep(0.1)
    raise TimeoutError(f"not within {seconds} seconds")


class Cluster:
    """A running cluster; `task_managers` are its processes by name."""

    def __init__(self, folder: Path, count: int, slots: int) -> None:
        self._folder, self._jars = folder, default_folder("flink")
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        self.rest = free_port()
        ports = {"rpc": free_port(), "rest": self.rest}
        configuration = _CONFIGURATION.format(**ports, slots=slots, tmp=folder / "tmp")
        (folder / "flink-conf.yaml").write_text(configuration)
        self._job_manager = self._start(_ENTRY, "job-manager")
        names = [f"task-manager-{number}" for number in range(count)]
        self.task_managers = {name: self._start(_TASKS, name, f"-Dtaskmanager.resource-id={name}") for name in names}

    def wait(self) -> None:
        """Until all task managers have called; one that ended will not."""
        processes = (self._job_manager, *self.task_managers.values())
        until(
            lambda: (
                any(process.poll() is not None for process in processes)
                or len(self.ask("/taskmanagers")["taskmanagers"]) == len(self.task_managers)
            )
        )
        if any(process.poll() is not None for process in processes):
            raise RuntimeError(f"a process of the cluster ended, see {self._folder}")

    @property
    def master(self) -> str:
        return f"localhost:{self.rest}"

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{self.master}{path}", timeout=10) as answer:
            return json.load(answer)

    def running(self) -> list[str]:
        return [job["id"] for job in self.ask("/jobs")["jobs"] if job["status"] == "RUNNING"]

    def busy(self) -> list[str]:
        """Task managers that are at work on the job which runs."""
        found = []
        for job in self.running():
            for vertex in self.ask(f"/jobs/{job}")["vertices"]:
                places = self.ask(f"/jobs/{job}/vertices/{vertex['id']}/taskmanagers")["taskmanagers"]
                found += [place["taskmanager-id"] for place in places if place["status"] == "RUNNING"]
        return found

    def failures(self, job: str) -> list[str]:
        """What a job was restarted for."""
        entries = self.ask(f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"]
        return [entry["exceptionName"] for entry in entries]

    def end(self) -> None:
        for process in (*self.task_managers.values(), self._job_manager):
            process.kill()
            process.wait()

    def _start(self, main: str, name: str, *options: str) -> subprocess.Popen[bytes]:
        command = ["java", *JAVA_FLAGS, "-Xmx512m", "-XX:MaxDirectMemorySize=512m"]
        command += ["-cp", f"{self._jars}/*", main, "--configDir", str(self._folder), *options]
        with (self._folder / f"{name}.log").open("wb") as log:
            preexec = dies_with_parent()
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, preexec_fn=preexec)


@contextlib.contextmanager
def flink_cluster(folder: Path, count: int = 2, slots: int = 2) -> Iterator[Cluster]:
    cluster = Cluster(folder, count, slots)
    try:
        cluster.wait()
        yield cluster
    finally:
        cluster.end()


@contextlib.contextmanager
def worker_pool(folder: Path) -> Iterator[str]:
    """`gristmill engine workers` in a process of its own: the address to give to an engine."""
    port = free_port()
    command = [sys.executable, "-m", "pipelines", "engine", "workers", "--port", str(port)]
    with (folder / "workers.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=dies_with_parent())
    try:
        until(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close() or True)
        yield f"localhost:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def main() -> None:
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with flink_cluster(folder) as cluster, worker_pool(folder) as workers:
        run = f"--runner flink -- --flink_master={cluster.master} --parallelism=2"
        sys.stdout.write(f"gristmill run … {run} --environment_type=EXTERNAL --environment_config={workers}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()

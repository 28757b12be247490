"""How a stage on an engine ends when it does not end well."""

import socket
import threading

import pytest

from curation.errors import ResourceError
from curation.manifest import Unit, receipt_path
from pipelines import graph
from pipelines.engine import Engine, Work
from pipelines.engines.quiet import quiet_goodbyes
from pipelines.engines.workers import serve_workers
from pipelines.progress import Progress
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, run_stage

UNITS = (Unit(stage="s", index=0, fingerprint="f" * 64, payload={}),)


def test_an_engine_that_gives_up_is_one_line_and_the_story_is_in_its_log(tmp_path):
    def give_up(engine, units):
        raise RuntimeError("job failed: no slots\n at Java.line(7)")

    log = tmp_path / "logs" / "engine.log"
    stage = Stage("s", "f" * 64, UNITS, give_up)
    with pytest.raises(ResourceError, match=r"job failed: no slots, .*engine\.log") as caught:
        run_stage(stage, RunDirectory(tmp_path), Engine("FlinkRunner", (), log), Progress(quiet=True))
    assert "Java" not in str(caught.value)
    assert "Java.line(7)" in log.read_text()
    with pytest.raises(RuntimeError):  # in this process it is a defect of ours, and shows where
        run_stage(stage, RunDirectory(tmp_path), Engine(), Progress(quiet=True))


def test_an_interrupted_run_leaves_no_job_on_a_cluster(monkeypatch):
    class Job:
        cancelled = False

        def wait_until_finish(self):
            raise KeyboardInterrupt

        def cancel(self):
            self.cancelled = True

    job = Job()
    monkeypatch.setattr(graph.beam.Pipeline, "run", lambda self, *args: job)
    with pytest.raises(KeyboardInterrupt):
        graph.map_units(Engine("PortableRunner", ("--job_endpoint=embed",)), Work("root", "m:f"), UNITS)
    assert job.cancelled


def test_a_graph_is_built_once_and_runs_each_job_that_comes(tmp_path, monkeypatch):
    graph._here.cache_clear()
    built = []
    monkeypatch.setattr(
        graph.beam, "Pipeline", lambda build=graph.beam.Pipeline, **given: built.append(1) or build(**given)
    )
    for stage in ("one", "two", "three"):
        unit = Unit(stage=stage, index=0, fingerprint="f" * 64, payload={})
        graph.map_units(Engine(), Work(str(tmp_path), "benchmarks.engines:idle_unit"), [unit])
        assert receipt_path(tmp_path, stage, 0).is_file()
    assert built == [1]


def test_only_goodbyes_of_job_servers_are_kept_quiet(monkeypatch):
    seen = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: seen.append(str(arguments.exc_value)))

    def fail(word):
        raise ValueError(word)

    with quiet_goodbyes():
        for word in ("CANCELLED: Multiplexer hanging up", "the disk is gone"):
            thread = threading.Thread(target=fail, args=(word,))
            thread.start()
            thread.join()
    assert seen == ["the disk is gone"]


def test_a_port_that_is_taken():
    with socket.create_server(("", 0)) as taken, pytest.raises(ResourceError, match="a free port"):
        serve_workers(taken.getsockname()[1])

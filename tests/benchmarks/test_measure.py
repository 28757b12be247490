"""A command is measured with all that it starts, and with nothing else that this process has started."""

import subprocess
import sys

from benchmarks.measure import measured

BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
ORPHAN = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"


def test_what_was_started_before_is_not_waited_for():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        measured([sys.executable, "-c", "pass"])
        assert other.poll() is None
        other.communicate(b"\n")


def test_a_worker_that_outlives_its_parent_is_counted():
    assert measured([sys.executable, "-c", ORPHAN]).cpu_s > 0.3

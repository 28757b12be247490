"""What the process that workers are forked from says, and what it keeps to itself."""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def hook(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    module = importlib.import_module("pipelines.worker_server")
    importlib.reload(module)
    return sys.excepthook


def said(hook, error, capsys):
    hook(type(error), error, None)
    return capsys.readouterr().err


def test_a_lock_that_went_with_its_driver_is_no_news(hook, capsys):
    assert said(hook, FileNotFoundError(2, "No such file or directory"), capsys) == ""


@pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file", "models/q"), ValueError("odd")])
def test_everything_else_is(hook, capsys, error):
    assert type(error).__name__ in said(hook, error, capsys)


SERVER = """
import os, signal
from multiprocessing import forkserver
from pipelines.pool import _start_server
_start_server()
print(forkserver._forkserver._forkserver_pid, flush=True)
input()
"""


def test_it_does_not_see_an_interruption():
    with subprocess.Popen([sys.executable, "-c", SERVER], stdin=-1, stdout=-1, stderr=-1, text=True) as driver:
        server = int(driver.stdout.readline())
        os.kill(server, signal.SIGINT)
        with Path(f"/proc/{server}/status").open() as status:
            fields = dict(line.split(":", 1) for line in status)
        assert int(fields["SigBlk"], 16) & 1 << signal.SIGINT - 1
        _, errors = driver.communicate("\n", timeout=60)
    assert "Traceback" not in errors

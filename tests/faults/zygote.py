"""A process that has everything imported and compiled: each line of its input is a list of runs, each done by a fork.

In: a list of orders, `Order` of the harness. Out: a list of {"code", "calls", "seconds", "struck"}; a run that a signal
ended has the code -signal.
"""

import ctypes
import gc
import json
import os
import random
import signal
import sys
import time
import traceback

import numba
import psutil
import pyarrow as pa

import pipelines.runner
import pipelines.tasks.execute
from pipelines.cli import main
from tests.faults.engines import in_a_loop, retried

shim = ctypes.CDLL(os.environ["LD_PRELOAD"])
shim.fault_calls.restype = ctypes.c_long
shim.fault_arm.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int]
KEPT = (numba, pa, pipelines)
MOMENT = 0.003


def command(order: dict) -> int:
    """The exit code of `gristmill run`; 99 for a traceback."""
    sys.argv = ["gristmill", "run", order["recipe"], "--to", order["root"], "--workers", str(order["workers"]), "-q"]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - whatever it is, the harness is to see it
        traceback.print_exc()
        return 99
    return 0


def run(order: dict, answer: int) -> None:
    """In the fork: the command with its fault armed, its output in a file outside the folder of the fault."""
    os.setpgid(0, 0)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["loop"]:
        in_a_loop()
    if order["retries"]:
        retried(order["retries"])
    time.sleep(order["delay"])
    shim.fault_arm(order["under"].encode(), order["kinds"], order["first"], order["error"], order["lasting"])
    code = command(order)
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(answer, json.dumps({"code": code, "calls": shim.fault_calls()}).encode())
    os._exit(0)


def fork(order: dict) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        run(order, writing)
    os.close(writing)
    return child, reading


def strike(order: dict, child: int) -> bool:
    """Send the order's signal; False when there is nobody to send it to yet."""
    if order["whom"] == "worker":
        servers = psutil.Process(child).children()
        workers = [worker for server in servers for worker in server.children()]
        if workers:
            random.Random(order["at"]).choice(workers).send_signal(order["signal"])
        return bool(workers)
    (os.killpg if order["whom"] == "group" else os.kill)(child, order["signal"])
    return True


def watch(order: dict, child: int, reading: int) -> dict:
    began, struck, ended = time.monotonic(), False, (0, 0)
    while ended[0] == 0:
        if order["signal"] and not struck and time.monotonic() - began >= order["at"]:
            struck = strike(order, child)
        ended = os.waitpid(child, os.WNOHANG)
        time.sleep(0 if ended[0] else MOMENT)
    seconds = time.monotonic() - began
    with os.fdopen(reading) as end:
        text = end.read()
    answer = json.loads(text) if text else {"code": -os.WTERMSIG(ended[1]), "calls": 0}
    return {**answer, "seconds": seconds, "struck": struck}


signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background would ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
for line in sys.stdin:
    orders = json.loads(line)
    if orders[0].get("warm"):  # in this process, so that forks have what is compiled and loaded at the first run
        sys.stdout, kept = sys.stderr, sys.stdout
        answers = [{"code": command(orders[0]), "calls": 0, "seconds": 0.0, "struck": False}]
        sys.stdout = kept
        gc.freeze()
    else:
        forks = [fork(order) for order in orders]
        answers = [watch(order, *each) for order, each in zip(orders, forks, strict=True)]
    sys.stdout.write(json.dumps(answers) + "\n")
    sys.stdout.flush()

"""A process that has everything imported: each line of its input is a run that a fork does with one fault armed.

In: {"recipe", "root", "under", "kinds", "first", "error", "lasting", "log"}. Out: {"code", "calls"}.
"""

import ctypes
import json
import os
import sys
import traceback

import numba
import pyarrow as pa

import pipelines.runner
import pipelines.tasks.execute
from pipelines.cli import main

shim = ctypes.CDLL(os.environ["LD_PRELOAD"])
shim.fault_calls.restype = ctypes.c_long
shim.fault_arm.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int]
KEPT = (numba, pa, pipelines)


def run(order: dict, answer: int) -> None:
    """In the fork: the command with the fault armed, its output in a file outside the folder of the fault."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["gristmill", "run", order["recipe"], "--to", order["root"], "--workers", "1", "-q"]
    shim.fault_arm(order["under"].encode(), order["kinds"], order["first"], order["error"], order["lasting"])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - whatever it is, the harness is to see it
        traceback.print_exc()
        code = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(answer, json.dumps({"code": code, "calls": shim.fault_calls()}).encode())
    os._exit(0)


def fork(order: dict) -> dict:
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        run(order, writing)
    os.close(writing)
    with os.fdopen(reading) as end:
        text = end.read()
    os.wait()
    return json.loads(text) if text else {"code": -1, "calls": 0}


for line in sys.stdin:
    sys.stdout.write(json.dumps(fork(json.loads(line))) + "\n")
    sys.stdout.flush()

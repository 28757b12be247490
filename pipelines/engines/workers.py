"""Workers for a cluster's machine: Beam asks for one with every job, and gets it within milliseconds.

Beam's own pool starts whatever `python` is on the path, and each worker imports everything anew, for every stage of a
run. Here workers are forked from a process that has it imported, and it is the Python that this command was started
with.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from typing import Any

from curation.errors import ResourceError

__all__ = ["serve_workers"]

_PRELOAD = ["pipelines.graph", "pipelines.tasks.execute", "apache_beam.runners.worker.sdk_worker"]


def serve_workers(port: int) -> None:
    """Answer until the process is told to end; its workers end with it."""
    server, pool = _listen(port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: server.stop(0))
    server.wait_for_termination()
    pool.end()


def _listen(port: int) -> tuple[Any, Any]:
    import grpc
    from apache_beam.portability.api import beam_fn_api_pb2 as messages
    from apache_beam.portability.api import beam_fn_api_pb2_grpc as services
    from apache_beam.utils import thread_pool_executor

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)

    class Pool(services.BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
        def __init__(self) -> None:
            self._workers: dict[str, Any] = {}

        def StartWorker(self, request: Any, _: Any) -> Any:  # noqa: N802
            try:
                arguments = request.control_endpoint.url, request.worker_id
                self._workers[request.worker_id] = worker = context.Process(target=_work, args=arguments, daemon=True)
                worker.start()
            except Exception:  # noqa: BLE001  the engine is told, and fails the job
                return messages.StartWorkerResponse(error=traceback.format_exc())
            return messages.StartWorkerResponse()

        def StopWorker(self, request: Any, _: Any) -> Any:  # noqa: N802
            worker = self._workers.pop(request.worker_id, None)
            if worker is not None:
                worker.terminate()
                worker.join()
            return messages.StopWorkerResponse()

        def end(self) -> None:
            for worker in self._workers.values():
                worker.kill()

    alone = [("grpc.so_reuseport", 0)]  # two pools on one port would share what an engine asks
    server, pool = grpc.server(thread_pool_executor.shared_unbounded_instance(), options=alone), Pool()
    services.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    try:
        server.add_insecure_port(f"[::]:{port}")
    except RuntimeError:
        found = f"port {port}, which is taken or not yours"
        raise ResourceError("engine workers", found, "a free port", "choose another by --port") from None
    server.start()
    return server, pool


def _work(control: str, name: str) -> None:
    """What Beam's own pool has a worker do."""
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    from pipelines.engines.quiet import is_goodbye, quiet_goodbyes
    from pipelines.lean import slim_process

    slim_process()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with quiet_goodbyes():
        try:
            SdkHarness(control, worker_id=name, state_cache_size=0, data_buffer_time_limit_ms=0).run()
        except Exception as error:
            if not is_goodbye(error):
                raise

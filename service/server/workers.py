"""The process or the processes that serve."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from service.server.draining_server import DrainingServer
from service.telemetry.log_writer import flush_before

log = logging.getLogger("uvicorn.error")


def serve(config: uvicorn.Config, drain_delay: float) -> int:
    """Serve until told to stop. Returns the exit status: 3 when the start failed."""
    if config.workers == 1:
        return _serve(DrainingServer(config, drain_delay))
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        listener = socket.create_server((config.host, config.port), family=family)
    except OSError as error:
        log.error(error)
        return STARTUP_FAILURE
    with _metrics_of_all_workers():
        return Workers(config, drain_delay, listener).run()


class Workers:
    """Processes that accept from one listening socket.

    A signal stops them all. One that was killed is replaced; one that failed by itself stops the others too, because its
    successor would fail the same way.
    """

    def __init__(self, config: uvicorn.Config, drain_delay: float, listener: socket.socket) -> None:
        self._config = config
        self._drain_delay = drain_delay
        self._listener = listener
        self._workers: list[SpawnProcess] = []
        self._stopping = False
        self._status = 0
        self._wake, self._woken = socket.socketpair()

    def run(self) -> int:
        """Serve until told to stop. Returns the exit status: that of a worker which failed, or 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        for _ in range(self._config.workers):
            self._start()
        log.info("Serving on %s port %s with %s workers", self._config.host, self._config.port, self._config.workers)
        while not self._stopping:
            wait([self._woken, *(worker.sentinel for worker in self._workers)])
            self._replace_ended()
        # As long as anybody holds it, the kernel accepts connections that no worker will ever serve.
        self._listener.close()
        for worker in self._workers:
            worker.join()
        return self._status

    def _start(self) -> None:
        worker = multiprocessing.get_context("spawn").Process(
            target=_work, args=(self._config, self._drain_delay, self._listener)
        )
        worker.start()
        self._workers.append(worker)
        if self._stopping:  # while it was being started, so that it was told nothing
            worker.terminate()

    def _replace_ended(self) -> None:
        for worker in [worker for worker in self._workers if worker.exitcode is not None]:
            self._workers.remove(worker)
            if self._stopping:
                continue
            log.error("Worker %s ended with status %s", worker.pid, worker.exitcode)
            self._status = max(self._status, worker.exitcode or 0)  # less than 0: a signal ended it
            if self._status > 0:
                self._stop()
            else:
                self._start()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop()
        self._wake.send(b"\0")

    def _stop(self) -> None:
        self._stopping = True
        for worker in self._workers:
            worker.terminate()


def _work(config: uvicorn.Config, drain_delay: float, listener: socket.socket) -> None:
    sys.exit(_serve(DrainingServer(config, drain_delay), [listener]))


def _serve(server: DrainingServer, sockets: list[socket.socket] | None = None) -> int:
    flush_before(signal.SIGTERM)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped
        server.run(sockets)
    return 0 if server.started else STARTUP_FAILURE


@contextlib.contextmanager
def _metrics_of_all_workers() -> Iterator[None]:
    """A folder through which prometheus_client adds the workers' metrics up, unless the environment names one."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="latchkey-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield

"""uvicorn, stopped in an order that fails no request.

On SIGTERM the process first goes on as before for DRAIN_DELAY seconds, while /readyz answers 503 and every response closes
its connection: load balancers find out in their own time. Then it stops listening, answers what has arrived, and ends, all
within GRACEFUL_TIMEOUT.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import parent_process
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import multiprocess

from service.server.draining import DRAINING

log = logging.getLogger("uvicorn.error")

# Seconds that a connection which was accepted last gets to send its request, and that closing the pool may take.
_LINGER: Final = 0.5
_MARGIN: Final = 0.5

# A filter for packets, of one instruction: keep none of their bytes (Linux, Documentation/networking/filter.rst).
_KEEP_NOTHING: Final = struct.pack("HBBI", 0x06, 0, 0, 0)
_SO_ATTACH_FILTER: Final = 26  # asm-generic/socket.h; Python has no name for it


class ServerConfig(uvicorn.Config):
    """`drain_delay` and `graceful_timeout` in seconds; the former is part of the latter."""

    def __init__(self, app: str, *, drain_delay: float, graceful_timeout: float, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        self.drain_delay = drain_delay
        left = graceful_timeout - drain_delay - _LINGER - _MARGIN
        super().__init__(app, timeout_graceful_shutdown=max(1, round(left)), **options)


class DrainingServer(uvicorn.Server):
    """A server that goes on for a while after SIGTERM. A second signal, or Ctrl-C, stops it at once."""

    config: ServerConfig

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(config)
        self._drained_at: float | None = None
        self._told = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen. What was made until here (modules, the contract) stays, and no collection need look at it again."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or hand the signal to uvicorn.

        It runs between any two steps of the program, so it must not wait for a lock: metrics and logs have some.
        """
        DRAINING.begin()
        if sig != signal.SIGTERM or self._drained_at is not None or not self.config.drain_delay:
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        self._drained_at = time.monotonic() + self.config.drain_delay
        self.config.encoded_headers.append((b"connection", b"close"))
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop, asked ten times a second."""
        if self._drained_at is not None and not self._told:
            self._told = True
            log.info("Draining for %s seconds", self.config.drain_delay)
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            self.should_exit = True
        supervisor = parent_process()
        if supervisor is not None and not supervisor.is_alive():
            # Killed: nobody would stop this worker any more, and its port would stay taken.
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let no connection down that was accepted, and end."""
        if self._drained_at is not None:
            # Other workers go on serving from a socket that was handed in.
            waiting = self._waiting_connections(last=sockets is None)
            accepted = [asyncio.ensure_future(self._serve_accepted(connection)) for connection in waiting]
            for server in self.servers:
                server.close()
            await asyncio.gather(*accepted, return_exceptions=True)
            # uvicorn closes connections without a request, and these may have one on the way.
            deadline = time.monotonic() + _LINGER
            while self.server_state.connections and time.monotonic() < deadline:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    def _waiting_connections(self, *, last: bool) -> Iterator[socket.socket]:
        """What the kernel accepted and the event loop has not seen yet; to close the listener would reset it.

        `last` has the kernel accept no more, or one could come in just before the listener is closed.
        """
        for server in self.servers:
            for listening in server.sockets:
                with socket.socket(fileno=os.dup(listening.fileno())) as listener:
                    if last:
                        _drop_new_connections(listener)
                    listener.setblocking(False)
                    while True:
                        try:
                            connection, _ = listener.accept()
                        except OSError:
                            break
                        connection.setblocking(False)
                        yield connection

    async def _serve_accepted(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            lambda: self.config.http_protocol_class(  # type: ignore[call-arg]  # a base class, to the type checker
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            ),
            connection,
        )


def _drop_new_connections(listener: socket.socket) -> None:
    """Have Linux ignore whoever connects from now on; a client tries again within a second, and is then refused."""
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_KEEP_NOTHING)
    with contextlib.suppress(OSError):  # a sandbox that knows no such filters
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))


class _Worker(multiprocess.Process):
    """A worker process that runs a DrainingServer."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            assert isinstance(self.config, ServerConfig)  # noqa: S101 - for the type checker
            self._server = DrainingServer(self.config)
        return self._server


class _Supervisor(multiprocess.Multiprocess):
    """Lets go of the listening sockets when the workers are told to stop.

    As it comes the parent keeps them open until the last worker has ended, and connections that nobody will ever serve
    go on being accepted.
    """

    def terminate_all(self) -> None:
        super().terminate_all()
        for listening in self.sockets:
            listening.close()


def run(config: ServerConfig) -> int:
    """Serve until told to stop. Returns the exit status: 3 when the start failed."""
    if config.workers > 1:
        _run_workers(config)
        return 0
    server = DrainingServer(config)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped
        server.run()
    return 0 if server.started else uvicorn.config.STARTUP_FAILURE


def _run_workers(config: ServerConfig) -> None:
    # uvicorn names the class of its workers nowhere else, so it is replaced there: no assignment that a type checker likes.
    multiprocess.Process = _Worker  # type: ignore[misc]
    folder = None
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="latchkey-metrics-")
    try:
        _Supervisor(config, [config.bind_socket()]).run()
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

"""uvicorn, stopped in an order that fails no request.

On SIGTERM the process first goes on as before for DRAIN_DELAY seconds, while /readyz answers 503 and every response closes
its connection: load balancers find out in their own time. Then it stops listening, answers what has arrived, and ends, all
within GRACEFUL_TIMEOUT.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from multiprocessing import parent_process
from types import FrameType

import uvicorn

from service.draining import DRAINING
from service.server.config import LINGER
from service.server.protocol import LimitedHttpProtocol

log = logging.getLogger("uvicorn.error")


class DrainingServer(uvicorn.Server):
    """A server that goes on for `drain_delay` seconds after SIGTERM. A second signal, or Ctrl-C, stops it at once."""

    def __init__(self, config: uvicorn.Config, drain_delay: float) -> None:
        super().__init__(config)
        self._drain_delay = drain_delay
        self._drained_at: float | None = None
        self._told = False

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Load the application and serve it. What is made until it listens stays: to look for garbage in it takes
        a fourteenth of the start."""
        gc.disable()
        try:
            await super().serve(sockets)
        finally:
            gc.enable()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen. What exists by now (modules, the contract) stays, and is not the garbage collector's any more."""
        await super().startup(sockets)
        gc.freeze()
        gc.enable()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or hand the signal to uvicorn.

        It runs between any two steps of the program, so it must not wait for a lock: metrics and logs have some.
        """
        DRAINING.begin()
        for connection in list(self.server_state.connections):
            # Its answer would otherwise go by what held when the request arrived.
            if isinstance(connection, LimitedHttpProtocol):
                connection.end_after_answer()
        if sig != signal.SIGTERM or self._drained_at is not None or not self._drain_delay:
            super().handle_exit(sig, frame)
            return
        self._drained_at = time.monotonic() + self._drain_delay

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop, asked ten times a second."""
        if self._drained_at is not None and not self._told:
            self._told = True
            log.info("Draining for %s seconds", self._drain_delay)
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            super().handle_exit(signal.SIGTERM, None)
        supervisor = parent_process()
        if supervisor is not None and not supervisor.is_alive():
            # Killed: nobody would stop this worker any more, and its port would stay taken.
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let no connection down that was accepted, and end."""
        if self._drained_at is not None:
            accepted = [asyncio.ensure_future(self._serve_accepted(connection)) for connection in self._waiting_connections()]
            for server in self.servers:
                server.close()
            await asyncio.gather(*accepted, return_exceptions=True)
            # uvicorn closes connections without a request, and these may have one on the way.
            deadline = time.monotonic() + LINGER
            while self.server_state.connections and time.monotonic() < deadline:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    def _waiting_connections(self) -> Iterator[socket.socket]:
        """What the kernel accepted and the event loop has not seen yet; to close the listener would reset it."""
        for server in self.servers:
            for listening in server.sockets:
                with socket.socket(fileno=os.dup(listening.fileno())) as listener:
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

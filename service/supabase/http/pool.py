"""The connections to one host: how many there may be, who gets which, and when one is made or dropped."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Final

from aiohappyeyeballs import start_connection

from service.supabase.http.connection import Connection
from service.supabase.http.errors import ConnectTimeoutError, NoFreeConnectionError, NotConnectedError

_HAPPY_EYEBALLS_DELAY: Final = 0.25  # seconds, RFC 8305 section 5


@dataclass(frozen=True, slots=True)
class PoolState:
    """Connections: those that a request holds, those that wait for one, and how many there may be together."""

    in_use: int
    idle: int
    limit: int


class ConnectionPool:
    """Connections to one host. LIFO: spare connections idle out.

    One that idled for more than `keepalive` seconds is not used again.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None,
        connect_timeout: float,
        read_timeout: float,
        max_connections: int,
        keepalive: float,
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_connections = max_connections
        self._keepalive = keepalive
        self._idle: deque[Connection] = deque()
        self._alive: set[Connection] = set()
        self._taken = 0  # connections that are, and those that are being made
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False

    async def acquire(self, *, new: bool = False) -> Connection:
        """A connection for the caller alone, until `release`; `new` makes one.

        One with input that nobody asked for is never given out: what came would be taken for the answer to the next request.
        The system is asked, since the event loop may not have read yet what arrived.

        Raises NotConnectedError, also for a server that speaks first.
        """
        self._require_open()
        if new and self._idle and self._taken == self._max_connections:
            self._idle.popleft().abort()
        while True:
            while self._idle and not new:
                connection = self._idle.pop()
                if _whole(connection):
                    return connection
                connection.abort()
            if self._taken < self._max_connections:
                self._taken += 1
                return await self._connect()
            given = await self._wait()
            self._require_open()
            if given is None:
                return await self._connect()
            if not new and _whole(given):
                return given
            given.abort()

    def release(self, connection: Connection) -> None:
        """Give a connection back after its exchange."""
        if not connection.reusable or self._closed:
            connection.abort()
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)
        if not self._idle[0].reusable:
            self._idle.popleft().abort()

    def state(self) -> PoolState:
        """How it stands right now."""
        return PoolState(self._taken - len(self._idle), len(self._idle), self._max_connections)

    def renew(self) -> None:
        """Use no connection of now for another request: what idles is closed, and what is in use when its exchange is over."""
        for connection in self._alive:
            connection.retire()
        while self._idle:
            self._idle.pop().abort()

    def close(self) -> None:
        """Close everything."""
        self._closed = True
        self._idle.clear()
        while self._waiting:
            self._free()
        for connection in tuple(self._alive):
            connection.abort()

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError("the client is closed")

    async def _wait(self) -> Connection | None:
        """The next connection that is given back; None means that the caller may make one."""
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():  # it came just when nobody waited any more
                self._pass_on(waiter.result())
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                raise NoFreeConnectionError("all connections to Supabase are in use") from None
            raise

    def _pass_on(self, connection: Connection | None) -> None:
        if connection is None:
            self._free()
        else:
            self.release(connection)

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        connection = Connection(loop, read_timeout=self._read_timeout, keepalive=self._keepalive)
        try:
            async with asyncio.timeout(self._connect_timeout):
                addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                plain = await start_connection(addresses, happy_eyeballs_delay=_HAPPY_EYEBALLS_DELAY)
                await loop.create_connection(
                    lambda: connection, sock=plain, ssl=self._tls, server_hostname=self._host if self._tls else None
                )
        except BaseException as error:
            # Whether the event loop tells of the end of what was not quite begun depends on the loop: here it ends, once.
            connection.abort()
            self._free()
            if isinstance(error, TimeoutError):
                raise ConnectTimeoutError("connecting to Supabase took too long") from None
            if isinstance(error, OSError):
                raise NotConnectedError(type(error).__name__) from error
            raise
        self._alive.add(connection)
        connection.watch(self._lost)
        if self._closed:
            connection.abort()
        elif self._tls is None and connection.has_input():  # with TLS it may be a session ticket (RFC 8446 section 4.6.1)
            connection.abort()
            raise NotConnectedError("Supabase sent something before it was asked")
        return connection

    def _lost(self, connection: Connection) -> None:
        self._alive.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._free()

    def _free(self) -> None:
        """A connection fewer: whoever waits longest may make one instead."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken -= 1


def _whole(connection: Connection) -> bool:
    return connection.reusable and not connection.has_input()

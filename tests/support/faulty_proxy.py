"""A proxy between the service and Supabase that goes wrong on demand, at the level of bytes and connections.

It runs on an event loop in a thread of its own, so that a plain test can drive it: `with proxy.failing(faults.reset()): ...`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from tests.support.background import is_readiness
from tests.support.loopback import TRUST_NOBODY

T = TypeVar("T")

_HOP_BY_HOP = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})


@dataclass
class Exchange:
    """One request that arrived, and what can be done about it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter
    forward: Callable[[], Awaitable[httpx.Response]] = field(repr=False)

    async def send(self, data: bytes) -> None:
        """Write bytes to the service."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Write a whole response."""
        await self.send(response_head(status, len(body), headers) + body)

    def reset(self) -> None:
        """Cut the connection by RST instead of FIN."""
        connection: socket.socket = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.writer.transport.abort()


Fault = Callable[[Exchange], Awaitable[None]]


def response_head(status: int, length: int, headers: dict[str, str] | None = None) -> bytes:
    """The head of a response with a body of `length` bytes."""
    lines = [f"HTTP/1.1 {status} Canned", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


class _Connection(asyncio.StreamReaderProtocol):
    """Tells when the other side closes, without reading: what it sends before that is its next request."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    ) -> None:
        super().__init__(reader, serve)
        self.gone = asyncio.Event()

    def eof_received(self) -> bool | None:
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        super().connection_lost(exc)


class FaultyProxy:
    """Forwards to `upstream` until told to fail. `tls` makes it speak TLS; it may be changed while it runs.

    `requests` are the requests that arrived, as "METHOD path", without those of readiness.
    """

    def __init__(self, upstream: str, tls: ssl.SSLContext | None = None) -> None:
        self._upstream = upstream
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._fault: tuple[Fault, str] | None = None
        self._client: httpx.AsyncClient | None = None
        # Bound and never listening: it keeps the port ours, and refuses connections, while nobody else listens on it.
        self._placeholder = socket.socket()
        self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._placeholder.bind(("127.0.0.1", 0))
        self.port: int = self._placeholder.getsockname()[1]
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        """Where the service finds it."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """Connections of the service that are open right now."""
        return len(self._connections)

    @contextlib.contextmanager
    def failing(self, fault: Fault, path: str = "") -> Iterator[None]:
        """Let the requests whose path starts with `path` meet a fault. Afterwards all is well again."""
        self._fault = (fault, path)
        try:
            yield
        finally:
            self._fault = None

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Nobody listens, and the open connections are cut. Afterwards all is well again, on the same port."""
        self._run(self._close())
        try:
            yield
        finally:
            self._run(self._listen())

    @contextlib.contextmanager
    def speaking(self, tls: ssl.SSLContext | None) -> Iterator[None]:
        """Show another certificate on new connections, or with None speak without TLS, and cut the open ones."""
        usual, self._tls = self._tls, tls
        self._run(self._reopen())
        try:
            yield
        finally:
            self._tls = usual
            self._run(self._reopen())

    def drop_connections(self) -> None:
        """Cut the connections that are open now."""
        self._run(self._cut())

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._run(self._close())
        if self._client is not None:
            self._run(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._placeholder.close()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> None:
        if self._client is None:
            # Node closes an idle connection after five seconds.
            limits = httpx.Limits(max_connections=None, keepalive_expiry=3)
            self._client = httpx.AsyncClient(timeout=30, trust_env=False, verify=TRUST_NOBODY, limits=limits)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(asyncio.StreamReader(limit=1 << 20), self._serve), "127.0.0.1", self.port, ssl=self._tls
        )

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _reopen(self) -> None:
        await self._close()
        await self._listen()

    async def _cut(self) -> None:
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        connection = writer.transport.get_protocol()
        assert isinstance(connection, _Connection)
        gone = connection.gone
        try:
            while (exchange := await self._read(reader, writer)) is not None:
                if not is_readiness(exchange.target):
                    self.requests.append(f"{exchange.method} {exchange.target.partition('?')[0]}")
                await self._respond(exchange, gone)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the service went away, or a fault cut the connection
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _respond(self, exchange: Exchange, closed: asyncio.Event) -> None:
        fault, path = self._fault or (relay, "")
        handler = asyncio.ensure_future((fault if exchange.target.startswith(path) else relay)(exchange))
        gone = asyncio.ensure_future(closed.wait())  # a stall lasts until the service gives up
        try:
            await asyncio.wait({handler, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not handler.done():
                raise ConnectionResetError
            handler.result()
        finally:
            for task in (handler, gone):
                task.cancel()
            await asyncio.gather(handler, gone, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        request_line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = request_line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))

        async def forward() -> httpx.Response:
            assert self._client is not None
            passed = {name: value for name, value in headers.items() if name not in _HOP_BY_HOP | {"host"}}
            return await self._client.request(method, self._upstream + target, headers=passed, content=body)

        return Exchange(method, target, headers, body, writer, forward)


async def relay(exchange: Exchange) -> None:
    """No fault: the service gets Supabase's answer."""
    try:
        response = await exchange.forward()
    except httpx.TransportError:
        exchange.reset()  # as if the proxy were not there
        raise ConnectionResetError from None
    headers = {name: value for name, value in response.headers.items() if name not in _HOP_BY_HOP}
    await exchange.answer(response.status_code, response.content, headers)

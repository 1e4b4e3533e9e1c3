"""A server that answers with exactly the bytes that a test gives it, which no proper HTTP server would send."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Exchange:
    """One request as it came, on the `connection`th connection, and the means to answer it."""

    connection: int
    head: str
    body: bytes
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def close(self) -> None:
        self.writer.close()


Answer = Callable[[Exchange], Awaitable[None]]


@dataclass
class RawServer:
    """What arrived so far. `answer` may be replaced while it runs."""

    answer: Answer
    port: int = 0
    connections: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _server: asyncio.Server | None = None
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the socket that listens, and every connection."""
        if self._server is not None:
            self._server.close()
            self.close_connections()
            self._server = None

    def close_connections(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections = self.connections, self.connections + 1
        self._writers.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line.partition(":")[2] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                body = await reader.readexactly(int(lengths[0])) if lengths else b""
                exchange = Exchange(number, head, body, writer)
                self.exchanges.append(exchange)
                await self.answer(exchange)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.ended.append(number)
            writer.close()


@asynccontextmanager
async def raw_server(answer: Answer | bytes, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Runs while the block lasts; bytes are sent for every request."""

    async def send(exchange: Exchange) -> None:
        assert isinstance(answer, bytes)
        await exchange.send(answer)

    server = RawServer(send if isinstance(answer, bytes) else answer, tls=tls)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def response(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A proper response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body

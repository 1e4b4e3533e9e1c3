"""HTTP/1.1 to one origin, over one pool of keep-alive connections for each process."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from service.supabase.http.errors import ConnectionLostError, UnsendableRequestError
from service.supabase.http.pool import ConnectionPool, PoolState
from service.supabase.http.request_writer import request_bytes
from service.supabase.http.sender import Answer, Sender

_TARGET: Final = re.compile(r"/[!-\"$-~]*")  # RFC 9112 section 3.2.1, and no fragment


class Wire:
    """The Sender that the service uses. Times in seconds.

    `connect_timeout` bounds a connection's making (name, TCP and TLS) and the wait for one of the `max_connections`;
    `read_timeout` the silence of an answer; `keepalive` is how long a connection may idle. `tls` replaces the system's trust
    store.

    It follows no redirects (Supabase sends none, and one would carry the credentials elsewhere), keeps no cookies (they would
    travel from one user's request to the next), and takes no proxy or credentials from the environment. It belongs to the event
    loop that it is first used in, and can be made outside of any; close it with `close()`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout: float,
        read_timeout: float,
        max_connections: int,
        keepalive: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError("base_url must be http(s)://host[:port]")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._pool = ConnectionPool(
            parts.hostname,
            parts.port or (443 if parts.scheme == "https" else 80),
            tls=(tls or _tls_context()) if parts.scheme == "https" else None,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_connections=max_connections,
            keepalive=keepalive,
        )
        # Answers are small: to decompress them would take longer than to read them. Should some proxy compress them all the
        # same, they are understood.
        self._common_headers = f"Host: {parts.netloc}\r\nAccept-Encoding: identity\r\n"

    @property
    def origin(self) -> str:
        """Where requests go: scheme://host[:port]."""
        return self._origin

    async def send(
        self, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None
    ) -> Answer:
        """Send a request and read its response; see Sender.

        A connection that Supabase closed while it idled costs no request. Before anything is sent, the system is asked whether
        the connection is still whole; and where a used one ends without a byte of an answer, a GET is sent again, once, over a
        new one (RFC 9110 section 9.2.2). Nothing else is ever sent twice.
        """
        return await self._send(method, target, headers, body, None)

    def patient(self, read_timeout: float) -> Sender:
        """The same connections, for requests whose answer may begin so much later, in seconds."""
        return _Patient(self, self._send, read_timeout)

    async def _send(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes | None, read_timeout: float | None
    ) -> Answer:
        if _TARGET.fullmatch(target) is None:
            raise UnsendableRequestError("not a valid request target")
        headers = list(headers)
        names_itself = any(name.lower() == "user-agent" for name, _ in headers)
        common_headers = self._common_headers if names_itself else f"{self._common_headers}User-Agent: latchkey\r\n"
        request = request_bytes(method, target, common_headers, headers, body)
        connection = await self._pool.acquire()
        reused = connection.used
        try:
            answer = await connection.exchange(request, head=method == "HEAD", read_timeout=read_timeout)
        except ConnectionLostError:
            if not (method == "GET" and reused and connection.answered_nothing):
                raise
            connection = await self._pool.acquire(new=True)
            answer = await connection.exchange(request, read_timeout=read_timeout)
        self._pool.release(connection)
        return answer

    def pool(self) -> PoolState:
        """How the connection pool stands right now."""
        return self._pool.state()

    def renew_connections(self) -> None:
        """Use no connection of now for another request: for when answers turn out not to belong to their requests.

        Whoever calls it right after `send` returned, without awaiting anything, is before everybody else.
        """
        self._pool.renew()

    def close(self) -> None:
        """Close all connections; what is under way fails."""
        self._pool.close()


_Send = Callable[[str, str, Iterable[tuple[str, str]], bytes | None, float | None], Awaitable[Answer]]


class _Patient:
    def __init__(self, wire: Wire, send: _Send, read_timeout: float) -> None:
        self._wire = wire
        self._send = send
        self._read_timeout = read_timeout

    @property
    def origin(self) -> str:
        return self._wire.origin

    async def send(
        self, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None
    ) -> Answer:
        return await self._send(method, target, headers, body, self._read_timeout)


def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context

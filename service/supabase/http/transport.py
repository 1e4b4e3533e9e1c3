"""The HTTP client under every Supabase client: one for each process, over one pool of keep-alive connections.

Supabase's packages take an httpx.AsyncClient and call its `request`. This one overrides `request` and nothing else of what
they use: building httpx's requests, merging URLs and cookies and wrapping streams cost more than all the rest of a request.
What goes in, what comes out and what is raised is httpx's.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from service.supabase.http.lazy_response import LazyResponse, SentRequest
from service.supabase.http.pool import ConnectionPool, PoolState
from service.supabase.http.request_writer import request_bytes
from service.supabase.http.response_reader import Answer, UnusableResponseError

_TOO_MANY_REQUESTS: Final = 429
_TARGET: Final = re.compile(r"/[!-\"$-~]*")  # RFC 9112 section 3.2.1, and no fragment
_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class SupabaseHttpClient(httpx.AsyncClient):
    """Sends GET and POST to `base_url`'s origin and to no other, so that no credential can end up elsewhere. Times in seconds.

    `connect_timeout` bounds a connection's making (name, TCP and TLS) and the wait for one of the `max_connections`;
    `read_timeout` the silence of an answer; `keepalive` is how long a connection may idle. The time for a whole request is the
    caller's to bound, by asyncio.timeout. `tls` replaces the system's trust store.

    It follows no redirects (Supabase sends none, and one would carry the credentials elsewhere), keeps no cookies (they would
    travel from one user's request to the next), and takes no proxy or credentials from the environment. Make it inside the
    running event loop, and close it with `aclose()`.
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
        super().__init__(transport=_Closed(), trust_env=False)
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
        self._common_headers = f"Host: {parts.netloc}\r\nAccept-Encoding: identity\r\nUser-Agent: latchkey\r\n"

    async def request(  # type: ignore[override]  # what Supabase's packages use of httpx's
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: httpx.QueryParams | None = None,
        content: bytes | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        **others: Any,  # noqa: ANN401 - httpx's defaults, from its `get` and `post`
    ) -> httpx.Response:
        """Send a request and read its response.

        A connection that Supabase closed while it idled costs no request: a GET is sent again, once, over a new connection when
        nothing was answered (RFC 9110 section 9.2.2). Before anything is sent, the system is asked whether the connection is
        still whole.

        Raises httpx.ConnectTimeout, ConnectError, PoolTimeout, ReadTimeout, ReadError, RemoteProtocolError, or
        UnusableResponseError, which is a DecodingError; and LocalProtocolError for a request that would not be one. Raises
        HTTPStatusError where the status says that Supabase itself is in trouble: the client of the data API would forget the
        status over a body that it can parse.
        """
        unsupported = [name for name, value in others.items() if value is not None and value is not httpx.USE_CLIENT_DEFAULT]
        if unsupported:
            raise TypeError(f"not supported: {', '.join(unsupported)}")
        body = _encode_json(json).encode() if json is not None else content
        target = self._target(url, params)
        request = request_bytes(method, target, self._common_headers, headers or {}, body)
        answer = await self._exchange(method, request)
        response = LazyResponse(answer, SentRequest(method, self._origin + target, headers))
        if answer.status >= 500 or answer.status == _TOO_MANY_REQUESTS:
            response.raise_for_status()
        if method == "GET" and not answer.body and response.is_success:
            raise UnusableResponseError("empty")  # the data API's client takes it for "no rows"
        return response

    def pool(self) -> PoolState:
        """How the connection pool stands right now."""
        return self._pool.state()

    def renew_connections(self) -> None:
        """Use no connection of now for another request: for when answers turn out not to belong to their requests.

        Whoever calls it right after `request` returned, without awaiting anything, is before everybody else.
        """
        self._pool.renew()

    async def aclose(self) -> None:
        """Close all connections; what is under way fails."""
        self._pool.close()
        await super().aclose()

    async def _exchange(self, method: str, request: bytes) -> Answer:
        repeatable = method == "GET"
        connection = await self._pool.acquire()
        reused = connection.used
        try:
            answer = await connection.exchange(request)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            if not (repeatable and reused and connection.answered_nothing):
                raise
            connection = await self._pool.acquire(new=True)
            answer = await connection.exchange(request)
        self._pool.release(connection)
        return answer

    def _target(self, url: str, params: httpx.QueryParams | None) -> str:
        if not url.startswith(self._origin):
            raise httpx.LocalProtocolError("not an address of this Supabase project")
        target = url[len(self._origin) :]
        if params:
            target = f"{target}{'&' if '?' in target else '?'}{params}"
        if _TARGET.fullmatch(target) is None:
            raise httpx.LocalProtocolError("not a valid request target")
        return target


class _Closed(httpx.AsyncBaseTransport):
    """In the place of httpx's transport: nothing is sent but by `request`."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.UnsupportedProtocol("use request()", request=request)


def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context

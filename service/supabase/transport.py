"""The connection pool under every Supabase client: one for each process, made when the event loop runs."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

MAX_RESPONSE_BYTES: Final = 1_048_576  # a session with all of its user's metadata stays well below
TOO_MANY_REQUESTS: Final = 429


@dataclass(frozen=True, slots=True)
class PoolState:
    """Connections: those that a request holds, those that wait for one, and how many there may be together."""

    in_use: int
    idle: int
    limit: int


class SupabaseHttpClient(httpx.AsyncClient):
    """An HTTP client that can say how its pool stands."""

    def __init__(self, transport: _BoundedTransport, **kwargs: Any) -> None:  # noqa: ANN401 - httpx's own
        super().__init__(transport=transport, **kwargs)
        self._pooled = transport

    def pool(self) -> PoolState:
        """How the pool stands right now."""
        return self._pooled.pool()


class UnusableResponseError(httpx.DecodingError):
    """What came back is larger than any answer of Supabase, compressed although that was not asked for, empty, or not HTTP."""


def create_http_client(
    *, connect_timeout: float, read_timeout: float, max_connections: int, keepalive: float
) -> SupabaseHttpClient:
    """An HTTP client over one pool of keep-alive connections. Times are in seconds.

    It follows no redirects (Supabase sends none, and one would carry the credentials elsewhere), keeps no cookies (they would
    travel from one user's request to the next), takes no proxy or credentials from the environment, and reads at most
    MAX_RESPONSE_BYTES. Close it with `aclose()`.

    Its requests raise httpx.RequestError, and httpx.HTTPStatusError where the status says that Supabase itself is in trouble:
    the client of the data API would forget the status over a body that it can parse.
    """
    timeout = httpx.Timeout(read_timeout, connect=connect_timeout, pool=connect_timeout)
    limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections, keepalive_timeout=keepalive, ssl=ssl.create_default_context(), ttl_dns_cache=30
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return SupabaseHttpClient(
        transport=_BoundedTransport(client=session, limits=limits),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity"},  # a small compressed body may hide a huge one
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"response": [_refuse_unusable]},
    )


async def _refuse_unusable(response: httpx.Response) -> None:
    await response.aread()
    if response.status_code >= 500 or response.status_code == TOO_MANY_REQUESTS:
        response.raise_for_status()
    if response.is_success and not response.content and response.request.method == "GET":
        raise UnusableResponseError("empty", request=response.request)  # the data API's client takes it for "no rows"


class _BoundedTransport(AiohttpTransport):
    def pool(self) -> PoolState:
        session = self.client
        if not isinstance(session, aiohttp.ClientSession) or session.connector is None:
            return PoolState(0, 0, self.limits.max_connections or 0)
        connector = session.connector
        idle = sum(len(connections) for connections in connector._conns.values())  # noqa: SLF001 - it tells nobody else
        return PoolState(len(connector._acquired), idle, connector.limit)  # noqa: SLF001

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await super().handle_async_request(request)
        except aiohttp.ClientResponseError as error:  # the one family that httpx-aiohttp lets through
            raise UnusableResponseError("not HTTP", request=request) from error
        response.stream = _BoundedStream(response.stream)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            await response.aclose()
            raise UnusableResponseError("compressed", request=request)
        return response


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream | httpx.SyncByteStream) -> None:
        self._stream = cast("httpx.AsyncByteStream", stream)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for chunk in self._stream:
            received += len(chunk)
            if received > MAX_RESPONSE_BYTES:
                raise UnusableResponseError(f"more than {MAX_RESPONSE_BYTES} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()

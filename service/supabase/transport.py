"""The connection pool under every Supabase client: one for each process, made when the event loop runs."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport


def create_http_client(
    *, connect_timeout: float, read_timeout: float, max_connections: int, keepalive: float
) -> httpx.AsyncClient:
    """An HTTP client over one pool of keep-alive connections. Times are in seconds.

    It follows no redirects (Supabase sends none, and one would carry the credentials elsewhere), keeps no cookies (they would
    travel from one user's request to the next), and takes no proxy or credentials from the environment. Close it with
    `aclose()`.
    """
    timeout = httpx.Timeout(read_timeout, connect=connect_timeout, pool=connect_timeout)
    limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections, keepalive_timeout=keepalive, ssl=ssl.create_default_context(), ttl_dns_cache=30
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return httpx.AsyncClient(
        transport=AiohttpTransport(client=session, limits=limits),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
    )

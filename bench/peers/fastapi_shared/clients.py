"""Light Supabase clients over one httpx pool that lives as long as the process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request
from postgrest import AsyncPostgrestClient
from supabase_auth import AsyncGoTrueClient

from bench.peers.fastapi_shared.settings import get_settings

settings = get_settings()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the pool at start and closes it at the end."""
    # httpx keeps 20 idle connections as it comes, and would open new ones for every burst above that.
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(limits=limits, timeout=10) as pool:
        app.state.pool = pool
        yield


def _pool(request: Request) -> httpx.AsyncClient:
    pool: httpx.AsyncClient = request.app.state.pool
    return pool


Pool = Annotated[httpx.AsyncClient, Depends(_pool)]


def auth_client(pool: httpx.AsyncClient) -> AsyncGoTrueClient:
    """A client for Supabase Auth that forgets its session with the request."""
    return AsyncGoTrueClient(
        url=f"{settings.supabase_url}/auth/v1",
        headers={"apikey": settings.supabase_publishable_key},
        auto_refresh_token=False,
        persist_session=False,
        http_client=pool,
    )


def rest_client(pool: httpx.AsyncClient, access_token: str) -> AsyncPostgrestClient:
    """A client for the caller's rows."""
    return AsyncPostgrestClient(
        f"{settings.supabase_url}/rest/v1",
        headers={"apikey": settings.supabase_publishable_key, "Authorization": f"Bearer {access_token}"},
        http_client=pool,
    )

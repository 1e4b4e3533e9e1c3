"""Clients that act as the caller, or as nobody yet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.peers.fastapi_unit.settings import get_settings
from supabase import AsyncClient, AsyncClientOptions, acreate_client


@asynccontextmanager
async def user_scoped_client(access_token: str) -> AsyncIterator[AsyncClient]:
    """A client bound to the caller's access token, open for one request."""
    settings = get_settings()
    options = AsyncClientOptions(
        headers={"Authorization": f"Bearer {access_token}"},
        auto_refresh_token=False,
        persist_session=False,
    )
    client = await acreate_client(settings.supabase_url, settings.supabase_publishable_key, options)
    try:
        yield client
    finally:
        await client.auth.close()
        await client.postgrest.aclose()


@asynccontextmanager
async def anonymous_client() -> AsyncIterator[AsyncClient]:
    """A client with the publishable key only: signs in and refreshes, reads no rows."""
    settings = get_settings()
    options = AsyncClientOptions(auto_refresh_token=False, persist_session=False)
    client = await acreate_client(settings.supabase_url, settings.supabase_publishable_key, options)
    try:
        yield client
    finally:
        await client.auth.close()

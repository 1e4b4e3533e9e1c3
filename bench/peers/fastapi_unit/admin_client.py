"""A client with the service role, for what no user may do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.peers.fastapi_unit.settings import get_settings
from supabase import AsyncClient, AsyncClientOptions, acreate_client


@asynccontextmanager
async def admin_client() -> AsyncIterator[AsyncClient]:
    """A client that bypasses row level security, open for one request."""
    settings = get_settings()
    options = AsyncClientOptions(auto_refresh_token=False, persist_session=False)
    client = await acreate_client(settings.supabase_url, settings.supabase_secret_key, options)
    try:
        yield client
    finally:
        await client.auth.close()
        await client.postgrest.aclose()

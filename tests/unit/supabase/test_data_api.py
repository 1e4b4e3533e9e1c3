"""Queries of the data API share no headers and no filters."""

from __future__ import annotations

from service.security.access_token import AccessToken
from service.supabase.data_api import DataApi
from service.supabase.http.httpx_client import httpx_client
from service.supabase.http.wire import Wire
from tests.support.raw_server import raw_server, response
from tests.unit.supabase.auth.asking import PUBLISHABLE, headers_of


async def test_each_query_is_its_users_own() -> None:
    async with raw_server(response(b"[]")) as server:
        wire = Wire(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        data_api = DataApi(httpx_client(wire), server.url, publishable_key=PUBLISHABLE)
        one, two = (
            data_api.select("user_profile", "id", AccessToken(f"token-{number}", number, None)).eq("id", number)
            for number in "12"
        )
        await two.execute()
        await one.execute()
        first, second = server.exchanges
        assert (first.head.split()[1], second.head.split()[1]) == (
            "/rest/v1/user_profile?select=id&id=eq.2", "/rest/v1/user_profile?select=id&id=eq.1",
        )  # fmt: skip
        assert [headers_of(exchange)["authorization"] for exchange in (first, second)] == ["Bearer token-2", "Bearer token-1"]
        assert {headers_of(exchange)["apikey"] for exchange in (first, second)} == {PUBLISHABLE}
        wire.close()

"""Copied client objects share no session, no headers and no query."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from supabase_auth import AsyncGoTrueClient

from service.supabase.http.transport import SupabaseHttpClient
from service.supabase.light_clients import GoTrueClients, ProfileQueries
from tests.support.raw_server import Exchange, RawServer, raw_server, response

Running = tuple[RawServer, SupabaseHttpClient]

SESSION = (
    b'{"access_token":"a.b.c","refresh_token":"r","expires_in":3600,"token_type":"bearer","user":{"id":"1","app_metadata":{},'
    b'"user_metadata":{},"aud":"authenticated","created_at":"2026-01-01T00:00:00Z"}}'
)


@pytest_asyncio.fixture
async def server_and_client() -> AsyncIterator[Running]:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(b"[]" if "/rest/" in exchange.head else SESSION))

    async with raw_server(answer) as server:
        http = SupabaseHttpClient(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        yield server, http
        await http.aclose()


async def test_a_session_stays_with_the_object_that_it_was_opened_with(server_and_client: Running) -> None:
    server, http = server_and_client
    clients = GoTrueClients(http, server.url)
    one, other = clients.make({"apikey": "key"}), clients.make({"apikey": "key"})
    await one.sign_in_with_password({"email": "ada@example.com", "password": "secret"})
    assert (await one.get_session()) is not None
    assert await other.get_session() is None
    assert await clients.make({"apikey": "key"}).get_session() is None


async def test_no_object_sends_the_code_verifier_of_another_one(server_and_client: Running) -> None:
    server, http = server_and_client
    clients = GoTrueClients(http, server.url)
    await clients.make({}).sign_up({"email": "ada@example.com", "password": "secret"})
    await clients.make({}).exchange_code_for_session({"auth_code": "code", "code_verifier": "", "redirect_to": ""})
    signed_up, exchanged = (json.loads(exchange.body) for exchange in server.exchanges)
    assert signed_up["code_challenge"]
    assert exchanged == {"auth_code": "code", "code_verifier": None}


async def test_each_object_sends_its_own_headers(server_and_client: Running) -> None:
    server, http = server_and_client
    clients, queries = GoTrueClients(http, server.url), ProfileQueries(http, server.url, "key")
    first, second = clients.make({"apikey": "first"}), clients.make({"apikey": "second"})
    one, two = queries.make("1", "token-one", {}), queries.make("2", "token-two", {})
    await second.refresh_session("r")
    await first.refresh_session("r")
    await first.admin.sign_out("token-of-first", "local")
    await two.execute()
    await one.execute()
    heads = [exchange.head for exchange in server.exchanges]
    assert ["apikey: first" in head for head in heads] == [False, True, True, False, False]
    assert ["token-of-first" in head for head in heads] == [False, False, True, False, False]
    assert ["apikey: second" in head for head in heads] == [True, False, False, False, False]
    assert [("id=eq.2" in head, "Bearer token-two" in head) for head in heads[3:]] == [(True, True), (False, False)]
    assert [("id=eq.1" in head, "Bearer token-one" in head) for head in heads[3:]] == [(False, False), (True, True)]


def test_a_copy_differs_from_an_object_made_from_nothing_in_its_headers_only() -> None:
    """What the copy shares with its siblings must be nothing that a request writes to."""
    shared = {"_jwks", "_storage", "_state_change_emitters", "mfa", "_http_client"}
    plain = AsyncGoTrueClient(url="http://127.0.0.1", headers={}, auto_refresh_token=False, persist_session=False)
    mutable = {name for name, value in vars(plain).items() if not isinstance(value, (str, int, float, bool, type(None)))}
    assert mutable - shared == {"_headers", "admin"}, (
        "a new version of the package keeps more: see service/supabase/light_clients.py"
    )

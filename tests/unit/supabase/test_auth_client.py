"""What each call to Supabase Auth carries, as it arrives."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

import pytest
import pytest_asyncio

from service.supabase.auth.client import AuthClient
from service.supabase.http.transport import SupabaseHttpClient
from service.supabase.light_clients import GoTrueClients
from tests.support.fixed_answers import SESSION
from tests.support.raw_server import Exchange, RawServer, raw_server, response

PUBLISHABLE, SECRET = "sb_publishable_of_the_test", "sb_secret_of_the_test"
ADDRESS = "203.0.113.7"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"

# Supabase asks for a captcha before these where the project wants one, and lets the secret key past it.
GUARDED_BY_CAPTCHA: Final[Mapping[str, Callable[[AuthClient], Awaitable[object]]]] = {
    "sign_up": lambda auth: auth.sign_up(EMAIL, PASSWORD, display_name=None),
    "sign_in": lambda auth: auth.sign_in(EMAIL, PASSWORD),
}
# These it never asks for one, told the user's address or not.
UNGUARDED: Final[Mapping[str, Callable[[AuthClient, str | None], Awaitable[object]]]] = {
    "refresh": lambda auth, address: auth.refresh("refresh-token", client_address=address),
    "sign_out": lambda auth, address: auth.sign_out("access.token.value", client_address=address),
}

Running = tuple[RawServer, AuthClient]


@pytest_asyncio.fixture
async def server_and_client() -> AsyncIterator[Running]:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(json.dumps(SESSION).encode()))

    async with raw_server(answer) as server:
        http = SupabaseHttpClient(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        clients = GoTrueClients(http, server.url)
        yield (
            server,
            AuthClient(
                clients,
                publishable_key=PUBLISHABLE,
                secret_key=SECRET,
                timeout=5,
                renew_connections=http.renew_connections,
            ),
        )
        await http.aclose()


def headers_of(exchange: Exchange) -> dict[str, str]:
    lines = exchange.head.split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


async def test_each_sign_up_carries_a_code_challenge_of_its_own(server_and_client: Running) -> None:
    """Without one, the link in the mail leads to a URL with the refresh token."""
    server, auth = server_and_client
    for _ in range(3):
        await auth.sign_up(EMAIL, PASSWORD, display_name="Ada")
    bodies = [json.loads(exchange.body) for exchange in server.exchanges]
    assert {body["code_challenge_method"] for body in bodies} == {"s256"}
    challenges = {body["code_challenge"] for body in bodies}
    assert len(challenges) == 3
    # 32 bytes in base64url without padding, and the last character has four bits of them: RFC 7636 section 4.2.
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", challenge) for challenge in challenges)


def test_of_every_call_it_is_known_whether_a_captcha_guards_it() -> None:
    calls = {name for name, value in vars(AuthClient).items() if callable(value) and not name.startswith("_")}
    assert calls == GUARDED_BY_CAPTCHA.keys() | UNGUARDED.keys()
    assert not GUARDED_BY_CAPTCHA.keys() & UNGUARDED.keys()


@pytest.mark.parametrize("name", GUARDED_BY_CAPTCHA)
async def test_the_secret_key_never_goes_with_a_call_that_a_captcha_guards(server_and_client: Running, name: str) -> None:
    server, auth = server_and_client
    await GUARDED_BY_CAPTCHA[name](auth)
    [exchange] = server.exchanges
    headers = headers_of(exchange)
    assert headers["apikey"] == PUBLISHABLE
    assert "sb-forwarded-for" not in headers
    assert SECRET not in exchange.head + exchange.body.decode()


@pytest.mark.parametrize("name", UNGUARDED)
async def test_the_secret_key_goes_with_the_user_s_address_where_no_captcha_is_asked_for(
    server_and_client: Running, name: str
) -> None:
    server, auth = server_and_client
    await UNGUARDED[name](auth, ADDRESS)
    await UNGUARDED[name](auth, None)
    told, untold = (headers_of(exchange) for exchange in server.exchanges)
    assert (told["apikey"], told["sb-forwarded-for"]) == (SECRET, ADDRESS)
    assert untold["apikey"] == PUBLISHABLE
    assert "sb-forwarded-for" not in untold

"""A client for each call: which key it carries, and that it shares nothing with another one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import pytest

from service.security.access_token import AccessToken
from service.supabase.call import GUARDED_BY_CAPTCHA as GUARDED_CALLS
from service.supabase.call import MAY_CARRY_SECRET_KEY, Call
from tests.unit.supabase.auth.asking import ADA, ADDRESS, EMAIL, PASSWORD, PUBLISHABLE, SECRET, headers_of
from tests.unit.supabase.auth.conftest import Asked

CREDENTIALS: Final = {"email": EMAIL, "password": PASSWORD}

# Supabase asks for a captcha before these where the project wants one, and lets the secret key past it.
GUARDED_BY_CAPTCHA: Final[Mapping[str, Callable[[Asked], Awaitable[object]]]] = {
    "create_user": lambda asked: asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None),
    "sign_in": lambda asked: asked.session.sign_in(EMAIL, PASSWORD),
}
# These it never asks for one, told the user's address or not.
UNGUARDED: Final[Mapping[str, Callable[[Asked, str | None], Awaitable[object]]]] = {
    "refresh": lambda asked, address: asked.session.refresh("refresh-token", client_address=address),
    "sign_out": lambda asked, address: asked.session.sign_out("access.token.value", client_address=address),
}
AS_THE_USER: Final[Mapping[str, Callable[[Asked], Awaitable[object]]]] = {
    "get_user": lambda asked: asked.account.get_user(ADA),
    "factors": lambda asked: asked.account.factors(ADA),
}
NEVER_THE_SECRET_KEY: Final = {**GUARDED_BY_CAPTCHA, **AS_THE_USER}


async def test_of_every_call_it_is_known_whether_a_captcha_guards_it(asked: Asked) -> None:
    capabilities = (asked.session, asked.sign_up, asked.account)
    calls = [name for calls in capabilities for name, _ in inspect.getmembers(calls, callable) if not name.startswith("_")]
    assert sorted(calls) == sorted([*GUARDED_BY_CAPTCHA, *UNGUARDED, *AS_THE_USER])


@pytest.mark.parametrize("name", NEVER_THE_SECRET_KEY)
async def test_the_secret_key_never_goes_with_a_call_that_a_captcha_guards_nor_with_a_users(asked: Asked, name: str) -> None:
    await NEVER_THE_SECRET_KEY[name](asked)
    for exchange in asked.server.exchanges:
        headers = headers_of(exchange)
        assert headers["apikey"] == PUBLISHABLE
        assert "sb-forwarded-for" not in headers
        assert SECRET not in exchange.head + exchange.body.decode()


@pytest.mark.parametrize("call", Call)
async def test_a_call_that_is_not_named_goes_with_the_publishable_key_whoever_asks_for_it(asked: Asked, call: Call) -> None:
    await asked.gotrue.client(call, client_address=ADDRESS).refresh_session("refresh-token")
    headers = headers_of(asked.server.exchanges[0])
    assert headers["apikey"] == (SECRET if call in MAY_CARRY_SECRET_KEY else PUBLISHABLE)
    assert ("sb-forwarded-for" in headers) == (call in MAY_CARRY_SECRET_KEY)
    assert {Call.refresh, Call.sign_out, Call.challenge_factor, Call.verify_factor} == MAY_CARRY_SECRET_KEY
    assert not MAY_CARRY_SECRET_KEY & GUARDED_CALLS


@pytest.mark.parametrize("name", UNGUARDED)
async def test_the_secret_key_goes_with_the_user_s_address_where_no_captcha_is_asked_for(asked: Asked, name: str) -> None:
    await UNGUARDED[name](asked, ADDRESS)
    await UNGUARDED[name](asked, None)
    told, untold = (headers_of(exchange) for exchange in asked.server.exchanges)
    assert (told["apikey"], told["sb-forwarded-for"]) == (SECRET, ADDRESS)
    assert untold["apikey"] == PUBLISHABLE
    assert "sb-forwarded-for" not in untold


async def test_a_session_stays_with_the_client_that_it_was_opened_with(asked: Asked) -> None:
    one, other = asked.gotrue.client(Call.sign_in), asked.gotrue.client(Call.sign_in)
    await one.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    assert (await one.get_session()) is not None
    assert await other.get_session() is None
    assert await asked.gotrue.client(Call.sign_in).get_session() is None


async def test_no_client_sends_the_code_verifier_of_another_one(asked: Asked) -> None:
    await asked.gotrue.client(Call.sign_up).sign_up({"email": EMAIL, "password": PASSWORD})
    await asked.gotrue.client(Call.sign_up).exchange_code_for_session(
        {"auth_code": "code", "code_verifier": "", "redirect_to": ""}
    )
    signed_up, exchanged = (json.loads(exchange.body) for exchange in asked.server.exchanges)
    assert signed_up["code_challenge"]
    assert exchanged == {"auth_code": "code", "code_verifier": None}


async def test_each_client_sends_its_own_headers(asked: Asked) -> None:
    first, second = asked.gotrue.client(Call.refresh, client_address=ADDRESS), asked.gotrue.client(Call.refresh)
    await second.refresh_session("r")
    await first.refresh_session("r")
    await first.admin.sign_out("token-of-first", "local")
    await second.refresh_session("r")
    heads = [headers_of(exchange) for exchange in asked.server.exchanges]
    assert [head["apikey"] for head in heads] == [PUBLISHABLE, SECRET, SECRET, PUBLISHABLE]
    assert [head.get("authorization") for head in heads] == [None, None, "Bearer token-of-first", None]


async def test_a_client_of_a_user_does_as_that_user_what_the_package_asks_a_session_for(asked: Asked) -> None:
    grace = AccessToken("token.of.grace", "7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10", None)
    for user in (ADA, grace):
        client = asked.gotrue.client_of(user)
        session = await client.get_session()
        assert session is not None
        assert (session.access_token, session.refresh_token, session.user.id) == (user.value, "", user.user_id)
        await client.update_user({"email": "new@example.com"})
        await client.mfa.list_factors()
    sent = [(exchange.head.split()[:2], headers_of(exchange)["authorization"]) for exchange in asked.server.exchanges]
    asks = [["PUT", "/auth/v1/user"], ["GET", "/auth/v1/user"]]
    assert sent == [(ask, f"Bearer {user.value}") for user in (ADA, grace) for ask in asks]
    changed = [json.loads(exchange.body) for exchange in asked.server.exchanges if exchange.body]
    assert len({body["code_challenge"] for body in changed}) == 2

"""A client for each call: which key it carries, and that it shares nothing with another one."""

from __future__ import annotations

import gc
import inspect
import json
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import pytest

from service.security.access_token import AccessToken
from service.supabase.auth.captcha import NO_CAPTCHA
from service.supabase.call import GUARDED_BY_CAPTCHA as GUARDED_CALLS
from service.supabase.call import MAY_CARRY_SECRET_KEY, Call
from tests.support.fixed_answers import USER
from tests.unit.supabase.auth.asking import ADA, ADDRESS, BACK, EMAIL, LINK, PASSWORD, PUBLISHABLE, SECRET, headers_of
from tests.unit.supabase.auth.conftest import Asked

CREDENTIALS: Final = {"email": EMAIL, "password": PASSWORD}

# Supabase asks for a captcha before these where the project wants one, and lets the secret key past it.
GUARDED_BY_CAPTCHA: Final[Mapping[str, Callable[[Asked], Awaitable[object]]]] = {
    "create_user": lambda asked: asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None, link=LINK),
    "sign_in": lambda asked: asked.session.sign_in(EMAIL, PASSWORD),
    "resend": lambda asked: asked.email.resend("signup", EMAIL, LINK, client_address=ADDRESS, captcha=NO_CAPTCHA),
    "send": lambda asked: asked.otp.send(EMAIL, LINK, create_user=True, client_address=ADDRESS, captcha=NO_CAPTCHA),
    "sso_url": lambda asked: asked.oauth.sso_url("example.com", BACK, client_address=ADDRESS, captcha=NO_CAPTCHA),
    "recover": lambda asked: asked.password.recover(EMAIL, LINK, client_address=ADDRESS, captcha=NO_CAPTCHA),
}
# These it never asks for one, told the user's address or not.
UNGUARDED: Final[Mapping[str, Callable[[Asked, str | None], Awaitable[object]]]] = {
    "refresh": lambda asked, address: asked.session.refresh("refresh-token", client_address=address),
    "sign_out": lambda asked, address: asked.session.sign_out("access.token.value", client_address=address),
    "verify_link": lambda asked, address: asked.email.verify_link("recovery", "hash", client_address=address),
    "exchange": lambda asked, address: asked.oauth.exchange("code", "verifier", client_address=address),
    "verify_code": lambda asked, address: asked.email.verify_code("email", EMAIL, "123456", client_address=address),
    "change": lambda asked, address: asked.email.change(ADA, EMAIL, LINK, client_address=address),
    "set": lambda asked, address: asked.password.set(ADA, PASSWORD, current_password=None, nonce=None, client_address=address),
}
AS_THE_USER: Final[Mapping[str, Callable[[Asked], Awaitable[object]]]] = {
    "get_user": lambda asked: asked.account.get_user(ADA),
    "update_profile": lambda asked: asked.account.update_profile(ADA, {"display_name": "Ada"}),
    "factors": lambda asked: asked.account.factors(ADA),
    "reauthenticate": lambda asked: asked.password.reauthenticate(ADA),
    "link_url": lambda asked: asked.oauth.link_url(ADA, "github", BACK, scopes=None),
    "of": lambda asked: asked.identities.of(ADA),
    "unlink": lambda asked: asked.identities.unlink(ADA, str(USER["id"])),
}
ABOUT_NOBODY: Final[Mapping[str, Callable[[Asked], Awaitable[object]]]] = {
    "get": lambda asked: asked.config.get(),
    "require_provider": lambda asked: asked.oauth.require_provider("custom:tried"),
}
ASKS_NOBODY: Final = ("sign_in_url",)
NEVER_THE_SECRET_KEY: Final = {**GUARDED_BY_CAPTCHA, **AS_THE_USER, **ABOUT_NOBODY}


async def test_of_every_call_it_is_known_whether_a_captcha_guards_it(asked: Asked) -> None:
    capabilities = (
        asked.session,
        asked.sign_up,
        asked.account,
        asked.email,
        asked.otp,
        asked.password,
        asked.config,
        asked.oauth,
        asked.identities,
    )
    calls = [name for calls in capabilities for name, _ in inspect.getmembers(calls, callable) if not name.startswith("_")]
    assert sorted(calls) == sorted([*GUARDED_BY_CAPTCHA, *UNGUARDED, *AS_THE_USER, *ABOUT_NOBODY, *ASKS_NOBODY])


@pytest.mark.parametrize("name", NEVER_THE_SECRET_KEY)
async def test_the_secret_key_never_goes_with_a_call_that_a_captcha_guards_nor_where_no_limit_asks_for_the_address(
    asked: Asked, name: str
) -> None:
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
    assert {
        Call.refresh, Call.sign_out, Call.verify_link, Call.verify_code, Call.exchange_code, Call.challenge_factor,
        Call.verify_factor, Call.set_password, Call.change_email,
    } == MAY_CARRY_SECRET_KEY  # fmt: skip
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


async def test_a_session_goes_with_its_client_and_does_not_wait_for_the_garbage_collector(asked: Asked) -> None:
    client = asked.gotrue.client(Call.sign_in)
    await client.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    forgotten = weakref.ref(client)
    gc.disable()
    try:
        del client
        assert forgotten() is None
    finally:
        gc.enable()


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

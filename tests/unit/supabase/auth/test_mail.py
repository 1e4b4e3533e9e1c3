"""What makes Supabase send a mail, as it arrives: where the link leads to, and the challenge that keeps tokens out of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth.captcha import NO_CAPTCHA, CaptchaAnswer
from service.supabase.call import SENDS_MAIL, Call
from tests.support.fixed_answers import SESSION
from tests.support.raw_server import Answer, Exchange, response
from tests.unit.supabase.auth.asking import ADA, EMAIL, LINK, PASSWORD, headers_of
from tests.unit.supabase.auth.conftest import Asked

Ask = Callable[[Asked, CaptchaAnswer], Awaitable[object]]

WITH_A_LINK: Final[Mapping[Call, Ask]] = {
    Call.sign_up: lambda asked, captcha: asked.sign_up.create_user(
        EMAIL, PASSWORD, display_name=None, link=LINK, captcha=captcha
    ),
    Call.resend: lambda asked, captcha: asked.email.resend("signup", EMAIL, LINK, client_address=None, captcha=captcha),
    Call.send_otp: lambda asked, captcha: asked.otp.send(EMAIL, LINK, create_user=False, client_address=None, captcha=captcha),
    Call.recover: lambda asked, captcha: asked.password.recover(EMAIL, LINK, client_address=None, captcha=captcha),
    Call.change_email: lambda asked, _captcha: asked.email.change(ADA, EMAIL, LINK, client_address=None),
}
GUARDED: Final = [call for call in WITH_A_LINK if call is not Call.change_email]


def answering(status: int, body: object, headers: str = "") -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(response(json.dumps(body).encode(), *([headers] if headers else []), status=f"{status} X"))

    return answer


def test_every_call_that_sends_a_mail_is_looked_at_here() -> None:
    assert {*WITH_A_LINK, Call.reauthenticate} == SENDS_MAIL, "the mail of a reauthentication has a code and no link"


@pytest.mark.parametrize("call", WITH_A_LINK)
async def test_it_carries_the_challenge_and_the_page_of_the_front_end(asked: Asked, call: Call) -> None:
    """Without a challenge, the link of a template that was left as it is leads to a URL with the refresh token."""
    await WITH_A_LINK[call](asked, NO_CAPTCHA)
    [exchange] = asked.server.exchanges
    body = json.loads(exchange.body)
    assert (body["code_challenge"], body["code_challenge_method"]) == (LINK.code_challenge, "s256")
    query = parse_qs(urlsplit(exchange.head.split()[1]).query)
    assert query == {"redirect_to": [LINK.redirect_to]}
    assert headers_of(exchange)["x-supabase-api-version"] == "2024-01-01"


@pytest.mark.parametrize("call", GUARDED)
async def test_a_captcha_s_token_goes_with_it(asked: Asked, call: Call) -> None:
    await WITH_A_LINK[call](asked, CaptchaAnswer("token"))
    await WITH_A_LINK[call](asked, NO_CAPTCHA)
    with_token, without = (json.loads(exchange.body) for exchange in asked.server.exchanges)
    assert with_token["gotrue_meta_security"] == {"captcha_token": "token"}
    assert "gotrue_meta_security" not in without


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"code": "over_email_send_rate_limit", "message": "no"}, "X-Supabase-Api-Version: 2024-01-01"),
        ({"code": "over_email_send_rate_limit", "message": "no"}, ""),
        ({"code": 429, "error_code": "over_email_send_rate_limit", "msg": "no"}, ""),
    ],
)
async def test_supabase_s_own_code_is_kept_in_whatever_version_it_comes(
    asked: Asked, body: dict[str, object], headers: str
) -> None:
    asked.server.answer = answering(429, body, headers)
    with pytest.raises(ApiError) as refusal:
        await WITH_A_LINK[Call.recover](asked, NO_CAPTCHA)
    assert (refusal.value.code, refusal.value.supabase_code) == (ErrorCode.rate_limited, "over_email_send_rate_limit")


async def test_supabase_s_own_code_is_kept_where_its_mail_server_is_slow(asked: Asked) -> None:
    """By it a mail server that takes too long, which only addresses with an account meet, is told from a gateway that does."""
    asked.server.answer = answering(504, {"code": "request_timeout", "message": "slow"})
    with pytest.raises(ApiError) as refusal:
        await WITH_A_LINK[Call.recover](asked, NO_CAPTCHA)
    assert (refusal.value.code, refusal.value.supabase_code) == (ErrorCode.upstream_timeout, "request_timeout")


# --- Links and codes ---------------------------------------------------------------------------------------------------------


async def test_a_link_is_used_up_as_what_the_caller_calls_it(asked: Asked) -> None:
    tokens = await asked.email.verify_link("recovery", "pkce_0", client_address=None)
    assert tokens is not None
    assert tokens.email == EMAIL
    [exchange] = asked.server.exchanges
    assert json.loads(exchange.body) == {"type": "recovery", "token_hash": "pkce_0"}


async def test_the_first_half_of_a_change_of_address_is_no_session(asked: Asked) -> None:
    half = {"code": "200", "msg": "Confirmation link accepted. Please proceed to confirm link sent to the other email"}
    asked.server.answer = answering(200, half)
    assert await asked.email.verify_link("email_change", "pkce_0", client_address=None) is None
    assert await asked.email.verify_code("email_change", EMAIL, "123456", client_address=None) is None


@pytest.mark.parametrize("answer", [{}, {"msg": "half"}, [], None, {"access_token": None}, {**SESSION, "user": None}])
async def test_what_is_neither_is_a_fault_of_supabase(asked: Asked, answer: object) -> None:
    asked.server.answer = answering(200, answer)
    with pytest.raises(ApiError) as refusal:
        await asked.email.verify_link("recovery", "pkce_0", client_address=None)
    assert refusal.value.code is ErrorCode.upstream_error


async def test_a_session_of_another_address_than_the_code_s_is_no_answer(asked: Asked) -> None:
    with pytest.raises(ApiError) as refusal:
        await asked.email.verify_code("email", "grace@example.com", "123456", client_address=None)
    assert refusal.value.code is ErrorCode.upstream_error
    tokens = await asked.email.verify_code("email_change", "the-old-one@example.com", "123456", client_address=None)
    assert tokens is not None, "the address changed meanwhile"


@pytest.mark.parametrize("code", ["otp_expired", "validation_failed", "user_not_found"])
async def test_whatever_is_wrong_with_a_code_is_one_error(asked: Asked, code: str) -> None:
    asked.server.answer = answering(403, {"code": code, "message": "no"})
    for verify in (
        asked.email.verify_link("recovery", "pkce_0", client_address=None),
        asked.email.verify_code("recovery", EMAIL, "123456", client_address=None),
    ):
        with pytest.raises(ApiError) as refusal:
            await verify
        assert refusal.value.code is ErrorCode.auth_code_invalid


async def test_a_guess_does_not_tell_who_is_banned_and_a_link_does(asked: Asked) -> None:
    asked.server.answer = answering(403, {"code": "user_banned", "message": "no"})
    with pytest.raises(ApiError) as guessed:
        await asked.email.verify_code("recovery", EMAIL, "123456", client_address=None)
    with pytest.raises(ApiError) as linked:
        await asked.email.verify_link("recovery", "pkce_0", client_address=None)
    assert (guessed.value.code, linked.value.code) == (ErrorCode.auth_code_invalid, ErrorCode.auth_user_banned)


@pytest.mark.parametrize(
    ("code", "status", "meaning", "details"),
    [
        ("current_password_required", 400, ErrorCode.auth_reauthentication_required, {"method": "current_password"}),
        ("reauthentication_needed", 400, ErrorCode.auth_reauthentication_required, {"method": "nonce"}),
        ("current_password_invalid", 400, ErrorCode.auth_current_password_invalid, {}),
        ("reauthentication_not_valid", 422, ErrorCode.auth_nonce_invalid, {}),
        ("same_password", 422, ErrorCode.auth_same_password, {}),
        ("user_sso_managed", 422, ErrorCode.auth_sso_managed, {}),
        ("insufficient_aal", 401, ErrorCode.auth_mfa_required, {"factors": []}),
    ],
)
async def test_each_policy_of_a_project_about_passwords_has_a_code(
    asked: Asked, code: str, status: int, meaning: ErrorCode, details: dict[str, str]
) -> None:
    asked.server.answer = answering(status, {"code": code, "message": "no"})
    with pytest.raises(ApiError) as refusal:
        await asked.password.set(ADA, PASSWORD, current_password=None, nonce=None, client_address=None)
    assert (refusal.value.code, refusal.value.details) == (meaning, details)


async def test_a_new_password_carries_the_proofs_that_were_given(asked: Asked) -> None:
    await asked.password.set(ADA, PASSWORD, current_password=None, nonce=None, client_address=None)
    await asked.password.set(ADA, PASSWORD, current_password="old", nonce="123456", client_address=None)
    bare, proved = (json.loads(exchange.body) for exchange in asked.server.exchanges)
    assert bare == {"password": PASSWORD}
    assert proved == {"password": PASSWORD, "current_password": "old", "nonce": "123456"}

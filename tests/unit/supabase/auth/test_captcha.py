"""What is believed about a project's captcha, for how long, and which key goes with a call."""

from __future__ import annotations

import asyncio
import json

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.request_context import RequestContext, enter
from service.supabase.auth.captcha import CaptchaAnswer, CaptchaProbe, SecretKeyRule
from service.supabase.auth.gotrue import GoTrue
from service.supabase.call import GUARDED_BY_CAPTCHA, MAY_CARRY_SECRET_KEY, Call
from service.supabase.http.httpx_client import httpx_client
from service.supabase.http.wire import Wire
from tests.support.raw_server import Exchange, raw_server, response
from tests.unit.supabase.auth.asking import ADDRESS, EMAIL, LINK, PASSWORD, PUBLISHABLE, SECRET, headers_of
from tests.unit.supabase.auth.conftest import Asked

WANTED = (400, "captcha_failed")
NOT_WANTED = (400, "invalid_credentials")
CHECKED = CaptchaAnswer(checked=True)


class Project:
    """Answers one thing to every sign-in, until another one is put in its place."""

    def __init__(self) -> None:
        self.says = WANTED
        self.exchanges: list[Exchange] = []

    async def answer(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        status, code = self.says
        body = json.dumps({"code": code, "message": "no"}).encode()
        await exchange.send(response(body, "X-Supabase-Api-Version: 2024-01-01", status=f"{status} X"))


def probe_of(url: str, wire: Wire, **times: float) -> CaptchaProbe:
    http = httpx_client(wire)
    gotrue = GoTrue(
        http, url, publishable_key=PUBLISHABLE, secret_key=SECRET, may_carry_secret_key=lambda *_: True, patient_http=http
    )
    return CaptchaProbe(gotrue.client_of_nobody, timeout=2, **times)


@pytest.mark.parametrize(
    ("says", "wanted"),
    [
        (WANTED, "yes"),
        (NOT_WANTED, "no"),
        ((422, "email_provider_disabled"), "no"),
        ((429, "over_request_rate_limit"), "unknown"),
        ((500, "unexpected_failure"), "unknown"),
        ((401, "no_authorization"), "unknown"),
        ((400, "validation_failed"), "unknown"),
        ((400, "a_code_of_next_year"), "unknown"),
        ((500, "invalid_credentials"), "unknown"),
    ],
)
async def test_only_what_comes_behind_the_captcha_says_that_there_is_none(says: tuple[int, str], wanted: str) -> None:
    project = Project()
    project.says = says
    enter(RequestContext(client_address=ADDRESS, user_agent="Mozilla/5.0 of whoever made it ask"))
    async with raw_server(project.answer) as server:
        wire = Wire(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        probe = probe_of(server.url, wire)
        assert probe.wanted() == "unknown", "before the first answer nothing is known"
        assert await probe.asked() == wanted
        assert await probe.asked() == wanted
        wire.close()
    [exchange] = project.exchanges
    headers, body = headers_of(exchange), json.loads(exchange.body)
    assert headers["apikey"] == PUBLISHABLE
    assert "sb-forwarded-for" not in headers
    assert headers["user-agent"] == "latchkey"
    assert body["gotrue_meta_security"]["captcha_token"] is None
    assert body["email"].endswith("@latchkey.invalid"), "nobody's: RFC 2606 section 2"


@pytest.mark.thorough
async def test_what_is_known_is_asked_for_again_and_not_believed_for_ever() -> None:
    project = Project()
    async with raw_server(project.answer) as server:
        wire = Wire(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        probe = probe_of(server.url, wire, max_age=0.2, retry_after=0.05)
        rule = SecretKeyRule(probe)
        project.says = NOT_WANTED
        assert await probe.asked() == "no"
        assert rule.allows(Call.sign_in, CaptchaAnswer())
        project.says = WANTED
        await asyncio.sleep(0.25)
        assert await probe.asked() == "yes"
        assert not rule.allows(Call.sign_in, CaptchaAnswer())
        project.says = NOT_WANTED
        await asyncio.sleep(0.25)
        assert await probe.asked() == "no"
        project.says = (503, "unexpected_failure")
        await asyncio.sleep(0.25)
        assert await probe.asked() == "no", "an outage changes no project's settings"
        await asyncio.sleep(0.25)
        assert probe.wanted() == "unknown"
        assert not rule.allows(Call.sign_in, CaptchaAnswer())
        wire.close()


async def test_many_who_want_to_know_are_one_question() -> None:
    project = Project()
    async with raw_server(project.answer) as server:
        wire = Wire(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        probe = probe_of(server.url, wire)
        assert await asyncio.gather(*(probe.asked() for _ in range(20))) == ["yes"] * 20
        wire.close()
    assert len(project.exchanges) == 1


@pytest.mark.parametrize("call", Call)
def test_a_call_that_a_captcha_guards_may_carry_the_secret_key_only_where_this_service_checked_it(call: Call) -> None:
    rule = SecretKeyRule(None)
    assert rule.allows(call, CaptchaAnswer()) == (call in MAY_CARRY_SECRET_KEY)
    assert rule.allows(call, CaptchaAnswer("a token")) == (call in MAY_CARRY_SECRET_KEY)
    assert rule.allows(call, CHECKED) == (call in MAY_CARRY_SECRET_KEY | GUARDED_BY_CAPTCHA)


async def test_an_older_secret_key_goes_as_the_authorization_that_it_is(asked: Asked) -> None:
    older = GoTrue(
        asked.http, asked.server.url, publishable_key=PUBLISHABLE, secret_key="a.service_role.jwt",
        may_carry_secret_key=asked.rule.rule.allows, patient_http=asked.http,
    )  # fmt: skip
    for captcha in (CHECKED, CaptchaAnswer("token")):
        client = older.client(Call.sign_in, client_address=ADDRESS, captcha=captcha)
        await client.sign_in_with_password({"email": EMAIL, "password": PASSWORD})
    checked, passed_on = (headers_of(exchange) for exchange in asked.server.exchanges)
    assert (checked["apikey"], checked["authorization"]) == ("a.service_role.jwt", "Bearer a.service_role.jwt")
    assert passed_on["apikey"] == PUBLISHABLE
    assert "authorization" not in passed_on


@pytest.mark.parametrize(
    ("captcha", "code"),
    [(CaptchaAnswer(), ErrorCode.auth_captcha_required), (CaptchaAnswer("bad"), ErrorCode.auth_captcha_failed)],
)
async def test_what_was_sent_tells_whether_a_token_is_missing_or_no_good(
    asked: Asked, captcha: CaptchaAnswer, code: ErrorCode
) -> None:
    asked.server.answer = Project().answer
    with pytest.raises(ApiError) as refusal:
        await asked.session.sign_in(EMAIL, PASSWORD, captcha=captcha)
    assert refusal.value.code is code
    with pytest.raises(ApiError) as refusal:
        await asked.sign_up.create_user(EMAIL, PASSWORD, display_name=None, link=LINK, captcha=captcha)
    assert refusal.value.code is code

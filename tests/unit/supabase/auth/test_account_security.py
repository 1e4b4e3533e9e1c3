"""Second factors, own sessions and deletion, as they arrive at Supabase: with whose key, and what is made of odd answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.request_context import RequestContext, enter
from service.security.access_token import AccessToken
from service.supabase.admin import AdminClient
from service.supabase.auth.captcha import SecretKeyRule
from service.supabase.auth.deletion import DeletionCalls
from service.supabase.auth.gotrue import GoTrue
from service.supabase.auth.mfa import MfaCalls
from service.supabase.auth.sessions import OwnSessionsCalls
from service.supabase.calls import UpstreamCall
from service.supabase.data_api import DataApi
from service.supabase.http.httpx_client import httpx_client
from service.supabase.http.wire import Wire
from tests.support.fixed_answers import SESSION, USER
from tests.support.raw_server import Exchange, RawServer, raw_server, response
from tests.unit.supabase.auth.asking import ADDRESS, PUBLISHABLE, SECRET, headers_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FACTOR = "6f0c1d9a-3c5e-4d7b-8a42-1b9f5e7c2d34"
CHALLENGE = "0b6a1c2d-9f3e-4a5b-8c7d-6e5f4a3b2c1d"
SECRET_OF_TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/Example:ada@example.com?algorithm=SHA1&digits=6&issuer=Example&period=30&secret={SECRET_OF_TOTP}"
ADA = AccessToken("token.of.ada", str(USER["id"]), "9c8b1e44-2d07-4f6a-a3b9-50e7d1c6f282")
ROW = {
    "id": ADA.session_id, "created_at": "2026-11-26T08:15:00+00:00", "refreshed_at": "2026-11-26T09:10:00.5+00:00",
    "user_agent": FIREFOX, "ip": "203.0.113.7", "aal": "aal1", "not_after": None,
}  # fmt: skip
OLDER_SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"


@dataclass
class Project:
    """`answers` by method and end of the path: status line, and body."""

    server: RawServer
    mfa: MfaCalls
    sessions: OwnSessionsCalls
    deletion: DeletionCalls
    older_deletion: DeletionCalls
    answers: dict[tuple[str, str], tuple[str, Any]] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        return [" ".join(exchange.head.split()[:2]) for exchange in self.server.exchanges]

    def headers(self, index: int) -> dict[str, str]:
        return headers_of(self.server.exchanges[index])

    def body(self, index: int) -> Any:
        return json.loads(self.server.exchanges[index].body)


@pytest_asyncio.fixture
async def project() -> AsyncIterator[Project]:
    answers: dict[tuple[str, str], tuple[str, Any]] = {
        ("GET", "/user"): ("200 OK", USER),
        ("POST", "/factors"): (
            "200 OK", {"id": FACTOR, "type": "totp", "friendly_name": "Phone",
                       "totp": {"qr_code": "<svg/>", "secret": SECRET_OF_TOTP, "uri": URI}},
        ),
        ("POST", "/challenge"): ("200 OK", {"id": CHALLENGE, "type": "totp", "expires_at": 1_800_000_300}),
        ("POST", "/verify"): ("200 OK", SESSION),
        ("DELETE", f"/factors/{FACTOR}"): ("200 OK", {"id": FACTOR}),
        ("POST", "/list_own_sessions"): ("200 OK", [ROW]),
        ("POST", "/end_own_session"): ("200 OK", True),
        ("DELETE", f"/users/{ADA.user_id}"): ("200 OK", {}),
        ("DELETE", "/user_profile"): ("200 OK", []),
    }  # fmt: skip

    async def answer(exchange: Exchange) -> None:
        method, target = exchange.head.split()[:2]
        status, body = next(
            found for (verb, end), found in answers.items() if verb == method and target.split("?")[0].endswith(end)
        )
        version = "X-Supabase-Api-Version: 2024-01-01"
        await exchange.send(response(json.dumps(body).encode(), version, status=status))

    async with raw_server(answer) as server:
        wire = Wire(server.url, connect_timeout=5, read_timeout=5, max_connections=5, keepalive=5)
        http = httpx_client(wire)
        upstream = partial(UpstreamCall, seconds=5, on_foreign_answer=wire.renew_connections)

        def gotrue(secret: str) -> GoTrue:
            rule = SecretKeyRule(None)
            return GoTrue(
                http,
                server.url,
                publishable_key=PUBLISHABLE,
                secret_key=secret,
                may_carry_secret_key=rule.allows,
                patient_http=http,
            )

        def deletion(secret: str) -> DeletionCalls:
            return DeletionCalls(gotrue(secret), AdminClient(http, server.url, secret_key=secret), upstream)

        data_api = DataApi(http, server.url, publishable_key=PUBLISHABLE)
        yield Project(
            server,
            MfaCalls(gotrue(SECRET), upstream),
            OwnSessionsCalls(gotrue(SECRET), data_api, upstream),
            deletion(SECRET),
            deletion(OLDER_SECRET),
            answers,
        )
        wire.close()


def gone(project: Project) -> None:
    project.answers["GET", "/user"] = ("403 Forbidden", {"code": "user_not_found", "message": "no"})


async def test_a_code_is_given_for_a_challenge_of_its_own_as_the_user(project: Project) -> None:
    tokens = await project.mfa.verify(ADA, UUID(FACTOR), "123456", client_address=None)
    assert (tokens.user_id, tokens.refresh_token) == (ADA.user_id, SESSION["refresh_token"])
    path = f"/auth/v1/factors/{FACTOR}"
    assert project.asked == [f"POST {path}/challenge", f"POST {path}/verify"]
    assert project.body(1) == {"factor_id": FACTOR, "challenge_id": CHALLENGE, "code": "123456"}
    for index in (0, 1):
        assert project.headers(index)["apikey"] == PUBLISHABLE
        assert project.headers(index)["authorization"] == "Bearer token.of.ada"
        assert "sb-forwarded-for" not in project.headers(index)


async def test_both_halves_come_from_the_users_address_where_it_is_told(project: Project) -> None:
    enter(RequestContext(client_address=ADDRESS, user_agent=FIREFOX))
    await project.mfa.verify(ADA, UUID(FACTOR), "123456", client_address=ADDRESS)
    for index in (0, 1):
        headers = project.headers(index)
        assert (headers["apikey"], headers["sb-forwarded-for"]) == (SECRET, ADDRESS)
        assert headers["authorization"] == "Bearer token.of.ada", "the user's, and not the key's"
        assert headers["user-agent"] == "Firefox 140 on Linux"


async def test_what_else_is_done_with_factors_carries_no_secret_key(project: Project) -> None:
    enter(RequestContext(client_address=ADDRESS, user_agent=FIREFOX))
    await project.mfa.enroll(ADA, name="Phone", issuer="Example")
    await project.mfa.list(ADA)
    await project.mfa.delete(ADA, UUID(FACTOR))
    assert project.body(0) == {"friendly_name": "Phone", "factor_type": "totp", "issuer": "Example"}
    assert {project.headers(index)["apikey"] for index in range(3)} == {PUBLISHABLE}


@pytest.mark.parametrize(
    ("uri", "secret"),
    [
        ("https://evil.example/?secret=" + SECRET_OF_TOTP, SECRET_OF_TOTP),
        ("otpauth://hotp/Example:ada?secret=" + SECRET_OF_TOTP, SECRET_OF_TOTP),
        (URI.replace(SECRET_OF_TOTP, "A" * 32), SECRET_OF_TOTP),
        (URI + "&secret=" + "A" * 32, SECRET_OF_TOTP),
        (URI, "not base 32"),
        (URI + "&x=" + "y" * 1_000, SECRET_OF_TOTP),
        (URI + "&x=\u00e9", SECRET_OF_TOTP),
        ("javascript:alert(1)", SECRET_OF_TOTP),
        ("", ""),
    ],
)
async def test_a_uri_that_is_not_this_secrets_is_not_passed_on(project: Project, uri: str, secret: str) -> None:
    body = {"id": FACTOR, "type": "totp", "friendly_name": "", "totp": {"qr_code": "", "secret": secret, "uri": uri}}
    project.answers["POST", "/factors"] = ("200 OK", body)
    with pytest.raises(ApiError) as raised:
        await project.mfa.enroll(ADA, name=None, issuer=None)
    assert raised.value.code is ErrorCode.upstream_error


async def test_secrets_stay_out_of_reprs(project: Project) -> None:
    enrollment = await project.mfa.enroll(ADA, name=None, issuer=None)
    assert enrollment.secret == SECRET_OF_TOTP
    assert SECRET_OF_TOTP not in repr(enrollment)


@pytest.mark.parametrize("code", ["mfa_ip_address_mismatch", "mfa_verification_failed", "mfa_challenge_expired"])
async def test_a_code_that_supabase_does_not_take_is_not_valid(project: Project, code: str) -> None:
    project.answers["POST", "/verify"] = ("422 Unprocessable Entity", {"code": code, "message": "no"})
    with pytest.raises(ApiError) as raised:
        await project.mfa.verify(ADA, UUID(FACTOR), "123456", client_address=None)
    assert raised.value.code is ErrorCode.auth_mfa_code_invalid


async def test_what_a_hook_says_about_an_attempt_is_told(project: Project) -> None:
    said = {"code": "mfa_verification_rejected", "message": "Too many\nattempts"}
    project.answers["POST", "/verify"] = ("403 Forbidden", said)
    with pytest.raises(ApiError) as raised:
        await project.mfa.verify(ADA, UUID(FACTOR), "123456", client_address=None)
    assert (raised.value.code, raised.value.details) == (ErrorCode.auth_rejected, {"explanation": "Too many attempts"})


async def test_tokens_of_somebody_else_are_passed_on_to_nobody(project: Project) -> None:
    grace = AccessToken("token.of.grace", "7d3f1c52-0b9e-4f6a-8a51-2c9e4b7d6f10", None)
    with pytest.raises(ApiError) as raised:
        await project.mfa.verify(grace, UUID(FACTOR), "123456", client_address=None)
    assert raised.value.code is ErrorCode.upstream_error
    for ask in (project.mfa.list(grace), project.sessions.list(grace), project.deletion.email(grace)):
        with pytest.raises(ApiError):
            await ask


async def test_sessions_are_asked_for_as_the_user(project: Project) -> None:
    [session] = await project.sessions.list(ADA)
    assert (session.id, session.ip) == (UUID(ADA.session_id), "203.0.113.7")
    assert await project.sessions.end(ADA, session.id) is True
    calls = {asked: project.headers(index) for index, asked in enumerate(project.asked)}
    assert calls.keys() == {
        "GET /auth/v1/user", "POST /rest/v1/rpc/list_own_sessions", "POST /rest/v1/rpc/end_own_session",
    }  # fmt: skip
    for headers in calls.values():
        assert (headers["apikey"], headers["authorization"]) == (PUBLISHABLE, "Bearer token.of.ada")
    assert project.body(-1) == {"session_id": ADA.session_id}


@pytest.mark.parametrize("ask", ["list", "end"])
@pytest.mark.parametrize("code", ["PGRST202", "42501"])
async def test_a_missing_migration_is_told_from_a_missing_session(project: Project, ask: str, code: str) -> None:
    for function in ("/list_own_sessions", "/end_own_session"):
        project.answers["POST", function] = ("404 Not Found", {"code": code, "message": "no", "details": None, "hint": None})
    with pytest.raises(ApiError) as raised:
        await (project.sessions.list(ADA) if ask == "list" else project.sessions.end(ADA, UUID(FACTOR)))
    assert raised.value.code is ErrorCode.auth_sessions_unavailable


async def test_no_session_of_that_id_is_told_from_a_session_of_ones_own_that_is_over(project: Project) -> None:
    project.answers["POST", "/end_own_session"] = ("200 OK", False)
    assert await project.sessions.end(ADA, UUID(FACTOR)) is False
    project.answers["POST", "/list_own_sessions"] = ("200 OK", [])
    with pytest.raises(ApiError) as raised:
        await project.sessions.end(ADA, UUID(FACTOR))
    assert raised.value.code is ErrorCode.unauthorized


@pytest.mark.parametrize("rows", [None, {}, "x", 1, [1], [{}], [{**ROW, "id": "x"}], [{**ROW, "created_at": "soon"}], [[ROW]]])
async def test_a_list_that_makes_no_sense_is_not_passed_on(project: Project, rows: Any) -> None:
    project.answers["POST", "/list_own_sessions"] = ("200 OK", rows)
    with pytest.raises(ApiError) as raised:
        await project.sessions.list(ADA)
    assert raised.value.code is ErrorCode.upstream_error


@pytest.mark.parametrize("ended", [None, 1, 0, "true", [], {}])
async def test_an_ending_that_makes_no_sense_is_none(project: Project, ended: Any) -> None:
    project.answers["POST", "/end_own_session"] = ("200 OK", ended)
    with pytest.raises(ApiError) as raised:
        await project.sessions.end(ADA, UUID(FACTOR))
    assert raised.value.code is ErrorCode.upstream_error


async def test_a_user_is_deleted_with_the_secret_key_and_nothing_of_the_users(project: Project) -> None:
    enter(RequestContext(client_address=ADDRESS, user_agent=FIREFOX))
    gone(project)
    await project.deletion.delete(ADA)
    assert project.asked == [f"DELETE /auth/v1/admin/users/{ADA.user_id}", "GET /auth/v1/user"]
    assert project.body(0) == {"should_soft_delete": False}
    headers = project.headers(0)
    assert (headers["apikey"], headers["user-agent"]) == (SECRET, "latchkey"), "hosted refuses the key with a browser's name"
    assert "authorization" not in headers
    assert "sb-forwarded-for" not in headers
    assert project.headers(1)["apikey"] == PUBLISHABLE


async def test_an_older_secret_key_is_a_token_and_sent_as_one(project: Project) -> None:
    gone(project)
    await project.older_deletion.delete(ADA)
    headers = project.headers(0)
    assert (headers["apikey"], headers["authorization"]) == (OLDER_SECRET, f"Bearer {OLDER_SECRET}")


async def test_softly_the_profile_goes_first(project: Project) -> None:
    gone(project)
    await project.deletion.delete_softly(ADA)
    profile = f"DELETE /rest/v1/user_profile?id=eq.{ADA.user_id}"
    assert project.asked == [profile, f"DELETE /auth/v1/admin/users/{ADA.user_id}", "GET /auth/v1/user"]
    assert project.body(1) == {"should_soft_delete": True}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Database error deleting user", ErrorCode.auth_data_in_use),
        ("Database error loading user", ErrorCode.upstream_error),
        ("", ErrorCode.upstream_error),
    ],
)
async def test_only_what_the_database_refused_is_data_in_use(project: Project, message: str, code: ErrorCode) -> None:
    body = {"code": "unexpected_failure", "message": message}
    project.answers["DELETE", f"/users/{ADA.user_id}"] = ("500 Internal Server Error", body)
    with pytest.raises(ApiError) as raised:
        await project.deletion.delete(ADA)
    assert raised.value.code is code


async def test_who_was_deleted_meanwhile_is_deleted(project: Project) -> None:
    project.answers["DELETE", f"/users/{ADA.user_id}"] = (
        "404 Not Found",
        {"code": "user_not_found", "message": "User not found"},
    )
    gone(project)
    await project.deletion.delete(ADA)


async def test_a_deletion_after_which_the_user_is_still_there_is_none(project: Project) -> None:
    with pytest.raises(ApiError) as raised:
        await project.deletion.delete(ADA)
    assert raised.value.code is ErrorCode.upstream_error

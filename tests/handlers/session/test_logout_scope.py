"""POST /auth/logout with a scope: the user's other sessions, or all."""

from __future__ import annotations

import pytest

from tests.support.auth_fake import AuthFake, factor
from tests.support.browser import Browser, cookies_set, new_email
from tests.support.raw import request, send
from tests.support.service import CSRF_TOKEN, ServiceProcess


def devices(fake: AuthFake, service: ServiceProcess, count: int = 3, **known: object) -> list[Browser]:
    """Browsers that one new user is signed in with."""
    email = new_email()
    fake.user(email, **known)
    browsers = [Browser(service.url) for _ in range(count)]
    for browser in browsers:
        assert browser.sign_in(email).status_code == 200
    return browsers


def ended(fake: AuthFake, browser: Browser) -> list[bool]:
    return [session.ended for session in fake.sessions.values() if session.user.email == browser.email]


@pytest.mark.parametrize(
    ("scope", "over", "cleared"),
    [
        (None, [True, False, False], 2),
        ("local", [True, False, False], 2),
        ("others", [False, True, True], 0),
        ("global", [True, True, True], 2),
    ],
)
def test_a_scope_ends_what_it_names(
    fake: AuthFake, fake_service: ServiceProcess, scope: str | None, over: list[bool], cleared: int
) -> None:
    browser, *_ = devices(fake, fake_service)
    answer = browser.logout(scope)
    assert (answer.status_code, answer.json(), len(cookies_set(answer))) == (200, {"ok": True}, cleared)
    assert ended(fake, browser) == over


@pytest.mark.parametrize("scope", ["others", "global"])
def test_ending_sessions_elsewhere_needs_the_access_token(fake: AuthFake, fake_service: ServiceProcess, scope: str) -> None:
    browser, *_ = devices(fake, fake_service)
    answer = browser.logout(scope, with_token=False)
    assert (answer.status_code, answer.json()["code"], cookies_set(answer)) == (401, "unauthorized", [])
    assert ended(fake, browser) == [False] * 3


@pytest.mark.parametrize("scope", ["others", "global"])
def test_ending_sessions_elsewhere_needs_the_second_factor_where_there_is_one(
    fake: AuthFake, fake_service: ServiceProcess, scope: str
) -> None:
    phone, begun = factor(), factor(status="unverified")
    browser, *_ = devices(fake, fake_service, factors=[phone, begun])
    answer = browser.logout(scope)
    assert (answer.status_code, answer.json()["code"], cookies_set(answer)) == (403, "auth_mfa_required", [])
    assert answer.json()["details"] == {"factors": [{"id": phone["id"], "type": "totp", "name": "Phone"}]}
    assert 'error="insufficient_user_authentication", acr_values="aal2"' in answer.headers["WWW-Authenticate"]
    assert ended(fake, browser) == [False] * 3
    fake.users[str(browser.email)].claims["aal"] = "aal2"
    browser.refresh()
    asked = fake.count("GET /auth/v1/user")
    assert browser.logout(scope).status_code == 200
    assert fake.count("GET /auth/v1/user") == asked


def test_signing_out_here_needs_no_second_factor(fake: AuthFake, fake_service: ServiceProcess) -> None:
    browser, *_ = devices(fake, fake_service, 1, factors=[factor()])
    assert browser.logout().status_code == 200
    assert ended(fake, browser) == [True]


@pytest.mark.parametrize("scope", ["others", "global"])
def test_what_went_wrong_is_answered_where_nothing_was_ended(fake: AuthFake, fake_service: ServiceProcess, scope: str) -> None:
    browser, *_ = devices(fake, fake_service)
    fake.answers["POST /auth/v1/logout"] = (503, {"message": "no"})
    answer = browser.logout(scope)
    assert (answer.status_code, answer.json()["code"], cookies_set(answer)) == (503, "upstream_unavailable", [])


def test_a_banned_user_is_signed_out_here_and_the_log_says_what_was_not_ended(
    fake: AuthFake, fake_service: ServiceProcess
) -> None:
    browser, *_ = devices(fake, fake_service, 1)
    banned = (403, {"code": "user_banned", "message": "User is banned"})
    fake.answers |= {"POST /auth/v1/logout": banned, "POST /auth/v1/token": (400, banned[1])}
    logged = len(fake_service.log)
    answer = browser.logout()
    assert (answer.status_code, len(cookies_set(answer))) == (200, 2)
    assert '"supabase_code":"user_banned"' in fake_service.log[logged:].replace('": "', '":"')


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ([], b"", 200),
        (["Content-Type: application/json"], b"", 200),
        (["Content-Type: text/plain"], b"", 200),
        (["Content-Type: application/json"], b"{}", 200),
        (["Content-Type: application/json; charset=utf-8"], b'{"scope": "local"}', 200),
        (["Content-Type: application/json"], b'{"scope": "everywhere"}', 400),
        (["Content-Type: application/json"], b'{"scope": "local", "more": 1}', 400),
        (["Content-Type: application/json"], b"null", 400),
        (["Content-Type: application/json"], b"[]", 400),
        (["Content-Type: application/json"], b"  ", 400),
        (["Content-Type: text/plain"], b"{}", 415),
        ([], b"{}", 415),
    ],
)
def test_a_body_may_be_left_out_and_one_that_came_is_checked(
    service: ServiceProcess, headers: list[str], body: bytes, status: int
) -> None:
    lines = [f"X-CSRF-Token: {CSRF_TOKEN}", *headers, *([] if body else ["Content-Length: 0"])]
    [response] = send(service.port, request("POST", "/auth/logout", lines, body))
    assert response.status == status

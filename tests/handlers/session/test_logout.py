"""POST /auth/logout: the session ends at Supabase and in the browser, whatever state either is in."""

import httpx
import pytest

from tests.conftest import StartSupabase
from tests.handlers.session.test_refresh import refresh_with
from tests.support.browser import Browser, new_email
from tests.support.service import ServiceProcess


def assert_cleared(response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    assert response.json() == {"ok": True}
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("sb_refresh_token=;")
    assert {"Max-Age=0", "Path=/", "HttpOnly", "expires=Thu, 01 Jan 1970 00:00:00 GMT"} <= set(cookie.split("; "))


@pytest.mark.parametrize("cookie", [True, False], ids=["cookie", "no cookie"])
@pytest.mark.parametrize("bearer", [True, False], ids=["bearer", "no bearer"])
def test_logout_revokes_the_session_with_whatever_is_left_of_it(signed_in: Browser, *, cookie: bool, bearer: bool) -> None:
    access_token, refresh_token = signed_in.access_token, signed_in.refresh_token
    assert refresh_token is not None
    if not cookie:
        signed_in.http.cookies.clear()

    assert_cleared(signed_in.logout(with_token=bearer))

    revoked = cookie or bearer
    assert signed_in.me(access_token).status_code == (401 if revoked else 200)
    assert refresh_with(signed_in, refresh_token).status_code == (401 if revoked else 200)


def test_logout_ends_both_sessions_when_cookie_and_token_are_of_two(browser: Browser) -> None:
    email = new_email()
    browser.sign_up(email)
    browser.sign_in(email)
    first_token = browser.access_token
    browser.http.cookies.clear()
    browser.sign_in(email)
    second_token, second_refresh = browser.access_token, browser.refresh_token
    assert second_refresh is not None
    browser.access_token = first_token

    assert_cleared(browser.logout())

    assert browser.me(first_token).status_code == 401
    assert browser.me(second_token).status_code == 401
    assert refresh_with(browser, second_refresh).status_code == 401


def test_logout_leaves_the_users_other_devices_signed_in(signed_in: Browser, browser: Browser) -> None:
    email = signed_in.me().json()["user"]["email"]
    browser.sign_in(email)
    assert_cleared(signed_in.logout())
    assert browser.me().status_code == 200
    assert browser.refresh().status_code == 200


def test_logout_is_idempotent(signed_in: Browser) -> None:
    for _ in range(3):
        assert_cleared(signed_in.logout())


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "Bearer"])
def test_a_broken_access_token_does_not_keep_anybody_from_signing_out(signed_in: Browser, token: str) -> None:
    refresh_token = signed_in.refresh_token
    assert refresh_token is not None
    signed_in.access_token = token
    assert_cleared(signed_in.logout())
    assert refresh_with(signed_in, refresh_token).status_code == 401


@pytest.mark.thorough
def test_logout_clears_the_cookie_even_while_supabase_is_down(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    supabase = start_supabase()
    browser, email = Browser(own_service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email)
    supabase.stop()
    logged = len(own_service.log)

    assert_cleared(browser.logout())

    assert browser.refresh_token is None
    assert "session_not_revoked" in own_service.log[logged:]

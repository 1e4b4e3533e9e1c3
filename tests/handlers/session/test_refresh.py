"""POST /auth/refresh: the cookie rotates, outages cost nobody the session."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import StartSupabase
from tests.support import loopback
from tests.support.browser import Browser, cookies_set, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess


def refresh_with(browser: Browser, token: str) -> httpx.Response:
    """A refresh as another tab of the same browser would send it, with a cookie that the test chooses."""
    return loopback.post(
        browser.http.base_url.join("/auth/refresh"),
        headers={"X-CSRF-Token": CSRF_TOKEN, "Cookie": f"sb_refresh_token={token}"},
        timeout=30,
    )


def test_refresh_answers_like_sign_in_and_rotates_the_cookie(signed_in: Browser) -> None:
    user, before = signed_in.me().json()["user"], signed_in.refresh_token
    response = signed_in.refresh()
    assert response.json().keys() == {"accessToken", "expiresIn", "user", "aal", "mfa", "next"}
    assert response.json()["user"] == {"id": user["id"], "email": user["email"]}
    assert signed_in.refresh_token not in {None, before}
    assert signed_in.me().status_code == 200


@pytest.mark.thorough
def test_the_old_token_stops_working_after_supabases_reuse_window(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    start_supabase(auth__refresh_token_reuse_interval=1)
    browser, email = Browser(own_service.url), new_email()
    browser.sign_up(email)
    first = browser.refresh_token
    assert first is not None
    # Supabase goes on taking the token before the current one, for a browser that never got the answer; the one before
    # that is a replay.
    assert browser.refresh().status_code == 200
    assert browser.refresh().status_code == 200
    time.sleep(2.5)
    response = refresh_with(browser, first)
    assert response.status_code == 401
    assert response.json()["code"] == "auth_refresh_invalid"


def test_refresh_without_a_cookie_is_refused(browser: Browser) -> None:
    response = browser.refresh()
    assert response.status_code == 401
    assert response.json() == {"code": "auth_refresh_missing", "message": "No refresh token was sent", "details": {}}
    assert cookies_set(response) == []


def test_a_token_that_supabase_rejects_clears_the_cookie(browser: Browser) -> None:
    response = refresh_with(browser, "not-a-token-of-supabase")
    assert response.status_code == 401
    assert response.json()["code"] == "auth_refresh_invalid"
    assert response.headers["Set-Cookie"].startswith("sb_refresh_token=;")
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert "Path=/" in response.headers["Set-Cookie"]


@pytest.mark.thorough
def test_refresh_keeps_the_cookie_when_supabase_is_down(start_supabase: StartSupabase, own_service: ServiceProcess) -> None:
    supabase = start_supabase()
    browser, email = Browser(own_service.url), new_email()
    browser.sign_up(email)
    before = browser.refresh_token
    supabase.stop()

    response = browser.refresh()

    assert (response.status_code, response.json()["code"]) == (503, "upstream_unavailable")
    assert int(response.headers["Retry-After"]) == response.json()["details"]["retryAfter"]
    assert cookies_set(response) == []
    assert browser.refresh_token == before
    supabase.start()
    assert browser.refresh().status_code == 200


@pytest.mark.thorough
def test_twenty_tabs_refresh_at_once_and_all_stay_signed_in(signed_in: Browser) -> None:
    token = signed_in.refresh_token
    assert token is not None
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: refresh_with(signed_in, token), range(20)))
    assert [response.status_code for response in responses] == [200] * 20
    # Whichever answer the browser handles last leaves the cookie; each of them must work.
    for response in responses:
        assert refresh_with(signed_in, response.cookies["sb_refresh_token"]).status_code == 200

"""The devices that a user is signed in on: which they are, and to sign one of them out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.handlers.mfa.test_mfa import require_step_up, signed_in, verify, with_factor
from tests.support.browser import Browser, cookies_set
from tests.support.upstream.base import Upstream
from tests.support.upstream.proofs import claims

pytestmark = pytest.mark.upstreams("recorded", "real")

SESSION_COOKIES = ["sb_refresh_token", "latchkey_session"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0"
    " Mobile/15E148 Safari/604.1"
)
FORWARDING = {"FORWARD_CLIENT_IP": "true", "TRUSTED_PROXIES": "127.0.0.1/32"}


def device(base_url: object, user_agent: str, address: str | None = None) -> Browser:
    """A browser of that name, behind a proxy that says from where."""
    browser = Browser(str(base_url))
    browser.http.headers["User-Agent"] = user_agent
    if address is not None:
        browser.http.headers["X-Forwarded-For"] = address
    return browser


def session_id(browser: Browser) -> str:
    said: str = claims(browser.access_token or "")["session_id"]
    return said


def listed(browser: Browser) -> list[dict[str, Any]]:
    response = browser.as_user("GET", "/auth/sessions")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["sessions"]
    return found


def end(browser: Browser, session: str) -> httpx.Response:
    return browser.as_user("DELETE", f"/auth/sessions/{session}")


def test_a_user_sees_the_own_devices_the_one_used_last_first(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    laptop, phone = (device(visitor.http.base_url, name) for name in (FIREFOX, SAFARI))
    signed_in(laptop, ada)
    signed_in(phone, ada)
    signed_in(visitor, upstream.person())

    assert laptop.refresh().status_code == 200
    first, second = listed(laptop)

    assert (first["id"], second["id"]) == (session_id(laptop), session_id(phone))
    assert [each["current"] for each in (first, second)] == [True, False]
    assert [each["userAgent"] for each in (first, second)] == ["Firefox 140 on Linux", "Safari 26 on iPhone"]
    assert [each["ip"] for each in (first, second)] == [None, None], "it would be this service's own"
    assert [each["aal"] for each in (first, second)] == ["aal1", "aal1"]
    for each in (first, second):
        created, used = datetime.fromisoformat(each["createdAt"]), datetime.fromisoformat(each["lastUsedAt"])
        assert created <= used
        assert abs(datetime.now(UTC) - used) < timedelta(minutes=5)
    assert [each["id"] for each in listed(visitor)] == [session_id(visitor)]


@pytest.mark.thorough
@pytest.mark.project(SECURITY_SB_FORWARDED_FOR_ENABLED="true")
@pytest.mark.settings(**FORWARDING)
def test_where_addresses_are_passed_on_each_device_has_its_own(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    laptop = device(visitor.http.base_url, FIREFOX, "203.0.113.7")
    phone = device(visitor.http.base_url, SAFARI, "2001:db8::7")
    signed_in(laptop, ada)
    signed_in(phone, ada)
    assert phone.refresh().status_code == 200
    assert laptop.refresh().status_code == 200
    found = [(each["userAgent"], each["ip"]) for each in listed(laptop)]
    assert found == [("Firefox 140 on Linux", "203.0.113.7"), ("Safari 26 on iPhone", "2001:db8::7")]


@pytest.mark.thorough
@pytest.mark.project(SECURITY_SB_FORWARDED_FOR_ENABLED="true")
@pytest.mark.settings(**FORWARDING)
def test_a_challenge_and_its_code_come_from_the_users_own_address(upstream: Upstream, visitor: Browser) -> None:
    visitor.http.headers["X-Forwarded-For"] = "203.0.113.9"
    visitor.http.headers["User-Agent"] = FIREFOX
    _, factor = with_factor(upstream, visitor)
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    assert listed(visitor)[0]["aal"] == "aal2"
    assert visitor.refresh().status_code == 200


def test_a_raised_session_is_listed_as_such(upstream: Upstream, visitor: Browser) -> None:
    _, factor = with_factor(upstream, visitor)
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    assert {each["aal"] for each in listed(visitor) if each["current"]} == {"aal2"}


def test_a_device_that_is_signed_out_is_out_at_its_next_request(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    phone = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, ada)
    ended = end(visitor, session_id(phone))
    assert (ended.status_code, ended.content, cookies_set(ended)) == (204, b"", [])
    assert phone.me().status_code == 401
    assert phone.refresh().json()["code"] == "auth_refresh_invalid"
    assert [each["id"] for each in listed(visitor)] == [session_id(visitor)]
    assert visitor.refresh().status_code == 200
    again = end(visitor, session_id(phone))
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


def test_ending_the_present_session_signs_out_here(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    ended = end(visitor, session_id(visitor))
    assert ended.status_code == 204
    assert cookies_set(ended) == SESSION_COOKIES
    assert visitor.refresh_token is None
    assert visitor.me().status_code == 401
    assert visitor.refresh().json()["code"] == "auth_refresh_missing"


def test_ending_the_session_of_another_users_cookies_leaves_them(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    tab = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, upstream.person())
    cookie, visitor.access_token = visitor.refresh_token, tab.access_token
    ended = end(visitor, session_id(tab))
    assert (ended.status_code, cookies_set(ended)) == (204, [])
    assert visitor.refresh_token == cookie


def test_who_has_a_factor_needs_it_to_end_other_sessions_and_not_for_the_own(upstream: Upstream, visitor: Browser) -> None:
    ada, factor = with_factor(upstream, visitor)
    phone = signed_in(Browser(str(visitor.http.base_url)), ada)
    require_step_up(end(visitor, session_id(phone)), factor)
    assert phone.me().status_code == 200
    assert end(phone, session_id(phone)).status_code == 204
    tablet = signed_in(Browser(str(visitor.http.base_url)), ada)
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    assert end(visitor, session_id(tablet)).status_code in {204, 404}, "a step-up may have ended what is at aal1"


def test_a_session_that_is_nobodys_or_somebody_elses_is_not_there(upstream: Upstream, visitor: Browser) -> None:
    stranger = signed_in(Browser(str(visitor.http.base_url)), upstream.person())
    signed_in(visitor, upstream.person())
    for session in (session_id(stranger), str(uuid.uuid4())):
        response = end(visitor, session)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert stranger.me().status_code == 200


def test_a_session_that_is_over_lists_and_ends_nothing(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    other = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, ada)
    upstream.end_session(session_id(visitor))
    for response in (
        visitor.as_user("GET", "/auth/sessions"),
        end(visitor, session_id(other)),
        end(visitor, session_id(visitor)),
    ):
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert other.me().status_code == 200


def test_a_banned_user_is_told_so(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    assert upstream.admin("PUT", f"/admin/users/{ada.id}", {"ban_duration": "24h"}).status == 200
    response = visitor.as_user("GET", "/auth/sessions")
    assert (response.status_code, response.json()["code"]) == (403, "auth_user_banned")


@pytest.mark.upstreams("embedded")
def test_where_the_migration_is_missing_the_operations_say_so(upstream: Upstream, visitor: Browser) -> None:
    signed_in(visitor, upstream.person())
    for response in (
        visitor.as_user("GET", "/auth/sessions"),
        end(visitor, session_id(visitor)),
        end(visitor, str(uuid.uuid4())),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "auth_sessions_unavailable")
        assert cookies_set(response) == []
    ready = visitor.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["migration"]) == (200, "outdated")


def test_where_the_migration_is_applied_readiness_says_so(visitor: Browser) -> None:
    assert visitor.http.get("/readyz").json()["checks"]["migration"] == "ok"

"""Leaving: who deletes the account has just proved who that is, and means it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.handlers.mfa.test_mfa import require_step_up, signed_in, verify, with_factor
from tests.support.browser import Browser, cookies_set
from tests.support.upstream.base import Upstream
from tests.support.upstream.proofs import claims

pytestmark = [pytest.mark.upstreams("recorded", "real"), pytest.mark.settings(ACCOUNT_DELETION="hard")]

SESSION_COOKIES = ["sb_refresh_token", "latchkey_session"]


def delete(browser: Browser, confirm: str) -> httpx.Response:
    return browser.as_user("POST", "/auth/account/deletion", {"confirm": confirm})


def refusal(response: httpx.Response) -> tuple[int, str, Any]:
    body = response.json()
    assert cookies_set(response) == []
    return response.status_code, body["code"], body["details"]


def age_sign_in(upstream: Upstream, visitor: Browser, seconds: float) -> None:
    """Let the sign-in be that long ago, and have a token that says so."""
    upstream.age("sign_in", claims(visitor.access_token or "")["session_id"], seconds)
    assert visitor.refresh().status_code == 200


def test_who_leaves_is_gone_here_and_everywhere(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    phone = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, ada)

    deleted = delete(visitor, f" {ada.email.upper()} ")

    assert (deleted.status_code, deleted.json()) == (200, {"ok": True}), deleted.text
    assert cookies_set(deleted) == SESSION_COOKIES
    assert visitor.refresh_token is None
    for device in (visitor, phone):
        assert device.me().status_code == 401
    assert phone.refresh().json()["code"] == "auth_refresh_invalid"
    assert visitor.sign_in(ada.email, ada.password).json()["code"] == "auth_invalid_credentials"
    rows = upstream.wire.call("GET", f"/user_profile?select=id&id=eq.{ada.id}", key=upstream.keys.secret_key, prefix="/rest/v1")
    assert rows.json == []
    assert upstream.admin("GET", f"/admin/users/{ada.id}").status == 404


@pytest.mark.thorough
@pytest.mark.settings(ACCOUNT_DELETION="soft")
def test_a_row_of_the_user_stays_that_says_nothing_where_it_has_to(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    deleted = delete(visitor, ada.email)
    assert (deleted.status_code, cookies_set(deleted)) == (200, SESSION_COOKIES), deleted.text
    assert visitor.me().status_code == 401
    assert visitor.sign_in(ada.email, ada.password).json()["code"] == "auth_invalid_credentials"
    rows = upstream.wire.call("GET", f"/user_profile?select=id&id=eq.{ada.id}", key=upstream.keys.secret_key, prefix="/rest/v1")
    assert rows.json == [], "the profile holds the name"


@pytest.mark.thorough
@pytest.mark.settings(ACCOUNT_DELETION="off")
def test_nobody_leaves_where_it_is_switched_off(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    assert refusal(delete(visitor, ada.email)) == (403, "auth_deletion_disabled", {})
    assert visitor.me().status_code == 200


@pytest.mark.thorough
@pytest.mark.settings
def test_it_is_switched_off_unless_somebody_switches_it_on(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    assert refusal(delete(visitor, ada.email)) == (403, "auth_deletion_disabled", {})


def test_what_was_typed_has_to_be_the_accounts_address(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    for typed in ("x", "ada@example.com", ada.id, ada.email[1:]):
        assert refusal(delete(visitor, typed)) == (422, "auth_confirmation_mismatch", {})
    assert visitor.me().status_code == 200


def test_a_sign_in_that_is_ten_minutes_old_is_too_old(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    age_sign_in(upstream, visitor, 630)
    refused = delete(visitor, ada.email)
    assert refusal(refused) == (403, "auth_reauthentication_required", {"method": "sign_in"})
    assert "WWW-Authenticate" not in refused.headers
    signed_in(visitor, ada)
    assert delete(visitor, ada.email).status_code == 200


def test_a_refresh_makes_no_sign_in_young_again(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    age_sign_in(upstream, visitor, 630)
    assert visitor.refresh().status_code == 200
    assert refusal(delete(visitor, ada.email))[1] == "auth_reauthentication_required"


def test_a_sign_in_that_is_nine_minutes_old_is_young_enough(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    age_sign_in(upstream, visitor, 540)
    assert delete(visitor, ada.email).status_code == 200


def test_who_has_a_factor_needs_it_to_leave_and_its_code_is_a_fresh_proof(upstream: Upstream, visitor: Browser) -> None:
    ada, factor = with_factor(upstream, visitor)
    age_sign_in(upstream, visitor, 7_200)
    require_step_up(delete(visitor, ada.email), factor)
    assert verify(visitor, factor.id, upstream.code(factor.secret)).status_code == 200
    assert delete(visitor, ada.email).status_code == 200


def test_data_that_refers_to_the_user_keeps_the_account(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    upstream.refer_to(ada.id)
    assert refusal(delete(visitor, ada.email)) == (409, "auth_data_in_use", {})
    assert visitor.me().json()["user"]["id"] == ada.id
    assert visitor.refresh().status_code == 200


def test_another_users_cookies_stay(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    tab = signed_in(Browser(str(visitor.http.base_url)), ada)
    signed_in(visitor, upstream.person())
    token_of_grace, cookie = visitor.access_token, visitor.refresh_token
    visitor.access_token = tab.access_token
    deleted = delete(visitor, ada.email)
    assert (deleted.status_code, cookies_set(deleted)) == (200, [])
    assert visitor.refresh_token == cookie
    assert visitor.me(token_of_grace).status_code == 200


def test_who_is_gone_already_is_told_that_the_session_is_over(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    assert upstream.admin("DELETE", f"/admin/users/{ada.id}").status == 200
    assert refusal(delete(visitor, ada.email))[:2] == (401, "unauthorized")


def test_a_banned_user_deletes_nothing(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    assert upstream.admin("PUT", f"/admin/users/{ada.id}", {"ban_duration": "24h"}).status == 200
    assert refusal(delete(visitor, ada.email)) == (403, "auth_user_banned", {})


@pytest.mark.upstreams("embedded")
def test_a_token_that_does_not_say_when_its_user_signed_in_deletes_nothing(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in(visitor, ada)
    assert refusal(delete(visitor, ada.email)) == (403, "auth_reauthentication_required", {"method": "sign_in"})

"""The six operations on every Supabase: what holds on the embedded one holds on the recorded one, and on a real one."""

import pytest

from tests.handlers.session.test_refresh import refresh_with
from tests.support.browser import Browser, cookies_set, new_email
from tests.support.upstream.base import PASSWORD, Upstream
from tests.support.upstream.proofs import claims


def test_who_signs_in_is_known_until_they_sign_out(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    signed_in = visitor.sign_in(ada.email, ada.password)
    assert signed_in.status_code == 200, signed_in.text
    assert signed_in.json()["user"] == {"id": ada.id, "email": ada.email}
    assert visitor.me().json()["user"]["id"] == ada.id
    token, refresh_token = visitor.access_token, visitor.refresh_token
    assert refresh_token is not None

    assert visitor.logout().json() == {"ok": True}

    assert visitor.me(token).status_code == 401
    assert refresh_with(visitor, refresh_token).json()["code"] == "auth_refresh_invalid"


@pytest.mark.project(MAILER_AUTOCONFIRM="true")
def test_sign_up_makes_a_profile_that_its_owner_reads(visitor: Browser) -> None:
    email = new_email()
    assert visitor.sign_up(email, PASSWORD, "Ada Lovelace").status_code == 200
    assert visitor.sign_in(email, PASSWORD).status_code == 200
    assert visitor.me().json()["user"]["profile"] == {"displayName": "Ada Lovelace"}
    assert visitor.sign_up(email, PASSWORD).status_code == 409


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    wrong, unknown = visitor.sign_in(ada.email, "not the password"), visitor.sign_in(new_email(), PASSWORD)
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.json()["code"] == "auth_invalid_credentials"


def test_refresh_rotates_the_cookie_and_the_old_one_works_for_a_while(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    before = visitor.refresh_token
    assert before is not None
    assert visitor.refresh().status_code == 200
    assert visitor.refresh_token not in {None, before}
    assert refresh_with(visitor, before).status_code == 200


@pytest.mark.thorough
@pytest.mark.project(SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="1")
def test_a_refresh_token_two_generations_old_is_refused_after_the_interval(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    first = visitor.refresh_token
    assert first is not None
    assert visitor.refresh().status_code == 200
    assert visitor.refresh().status_code == 200
    upstream.pass_time(2.5)
    assert refresh_with(visitor, first).json()["code"] == "auth_refresh_invalid"


def test_a_session_that_was_ended_elsewhere_clears_the_cookie(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    assert visitor.access_token is not None
    upstream.end_session(claims(visitor.access_token)["session_id"])
    assert visitor.me().status_code == 401
    response = visitor.refresh()
    assert response.json()["code"] == "auth_refresh_invalid"
    assert cookies_set(response) == ["sb_refresh_token", "latchkey_session"]


@pytest.mark.upstreams("recorded", "real")
def test_who_was_deleted_is_signed_out_everywhere(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    upstream.admin("DELETE", f"/admin/users/{ada.id}")
    assert visitor.me().status_code == 401
    assert visitor.refresh().json()["code"] == "auth_refresh_invalid"
    assert visitor.sign_in(ada.email, ada.password).json()["code"] == "auth_invalid_credentials"


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.project(SECURITY_CAPTCHA_ENABLED="true")
def test_the_service_lets_nobody_past_a_captcha(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    response = visitor.sign_in(ada.email, ada.password)
    assert response.status_code >= 400
    assert cookies_set(response) == []


@pytest.mark.upstreams("recorded", "real")
def test_a_session_that_was_raised_stays_raised_when_it_is_refreshed(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    raised = upstream.factor(upstream.session(ada)).session
    refreshed = refresh_with(visitor, raised.refresh_token).json()
    assert claims(refreshed["accessToken"])["aal"] == "aal2"
    visitor.sign_in(ada.email, ada.password)
    assert claims(visitor.access_token or "")["aal"] == "aal1"

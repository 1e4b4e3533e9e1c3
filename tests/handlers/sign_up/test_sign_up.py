"""POST /auth/signup: the user and the profile row exist both or not at all."""

import pytest

from local.supabase import LocalSupabase
from tests.conftest import StartSupabase
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.service import ServiceProcess


def profile_rows(supabase: LocalSupabase, email: str) -> list[dict[str, object]]:
    return supabase.query(
        'select u.id as user_id, p.id as profile_id, p.display_name from "auth.users" u'
        f" left join user_profile p on p.id = u.id where u.email = '{email}'"
    )


def test_sign_up_creates_the_user_and_the_profile_with_one_id(browser: Browser, supabase: LocalSupabase) -> None:
    email = new_email()
    user_id = browser.sign_up(email, display_name="Grace Hopper").json()["user"]["id"]
    assert profile_rows(supabase, email) == [{"user_id": user_id, "profile_id": user_id, "display_name": "Grace Hopper"}]


@pytest.mark.parametrize(
    "profile",
    [{}, {"profile": {}}, {"profile": None}, {"profile": {"displayName": None}}, {"profile": {"displayName": ""}}],
    ids=["no profile", "empty profile", "null profile", "null name", "empty name"],
)
def test_sign_up_without_a_display_name_creates_a_profile_with_none(
    browser: Browser, supabase: LocalSupabase, profile: dict[str, object]
) -> None:
    email = new_email()
    response = browser.post("/auth/signup", {"email": email, "password": PASSWORD, **profile})
    assert response.status_code == 200
    (row,) = profile_rows(supabase, email)
    assert row["profile_id"] == row["user_id"]
    assert row["display_name"] is None


@pytest.mark.thorough
def test_no_user_is_left_behind_when_the_profile_cannot_be_written(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    supabase = start_supabase()
    browser = Browser(own_service.url)
    supabase.query("create trigger no_profiles before insert on user_profile begin select raise(abort, 'made to fail'); end")
    email = new_email()

    response = browser.sign_up(email)

    assert response.status_code == 502
    assert response.json() == {"code": "upstream_error", "message": "Supabase answered unexpectedly", "details": {}}
    assert cookies_set(response) == []
    assert profile_rows(supabase, email) == []
    supabase.query("drop trigger no_profiles")
    assert browser.sign_up(email).status_code == 200


def test_sign_up_puts_no_token_into_the_body_and_the_session_into_the_cookie(browser: Browser) -> None:
    email = new_email()
    response = browser.sign_up(email)
    user = {"id": response.json()["user"]["id"], "email": email}
    assert response.json() == {"user": user, "confirmationRequired": False}
    assert browser.refresh_token is not None
    assert browser.refresh().status_code == 200
    assert browser.me().json()["user"]["email"] == email


@pytest.mark.thorough
def test_sign_up_sets_no_cookie_where_the_project_confirms_addresses_first(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    start_supabase(auth__email__enable_confirmations=True)
    browser, email = Browser(own_service.url), new_email()

    signed_up = browser.sign_up(email)

    assert signed_up.status_code == 200
    assert signed_up.json()["user"]["email"] == email
    assert signed_up.json()["confirmationRequired"] is True
    assert cookies_set(signed_up) == []
    refused = browser.sign_in(email)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth_email_not_confirmed")


def test_sign_up_with_a_taken_address_is_a_conflict(browser: Browser) -> None:
    email = new_email()
    assert browser.sign_up(email).status_code == 200
    for address in (email, email.upper()):
        response = browser.sign_up(address)
        assert (response.status_code, response.json()["code"]) == (409, "auth_email_taken")


@pytest.mark.parametrize("password", ["ü" * 40, "🔑" * 20], ids=["80 bytes", "80 bytes of emoji"])
def test_a_password_of_more_than_72_bytes_is_refused_not_cut(browser: Browser, password: str) -> None:
    response = browser.sign_up(new_email(), password)
    assert response.status_code == 422
    assert response.json()["code"] == "auth_weak_password"
    assert response.json()["details"] == {"reasons": ["length"]}


@pytest.mark.parametrize("password", ["ü" * 36, "🔑" * 18, "x" * 72], ids=["umlauts", "emoji", "ASCII"])
def test_a_password_of_72_bytes_works(browser: Browser, password: str) -> None:
    email = new_email()
    assert browser.sign_up(email, password).status_code == 200
    assert browser.sign_in(email, password).status_code == 200


def test_supabase_own_password_policy_is_answered_with_its_reasons(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    start_supabase(auth__minimum_password_length=20)
    browser = Browser(own_service.url)
    response = browser.sign_up(new_email(), "nineteen characters")
    assert response.status_code == 422
    assert response.json()["details"] == {"reasons": ["length"]}


def test_sign_up_is_refused_where_the_project_takes_no_new_users(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    start_supabase(auth__enable_signup=False)
    browser = Browser(own_service.url)
    response = browser.sign_up(new_email())
    assert (response.status_code, response.json()["code"]) == (403, "auth_signup_disabled")

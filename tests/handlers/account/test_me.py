"""GET /auth/me: the user behind the token, read as that user."""

import base64
import json
import time

import httpx
import jwt
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartSupabase
from tests.support import loopback
from tests.support.browser import Browser, new_email
from tests.support.service import ServiceProcess

UNAUTHORIZED = {"code": "unauthorized", "message": "Missing or invalid token", "details": {}}


def claims(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def assert_unauthorized(response: httpx.Response) -> None:
    assert (response.status_code, response.json()) == (401, UNAUTHORIZED)
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


def test_me_answers_the_user_and_the_display_name(browser: Browser) -> None:
    email = new_email()
    user = browser.sign_up(email, display_name="Zoë <b>O'Neil</b> 🔑").json()["user"]
    browser.sign_in(email)
    assert browser.me().json() == {"user": {**user, "profile": {"displayName": "Zoë <b>O'Neil</b> 🔑"}}}


def test_a_user_without_a_profile_row_gets_null(signed_in: Browser, supabase: LocalSupabase) -> None:
    user_id = signed_in.me().json()["user"]["id"]
    supabase.query(f"delete from user_profile where id = '{user_id}'")
    response = signed_in.me()
    assert response.status_code == 200
    assert response.json()["user"]["profile"] == {"displayName": None}


@pytest.mark.parametrize(
    "authorization",
    [
        None, "", "Bearer", "bearer x", "Bearer a.b", "Bearer a.b.c", "Basic dXNlcjpwYXNz", "Token abc",
        "Bearer a.b.c d", "Bearer " + "x" * 9000,
    ],
    ids=lambda value: (value or str(value))[:20],
)  # fmt: skip
def test_a_missing_or_malformed_token_is_unauthorized(browser: Browser, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert_unauthorized(browser.http.get("/auth/me", headers=headers))


def test_two_authorization_headers_are_unauthorized(signed_in: Browser) -> None:
    bearer = ("Authorization", f"Bearer {signed_in.access_token}")
    assert_unauthorized(signed_in.http.get("/auth/me", headers=[bearer, bearer]))


def test_an_expired_token_is_unauthorized(signed_in: Browser, keys: Keys) -> None:
    assert signed_in.access_token is not None
    expired = claims(signed_in.access_token) | {"exp": int(time.time()) - 60}
    assert_unauthorized(signed_in.me(jwt.encode(expired, keys.jwt_secret, "HS256")))


@pytest.mark.thorough
def test_a_token_that_expires_while_the_page_is_open_is_unauthorized(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    start_supabase(auth__jwt_expiry=2)
    browser, email = Browser(own_service.url), new_email()
    browser.sign_up(email)
    assert browser.sign_in(email).json()["expiresIn"] == 2
    assert browser.me().status_code == 200
    time.sleep(3)
    assert_unauthorized(browser.me())
    assert browser.refresh().status_code == 200
    assert browser.me().status_code == 200


def test_a_token_of_a_revoked_session_is_unauthorized(signed_in: Browser) -> None:
    token = signed_in.access_token
    assert signed_in.logout().status_code == 200
    assert_unauthorized(signed_in.me(token))


def test_a_token_of_a_deleted_user_is_unauthorized(signed_in: Browser, supabase: LocalSupabase) -> None:
    user_id = signed_in.me().json()["user"]["id"]
    supabase.query(f"""delete from "auth.users" where id = '{user_id}'""")
    assert_unauthorized(signed_in.me())


def test_row_level_security_hides_other_users_profiles(
    browser: Browser, signed_in: Browser, supabase: LocalSupabase, keys: Keys
) -> None:
    email = new_email()
    other_id = browser.sign_up(email, display_name="Somebody Else").json()["user"]["id"]
    browser.sign_in(email)
    own_id = signed_in.me().json()["user"]["id"]

    def read(token: str | None, user_id: str) -> list[dict[str, object]]:
        headers = {"apikey": keys.publishable_key, "Authorization": f"Bearer {token}"}
        rows: list[dict[str, object]] = loopback.get(
            f"{supabase.url}/rest/v1/user_profile", params={"select": "id", "id": f"eq.{user_id}"}, headers=headers
        ).json()
        return rows

    assert read(signed_in.access_token, own_id) == [{"id": own_id}]
    assert read(signed_in.access_token, other_id) == []
    assert read(browser.access_token, other_id) == [{"id": other_id}]
    assert read(browser.access_token, own_id) == []
    everything = loopback.get(
        f"{supabase.url}/rest/v1/user_profile",
        headers={"apikey": keys.publishable_key, "Authorization": f"Bearer {signed_in.access_token}"},
    )
    assert [row["id"] for row in everything.json()] == [own_id]

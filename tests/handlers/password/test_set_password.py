"""PUT /auth/password and POST /auth/reauthenticate, under each of a project's policies."""

from __future__ import annotations

import httpx
import pytest

from tests.support.browser import Browser
from tests.support.service import ServiceProcess
from tests.support.upstream.base import Person, Upstream
from tests.support.upstream.proofs import claims

NEW = "another-Horse-7-staple"
DAY = 25 * 3_600
SIGNED_IN = pytest.mark.usefixtures("ada")
POLICY = pytest.mark.upstreams("recorded", "real")


@pytest.fixture
def ada(upstream: Upstream, visitor: Browser) -> Person:
    """Somebody who is signed in."""
    person = upstream.person()
    assert visitor.sign_in(person.email, person.password).status_code == 200
    return person


def change(visitor: Browser, password: str = NEW, **proofs: str) -> httpx.Response:
    return visitor.ask("PUT", "/auth/password", {"newPassword": password, **proofs})


def assert_refused(response: httpx.Response, status: int, code: str, **details: object) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.json()["details"] == details


def test_a_new_password_replaces_the_old_one_and_ends_the_other_sessions(
    served: ServiceProcess, visitor: Browser, ada: Person
) -> None:
    phone = Browser(served.url)
    phone.sign_in(ada.email, ada.password)
    response = change(visitor)
    assert (response.status_code, response.json()) == (200, {"ok": True}), response.text
    assert "set-cookie" not in response.headers
    assert visitor.me().status_code == 200
    assert visitor.refresh().status_code == 200
    assert phone.sign_in(ada.email, ada.password).status_code == 401
    assert phone.sign_in(ada.email, NEW).status_code == 200


@POLICY
def test_the_other_sessions_are_over(served: ServiceProcess, visitor: Browser, ada: Person) -> None:
    phone = Browser(served.url)
    phone.sign_in(ada.email, ada.password)
    assert change(visitor).status_code == 200
    assert phone.me().status_code == 401
    assert phone.refresh().status_code == 401
    assert visitor.me().status_code == 200


def test_a_weak_one_is_refused_and_another_one_taken_by_the_same_recovery(upstream: Upstream, visitor: Browser) -> None:
    person = upstream.person()
    assert visitor.post("/auth/password/recover", {"email": person.email}).status_code == 202
    opened = visitor.follow(upstream.mail(person.email), "recovery", email=person.email)
    assert opened.json()["next"] == "set_password"
    session = claims(visitor.access_token or "")["session_id"]
    assert_refused(change(visitor, "é" * 40), 422, "auth_weak_password", reasons=["length"])
    assert change(visitor, "short").status_code == 400, "less than the contract's eight"
    assert change(visitor).status_code == 200
    assert visitor.refresh().status_code == 200
    assert claims(visitor.access_token or "")["session_id"] == session
    assert visitor.sign_in(person.email, person.password).status_code == 401
    assert visitor.sign_in(person.email, NEW).status_code == 200


@SIGNED_IN
@POLICY
@pytest.mark.project(PASSWORD_MIN_LENGTH="10", PASSWORD_REQUIRED_CHARACTERS="abcdefghijklmnopqrstuvwxyz:0123456789")
def test_the_project_s_own_rules_are_told(visitor: Browser) -> None:
    response = change(visitor, "12345678")
    assert (response.status_code, response.json()["code"]) == (422, "auth_weak_password")
    assert "characters" in response.json()["details"]["reasons"]
    assert change(visitor).status_code == 200


def test_the_present_one_is_told_from_a_new_one(visitor: Browser, ada: Person) -> None:
    assert_refused(change(visitor, ada.password), 422, "auth_same_password")


@POLICY
@pytest.mark.project(SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD="true")
def test_a_project_may_ask_for_the_present_password(upstream: Upstream, visitor: Browser, ada: Person) -> None:
    assert_refused(change(visitor), 403, "auth_reauthentication_required", method="current_password")
    assert_refused(change(visitor, currentPassword="not this one"), 422, "auth_current_password_invalid")
    assert change(visitor, currentPassword=ada.password).status_code == 200
    assert visitor.post("/auth/password/recover", {"email": ada.email}).status_code == 202
    visitor.follow(upstream.mail(ada.email), "recovery", email=ada.email)
    assert change(visitor, "one-more-Horse-7-staple").status_code == 200, "a recovery needs none"


@POLICY
@pytest.mark.project(SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION="true")
def test_a_project_may_ask_for_a_nonce(upstream: Upstream, visitor: Browser, ada: Person) -> None:
    assert change(visitor, "first-Horse-7-staple").status_code == 200, "a young session needs none"
    upstream.age("session", str(claims(visitor.access_token or "")["session_id"]), DAY)
    assert_refused(change(visitor), 403, "auth_reauthentication_required", method="nonce")
    asked = visitor.ask("POST", "/auth/reauthenticate")
    assert (asked.status_code, asked.json()) == (202, {"ok": True})
    nonce = upstream.mail(ada.email).code
    assert_refused(change(visitor, nonce="000000"), 422, "auth_nonce_invalid")
    assert change(visitor, nonce=nonce).status_code == 200
    assert_refused(change(visitor, "third-Horse-7-staple", nonce=nonce), 422, "auth_nonce_invalid")


@POLICY
def test_a_second_factor_comes_first(upstream: Upstream, visitor: Browser) -> None:
    person = upstream.person()
    factor = upstream.factor(upstream.session(person))
    visitor.sign_in(person.email, person.password)
    response = change(visitor)
    assert_refused(response, 403, "auth_mfa_required", factors=[{"id": factor.id, "type": "totp", "name": "phone"}])
    assert response.headers["WWW-Authenticate"] == (
        'Bearer realm="latchkey", error="insufficient_user_authentication", acr_values="aal2"'
    )


def test_a_session_that_is_over_changes_nothing(visitor: Browser, ada: Person) -> None:
    token = visitor.access_token
    visitor.logout()
    visitor.access_token = token
    assert_refused(change(visitor), 401, "unauthorized")
    assert_refused(visitor.ask("POST", "/auth/reauthenticate"), 401, "unauthorized")
    visitor.access_token = None
    assert_refused(change(visitor), 401, "unauthorized")
    assert visitor.sign_in(ada.email, ada.password).status_code == 200


@SIGNED_IN
@pytest.mark.upstreams("embedded")
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_it_needs_a_csrf_token(visitor: Browser, method: str) -> None:
    visitor.csrf_token = None
    path, body = ("/auth/password", {"newPassword": NEW}) if method == "PUT" else ("/auth/reauthenticate", None)
    refused = visitor.ask(method, path, body)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")


@SIGNED_IN
@pytest.mark.upstreams("embedded")
@pytest.mark.parametrize(
    "body",
    [
        {}, {"newPassword": "short"}, {"newPassword": "Horse-7!" * 10}, {"newPassword": None}, {"newPassword": 12345678},
        {"newPassword": NEW, "nonce": ""}, {"newPassword": NEW, "nonce": "a b"}, {"newPassword": NEW, "currentPassword": ""},
        {"newPassword": NEW, "email": "eve@example.com"}, {"newPassword": NEW, "data": {"admin": True}},
    ],
)  # fmt: skip
def test_nothing_but_a_password_and_its_proofs_is_taken(visitor: Browser, body: dict[str, object]) -> None:
    assert visitor.ask("PUT", "/auth/password", body).status_code == 400

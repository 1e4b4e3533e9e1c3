"""What a project refuses at sign-up and sign-in, in the contract's words; asked of answers as the real Supabase gives them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from local.keys import Keys
from tests.conftest import StartModuleService
from tests.support.browser import PASSWORD, Browser, cookies_set
from tests.support.fixed_answers import SESSION, USER, FixedAnswers
from tests.support.project import EMAIL, Project, elliptic
from tests.support.service import ServiceProcess

SIGN_UP, TOKEN = "POST /auth/v1/signup", "POST /auth/v1/token"


@pytest.fixture(scope="module")
def upstream() -> Iterator[FixedAnswers]:
    with FixedAnswers({}) as running:
        yield running


@pytest.fixture(scope="module")
def service(start_module_service: StartModuleService, upstream: FixedAnswers) -> ServiceProcess:
    return start_module_service({"SUPABASE_URL": upstream.url})


def refusal(status: int, code: str, message: str = "no") -> tuple[int, Any]:
    return status, {"code": status, "error_code": code, "msg": message}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Only our staff", "Only our staff"),
        ("Nur für uns 🙂 <b>", "Nur für uns 🙂 <b>"),
        ("two\nlines\tand\u2028more\u0000 \u202e", "two lines and more"),
        ("staff only, " * 75, ("staff only, " * 75)[:500]),
        ("", ""),
    ],
)
@pytest.mark.parametrize(("path", "asked"), [("/auth/signup", SIGN_UP), ("/auth/signin", TOKEN)])
@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_what_a_hook_refuses_is_the_project_s_refusal_in_its_own_words(
    service: ServiceProcess, upstream: FixedAnswers, path: str, asked: str, status: int, said: str, told: str
) -> None:
    upstream.answers[asked] = refusal(status, "unknown", said)
    response = Browser(service.url).post(path, {"email": EMAIL, "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (403, "auth_rejected")
    assert response.json()["details"] == {"explanation": told}
    assert cookies_set(response) == []


def test_a_hook_that_fails_is_no_refusal(service: ServiceProcess, upstream: FixedAnswers) -> None:
    upstream.answers[SIGN_UP] = refusal(500, "unexpected_failure", "Unexpected status code returned from hook: 500")
    assert Browser(service.url).sign_up(EMAIL).json()["code"] == "upstream_error"


@pytest.mark.parametrize(("path", "asked", "status"), [("/auth/signup", SIGN_UP, 400), ("/auth/signin", TOKEN, 422)])
def test_the_e_mail_provider_is_switched_off(
    service: ServiceProcess, upstream: FixedAnswers, path: str, asked: str, status: int
) -> None:
    upstream.answers[asked] = refusal(status, "email_provider_disabled")
    response = Browser(service.url).post(path, {"email": EMAIL, "password": PASSWORD})
    assert (response.status_code, response.json()["code"], response.json()["details"]) == (403, "auth_provider_disabled", {})


@pytest.mark.parametrize(
    "address",
    ["a..b@example.com", "a.@example.com", ".a@example.com", "x" * 65 + "@example.com", "ü@exämple.com", "a b@c", '"a b"@c.de'],
)
def test_sign_in_asks_supabase_about_every_address_that_supabase_may_have(
    service: ServiceProcess, upstream: FixedAnswers, keys: Keys, address: str
) -> None:
    claims = {"sub": USER["id"], "aud": "authenticated", "exp": int(time.time()) + 600}
    session = {**SESSION, "access_token": jwt.encode(claims, keys.jwt_secret, "HS256"), "user": {**USER, "email": address}}
    upstream.answers[TOKEN] = (200, session)
    response = Browser(service.url).post("/auth/signin", {"email": address, "password": PASSWORD})
    assert (response.status_code, response.json()["user"]["email"]) == (200, address)
    upstream.answers[TOKEN] = refusal(400, "validation_failed")
    response = Browser(service.url).post("/auth/signin", {"email": address, "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (401, "auth_invalid_credentials")


@pytest.mark.parametrize("address", ["\ud800@example.com", "no at", "a\n@b.de", "@"])
def test_what_is_no_address_at_all_is_told_so(service: ServiceProcess, address: str) -> None:
    body = json.dumps({"email": address, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json", "X-CSRF-Token": str(Browser(service.url).csrf_token)}
    response = Browser(service.url).http.post("/auth/signin", content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


def test_a_lock_that_another_request_holds_is_to_be_asked_for_again(
    service: ServiceProcess, upstream: FixedAnswers, keys: Keys
) -> None:
    claims = {"sub": USER["id"], "aud": "authenticated", "exp": int(time.time()) + 600}
    upstream.answers[TOKEN] = (200, {**SESSION, "access_token": jwt.encode(claims, keys.jwt_secret, "HS256")})
    browser = Browser(service.url)
    assert browser.sign_in(str(USER["email"])).status_code == 200
    upstream.answers[TOKEN] = refusal(409, "conflict", "Too many concurrent token refresh requests on the same session")
    response = browser.refresh()
    assert (response.status_code, response.json()["code"]) == (503, "upstream_unavailable")
    assert response.headers["Retry-After"] == str(response.json()["details"]["retryAfter"])
    assert cookies_set(response) == []


class SlowProject(Project):
    """Takes a second for everything that Auth does: for mails, that is quick."""

    def answer(self, path: str) -> tuple[int, Any]:
        if path in ("/auth/v1/signup", "/auth/v1/token"):
            time.sleep(1)
        return super().answer(path)


@pytest.mark.thorough
def test_a_call_that_sends_a_mail_may_take_longer_than_others(start_module_service: StartModuleService) -> None:
    with SlowProject(elliptic("key")) as project:
        quick = {"UPSTREAM_READ_TIMEOUT": "0.3", "UPSTREAM_TIMEOUT": "0.5", "MAIL_TIMEOUT": "5"}
        service = start_module_service({"SUPABASE_URL": project.url, **quick})
        assert Browser(service.url).sign_up(EMAIL).status_code == 200
        assert Browser(service.url).sign_in(EMAIL).json()["code"] == "upstream_timeout"


class LavishProject(Project):
    """Its sessions live for years, and a hook puts much into its tokens."""

    def claims(self, **changed: Any) -> dict[str, Any]:
        return super().claims(**{"permissions": "p" * 20_000} | changed)

    def answer(self, path: str) -> tuple[int, Any]:
        status, body = super().answer(path)
        return status, {**body, "expires_in": 315_360_000} if "expires_in" in body else body


@pytest.mark.thorough
def test_long_lives_and_large_tokens_are_the_project_s_to_decide(start_module_service: StartModuleService) -> None:
    with LavishProject(elliptic("key")) as project:
        service = start_module_service({"SUPABASE_URL": project.url})
        browser = Browser(service.url)
        response = browser.sign_in(EMAIL)
        assert (response.status_code, response.json()["expiresIn"]) == (200, 315_360_000)
        assert len(response.json()["accessToken"]) > 20_000
        assert browser.me().status_code == 200
        cookies = "x" * 17_000
        assert browser.http.get("/auth/csrf", headers={"Cookie": f"other={cookies}"}).status_code in (400, 431)

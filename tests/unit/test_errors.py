"""Every error, on every path, is the error schema; and says so to pages of allowed origins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from local.keys import Keys
from service.app import create_app
from service.error_codes import MEANINGS, ErrorCode
from service.handlers.csrf import CsrfHandlers
from service.telemetry.log_writer import flush_logs
from tests.support import loopback
from tests.support.browser import Browser, cookies_set
from tests.support.fixed_answers import SESSION, USER, FixedAnswers
from tests.support.service import CSRF_TOKEN, ServiceProcess, development_env, free_port

ORIGIN = "http://localhost:5173"
CSRF = {"X-CSRF-Token": CSRF_TOKEN}
JSON = {"Content-Type": "application/json"}
CREDENTIALS = {"email": "ada@example.com", "password": "correct horse"}


def chunks(count: int) -> Iterator[bytes]:
    """A body that is too large, without a Content-Length to tell."""
    for _ in range(count):
        yield b" " * 1024


@pytest.fixture(scope="module")
def fixed_service(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[tuple[ServiceProcess, FixedAnswers]]:
    """A service over an upstream whose answers a test sets."""
    with FixedAnswers({}) as upstream:
        env = development_env(upstream.url, keys, free_port())
        with ServiceProcess(env, tmp_path_factory.mktemp("fixed") / "service.log") as running:
            yield running, upstream


Case = tuple[str, str, dict[str, str], bytes | Callable[[int], Iterator[bytes]] | None, int, str]
CASES: dict[str, Case] = {
    "no such path": ("GET", "/nowhere", {}, None, 404, "not_found"),
    "no such path below auth": ("POST", "/auth/nowhere", CSRF, None, 404, "not_found"),
    "wrong method": ("DELETE", "/auth/signin", {}, None, 405, "method_not_allowed"),
    "wrong method on a page": ("POST", "/openapi.json", {}, None, 405, "method_not_allowed"),
    "wrong method on an ops path": ("POST", "/healthz", {}, None, 405, "method_not_allowed"),
    "no such page": ("GET", "/ui/nowhere.js", {}, None, 404, "not_found"),
    "malformed JSON": ("POST", "/auth/signin", CSRF | JSON, b'{"email":', 400, "invalid_request"),
    "empty body": ("POST", "/auth/signin", CSRF | JSON, b"", 400, "invalid_request"),
    "declared too large": ("POST", "/auth/signin", CSRF | JSON, b" " * 20_000, 413, "payload_too_large"),
    "undeclared and too large": ("POST", "/auth/signin", CSRF | JSON, chunks, 413, "payload_too_large"),
    "not JSON": ("POST", "/auth/signin", CSRF | {"Content-Type": "text/plain"}, b"{}", 415, "unsupported_media_type"),
    "no content type": ("POST", "/auth/signin", CSRF, b"{}", 415, "unsupported_media_type"),
    "no CSRF token": ("POST", "/auth/signin", JSON, b"{}", 403, "csrf_failed"),
    "no bearer token": ("GET", "/auth/me", {}, None, 401, "unauthorized"),
    "no refresh cookie": ("POST", "/auth/refresh", CSRF, None, 401, "auth_refresh_missing"),
    "wrong password": ("POST", "/auth/signin", CSRF | JSON, json.dumps(CREDENTIALS).encode(), 401, "auth_invalid_credentials"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_error_is_the_error_schema_with_cors_headers(service: ServiceProcess, case: Case) -> None:
    method, path, headers, body, status, code = case
    response = loopback.request(
        method,
        service.url + path,
        headers={**headers, "Origin": ORIGIN},
        content=body(20) if callable(body) else body,
        timeout=30,
    )
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    error = response.json()
    assert error.keys() == {"code", "message", "details"}
    assert error["code"] == code
    assert error["message"] == MEANINGS[ErrorCode(str(code))].message
    assert isinstance(error["details"], dict)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["X-Request-ID"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    if status == 405:
        assert response.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/auth/csrf", "GET, HEAD"), ("/auth/signup", "POST"), ("/auth/signin", "POST"), ("/auth/me", "GET, HEAD, PATCH"),
        ("/auth/refresh", "POST"), ("/auth/logout", "POST"), ("/healthz", "GET, HEAD"),
    ],
)  # fmt: skip
def test_a_wrong_method_is_told_the_right_ones(service: ServiceProcess, path: str, allow: str) -> None:
    response = loopback.put(service.url + path)
    assert (response.status_code, response.headers["Allow"]) == (405, allow)


OUTSIDE_THE_CONTRACT = {
    "an id that is no UUID": {"user": {**USER, "id": "not a uuid"}},
    "an address that is no string": {"user": {**USER, "email": ["ada"]}},
    "an address with half a character": {"user": {**USER, "email": "\ud800@example.com"}},
    "an access token that is none": {"access_token": "a"},
    "a lifetime that has passed": {"expires_in": -5},
    "an endless lifetime": {"expires_in": 10**30},
    "a refresh token that would add a cookie attribute": {"refresh_token": "abc; Domain=example.com"},
    "a refresh token that would add a header": {"refresh_token": "abc\r\nX-Injected: 1"},
    "an empty refresh token": {"refresh_token": ""},
    "no refresh token": {"refresh_token": None},
    "no user": {"user": None},
}


@pytest.mark.parametrize("wrong", OUTSIDE_THE_CONTRACT.values(), ids=OUTSIDE_THE_CONTRACT.keys())
def test_what_supabase_answers_outside_the_contract_is_an_upstream_error(
    fixed_service: tuple[ServiceProcess, FixedAnswers], wrong: dict[str, object]
) -> None:
    service, upstream = fixed_service
    upstream.answers["POST /auth/v1/token"] = (200, {**SESSION, **wrong})
    response = loopback.post(service.url + "/auth/signin", json=CREDENTIALS, headers=CSRF)
    assert (response.status_code, response.json()["code"]) == (502, "upstream_error")
    assert cookies_set(response) == []
    assert "X-Injected" not in response.headers


@pytest.mark.thorough
async def test_a_crash_is_an_internal_error_with_the_request_id(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], keys: Keys
) -> None:
    """No request that we know of makes the service crash, so a handler is made to, in a service inside this process."""
    secret = "a-secret-in-the-message-of-the-exception"

    async def crash(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(CsrfHandlers, "get_csrf_token", crash)
    for name, value in development_env("http://127.0.0.1:9", keys, free_port()).items():
        monkeypatch.setenv(name, value)
    transport = httpx.ASGITransport(create_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        response = await http.get("/auth/csrf", headers={"Origin": ORIGIN, "X-Request-ID": "my-own.id_1"})
    assert response.status_code == 500
    assert response.json() == {
        "code": "internal_error",
        "message": "Internal error",
        "details": {"requestId": "my-own.id_1"},
    }
    assert response.headers["X-Request-ID"] == "my-own.id_1"
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    flush_logs()
    log = capfd.readouterr().err
    assert '"event": "unhandled_exception"' in log
    assert secret not in log


@pytest.mark.parametrize("path", ["/auth/signup", "/auth/signin"])
def test_every_problem_of_a_body_is_named_with_its_place_and_without_its_value(browser: Browser, path: str) -> None:
    response = browser.post(path, {"email": "not an address", "password": "", "role": "admin-secret-value"})
    assert response.status_code == 400
    errors = {(error["path"], error["rule"], error["message"]) for error in response.json()["details"]["errors"]}
    assert ("/role", "unknown_property", "is not known to this API") in errors
    # Sign-in takes whatever may be an account's.
    rule = "format" if path == "/auth/signup" else "pattern"
    assert any(error[:2] == ("/email", rule) for error in errors)
    assert any(error[:2] == ("/password", "length") and error[2].startswith("is shorter than ") for error in errors)
    assert "admin-secret-value" not in response.text
    assert "not an address" not in response.text

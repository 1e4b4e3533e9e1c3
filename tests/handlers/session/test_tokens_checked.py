"""A token that this service cannot take is never handed out: whoever runs it is told which setting is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.keys import Keys
from tests.conftest import StartModuleService, StartService
from tests.handlers.session.conftest import becomes_true
from tests.support import loopback
from tests.support.auth_fake import AuthFake
from tests.support.browser import Browser, cookies_set, new_email
from tests.support.metrics import scrape
from tests.support.project import Project, elliptic
from tests.support.service import ServiceProcess

OTHER_SECRET = "0f4f4f6a9d1c4c0e8b7a6d5c4b3a29180f4f4f6a"


@pytest.fixture(scope="module")
def upstream(keys: Keys) -> Iterator[AuthFake]:
    with AuthFake(keys.jwt_secret) as running:
        yield running


@pytest.fixture(scope="module")
def checked(start_module_service: StartModuleService, upstream: AuthFake) -> ServiceProcess:
    return start_module_service({"SUPABASE_URL": upstream.url})


@pytest.fixture
def browser(checked: ServiceProcess, upstream: AuthFake, keys: Keys) -> Browser:
    """Of a user whose tokens are good."""
    upstream.secret = keys.jwt_secret
    upstream.claims.clear()
    browser, email = Browser(checked.url), new_email()
    upstream.user(email)
    assert browser.sign_in(email).status_code == 200
    return browser


def tokens_part(service: ServiceProcess) -> tuple[int, str]:
    response = loopback.get(f"{service.url}/readyz")
    return response.status_code, response.json()["checks"]["tokens"]


def warnings(log: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.splitlines()]
    return [line for line in lines if line["event"] == "token_refused_as_issued"]


def refusals(service: ServiceProcess) -> float:
    return scrape(service.url).get(("latchkey_issued_tokens_total", "refused"), 0)


Break = Callable[[AuthFake], object]
CASES: dict[str, tuple[Break, str, str, str | None]] = {
    "another secret": (lambda up: setattr(up, "secret", OTHER_SECRET), "signature", "SUPABASE_JWT_SECRET", None),
    "another issuer": (
        lambda up: up.claims.update(iss="http://elsewhere/auth/v1"), "issuer", "SUPABASE_JWT_ISSUER", "http://elsewhere/auth/v1",
    ),
    "the issuer without its path": (lambda up: up.claims.update(iss=up.url), "issuer", "SUPABASE_JWT_ISSUER", "http://127.0.0.1"),
    "another audience": (lambda up: up.claims.update(aud="staff"), "audience", "SUPABASE_JWT_AUDIENCE", "staff"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_token_that_is_not_ours_is_not_handed_out(
    case: tuple[Break, str, str, str | None], browser: Browser, checked: ServiceProcess, upstream: AuthFake
) -> None:
    spoil, reason, setting, found = case
    before, logged = browser.refresh_token, len(checked.log)
    counted = refusals(checked)
    spoil(upstream)

    refreshed = browser.refresh()
    assert (refreshed.status_code, refreshed.json()["code"]) == (502, "upstream_error")
    # Supabase has changed the refresh token, and the session must not be lost for a setting.
    assert cookies_set(refreshed) == ["sb_refresh_token", "latchkey_session"]
    assert browser.refresh_token not in {None, before}
    assert tokens_part(checked) == (200, "degraded")
    signed_in = Browser(checked.url).sign_in(str(browser.email))
    assert (signed_in.status_code, signed_in.json()["code"], cookies_set(signed_in)) == (502, "upstream_error", [])

    told = warnings(checked.log[logged:])
    assert {(line["level"], line["reason"], line["setting"]) for line in told} == {("warning", reason, setting)}
    assert all(str(line.get("found", "")).startswith(found or "") for line in told)
    assert refusals(checked) == counted + 2


def test_once_the_setting_is_right_the_session_goes_on(browser: Browser, checked: ServiceProcess, upstream: AuthFake) -> None:
    upstream.claims["aud"] = "staff"
    assert browser.refresh().status_code == 502
    upstream.claims.clear()
    assert browser.refresh().status_code == 200
    assert tokens_part(checked) == (200, "ok")


@pytest.mark.usefixtures("browser")
def test_a_session_that_cannot_be_handed_out_is_ended(checked: ServiceProcess, upstream: AuthFake) -> None:
    upstream.claims["aud"] = "staff"
    email = new_email()
    user = upstream.user(email)
    assert Browser(checked.url).sign_in(email).status_code == 502
    assert becomes_true(lambda: [s.ended for s in upstream.sessions.values() if s.user is user] == [True])


@pytest.mark.parametrize(
    "claims",
    [{"iss": None}, {"iat": int(time.time()) + 3_600}, {"padding": "x" * 9_000}, {"amr": ["password"], "aal": None}],
    ids=["no issuer", "issued in the future", "nine kilobytes", "other forms of claims"],
)
def test_what_is_only_unusual_is_handed_out(browser: Browser, upstream: AuthFake, claims: dict[str, object]) -> None:
    upstream.claims.update(claims)
    assert browser.refresh().status_code == 200


def test_a_service_that_never_saw_a_good_token_is_not_ready(
    start_service: StartService, upstream: AuthFake, keys: Keys
) -> None:
    upstream.secret = keys.jwt_secret
    upstream.claims.clear()
    service = start_service({"SUPABASE_URL": upstream.url, "SUPABASE_JWT_SECRET": None})
    assert tokens_part(service)[1] == "unknown"
    email = new_email()
    upstream.user(email)
    assert Browser(service.url).sign_in(email).status_code == 502
    assert tokens_part(service) == (503, "failed")
    (told,) = warnings(service.log)
    assert (told["reason"], told["setting"]) == ("algorithm", "SUPABASE_JWT_SECRET")


def test_what_cannot_be_checked_is_handed_out_with_a_warning(start_service: StartService) -> None:
    with Project(elliptic("first")) as project:
        project.jwks_status = 503
        service = start_service({"SUPABASE_URL": project.url, "SUPABASE_JWT_SECRET": None})
        assert Browser(service.url).sign_in("ada@example.com").status_code == 200
        assert "token_handed_out_unchecked" in service.log
        assert tokens_part(service)[1] == "unknown"


def test_a_key_that_the_project_does_not_publish(start_service: StartService) -> None:
    with Project(elliptic("first")) as project:
        service = start_service({"SUPABASE_URL": project.url, "SUPABASE_JWT_SECRET": None})
        published, project.keys[:] = project.keys[:], [elliptic("second")]
        project_answer = project.answer

        def with_old_keys(path: str) -> tuple[int, Any]:
            if path.endswith("jwks.json"):
                return 200, {"keys": [key.jwk for key in published]}
            return project_answer(path)

        project.answer = with_old_keys  # type: ignore[method-assign]  # a fake of Supabase, not of ours
        assert Browser(service.url).sign_in("ada@example.com").status_code == 502
    (told,) = warnings(service.log)
    assert (told["reason"], told["setting"]) == ("key", "SUPABASE_URL")


def test_an_access_token_that_auth_vouches_for_is_never_called_invalid_by_the_data_api(start_service: StartService) -> None:
    """A key that the data API was not told of is the project's trouble, and signs nobody out."""
    with Project(elliptic("first")) as project:
        service = start_service({"SUPABASE_URL": project.url, "SUPABASE_JWT_SECRET": None})
        browser = Browser(service.url)
        assert browser.sign_in("ada@example.com").status_code == 200
        project_answer = project.answer

        def data_api_refuses(path: str) -> tuple[int, Any]:
            refusal = {"code": "PGRST301", "message": "No suitable key or wrong key type"}
            return (401, refusal) if path.startswith("/rest/") else project_answer(path)

        project.answer = data_api_refuses  # type: ignore[method-assign]  # as above
        answer = browser.me()
    assert (answer.status_code, answer.json()["code"], cookies_set(answer)) == (502, "upstream_error", [])
    assert "PGRST301" in service.log

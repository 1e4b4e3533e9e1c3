"""A project's captcha stands, whatever the service's settings: Supabase lets the secret key past it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product

import pytest

from tests.conftest import StartModuleService
from tests.support import loopback
from tests.support.browser import PASSWORD, Browser, cookies_set
from tests.support.captcha import GOOD_TOKEN, CaptchaProject, Siteverify
from tests.support.project import EMAIL
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.thorough

SECRET = "provider-secret-5f3a9c1e7b2d"
WAYS = ("none", "upstream", "here")
COMBINATIONS = [(way, forwarding) for way, forwarding in product(WAYS, ("false", "true"))]
BODIES: dict[str, dict[str, object]] = {
    "/auth/signup": {"password": PASSWORD},
    "/auth/signin": {"password": PASSWORD},
    "/auth/otp": {"createUser": False},
    "/auth/password/recover": {},
    "/auth/verify/resend": {"type": "signup"},
}
PATHS = tuple(BODIES)
EVERY_PATH = [  # one of the three that only send a mail in `make test`
    pytest.param(path, marks=pytest.mark.thorough if path in ("/auth/otp", "/auth/verify/resend") else ()) for path in PATHS
]
ACCEPTED = {path: 200 if "password" in body else 202 for path, body in BODIES.items()}


@pytest.fixture(scope="module")
def provider() -> Iterator[Siteverify]:
    with Siteverify(SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def project() -> Iterator[CaptchaProject]:
    with CaptchaProject(wants_captcha=True) as running:
        yield running


@pytest.fixture(scope="module")
def services(
    start_module_service: StartModuleService, project: CaptchaProject, provider: Siteverify
) -> dict[tuple[str, str], ServiceProcess]:
    """One for each combination of settings."""
    here = {"CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_SECRET": SECRET, "CAPTCHA_VERIFY_URL": provider.verify_url}
    return {
        (way, forwarding): start_module_service(
            {
                "SUPABASE_URL": project.url,
                "CAPTCHA": way,
                "FORWARD_CLIENT_IP": forwarding,
                "MAIL_ANSWER_AFTER": "0.2",
                **(here if way == "here" else {}),
            }
        )
        for way, forwarding in COMBINATIONS
    }


@pytest.fixture(autouse=True)
def _afresh(project: CaptchaProject, provider: Siteverify) -> None:
    project.asked.clear()
    project.wants_captcha, project.status = True, None
    provider.forms.clear()
    provider.broken = None
    provider.renew()


def knock(service: ServiceProcess, path: str, token: object = ...) -> tuple[int, str | None, list[str]]:
    """Status, code and the cookies that were set. `...` sends no captchaToken at all."""
    headers = {"Sb-Forwarded-For": "203.0.113.10", "apikey": "sb_secret_of_a_stranger", "Authorization": "Bearer sb_secret_x"}
    body = {"email": EMAIL, **BODIES[path]} | ({} if token is ... else {"captchaToken": token})
    response = Browser(service.url).post(path, body, headers=headers)
    return response.status_code, response.json().get("code"), cookies_set(response)


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize("token", [..., None, "", " ", "bad", "token-of-a-person2"])
def test_nobody_gets_past_the_project_s_captcha(
    services: dict[tuple[str, str], ServiceProcess], combination: tuple[str, str], path: str, token: object
) -> None:
    if token == " ":
        assert knock(services[combination], path, token) == (400, "invalid_request", [])
        return
    missing = token in (..., None, "")
    assert knock(services[combination], path, token) == (
        400,
        "auth_captcha_required" if missing else "auth_captcha_failed",
        [],
    )


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
@pytest.mark.parametrize("path", EVERY_PATH)
def test_who_passes_it_gets_in_and_the_secret_key_goes_along_only_where_the_captcha_was_checked_here(
    services: dict[tuple[str, str], ServiceProcess],
    project: CaptchaProject,
    provider: Siteverify,
    combination: tuple[str, str],
    path: str,
) -> None:
    status, code, _ = knock(services[combination], path, GOOD_TOKEN)
    assert (status, code) == (ACCEPTED[path], None)
    [asked] = project.asked_by_users()
    way, forwarding = combination
    if way == "here":
        assert asked.captcha_token is None, "a token is good once, and was used"
        assert asked.headers["apikey"].startswith("sb_secret_")
        told = {"sb-forwarded-for": "127.0.0.1"} if forwarding == "true" else {}
        [form] = provider.forms
        assert form == {"secret": SECRET, "response": GOOD_TOKEN} | ({"remoteip": "127.0.0.1"} if told else {})
    else:
        assert asked.captcha_token == GOOD_TOKEN
        assert asked.headers["apikey"].startswith("sb_publishable_")
        told = {}
    assert {name: value for name, value in asked.headers.items() if name == "sb-forwarded-for"} == told
    assert "authorization" not in asked.headers
    # The token was good for one request.
    if way == "here":
        assert knock(services[combination], path, GOOD_TOKEN)[:2] == (400, "auth_captcha_failed")


@pytest.mark.parametrize(
    ("broken", "answer"),
    [
        ((500, {}), (503, "upstream_unavailable")),
        ((200, {"success": False, "error-codes": ["internal-error"]}), (503, "upstream_unavailable")),
        ((200, {"success": "true"}), (503, "upstream_unavailable")),
        ((500, {"success": True}), (503, "upstream_unavailable")),
        ((200, []), (503, "upstream_unavailable")),
        ((200, {"success": False, "error-codes": ["invalid-input-secret"]}), (502, "upstream_error")),
        ((200, {"success": False}), (400, "auth_captcha_failed")),
        ((200, {"success": False, "error-codes": [7, "timeout-or-duplicate"]}), (400, "auth_captcha_failed")),
    ],
)
def test_while_the_provider_is_in_trouble_nobody_gets_past_it(
    services: dict[tuple[str, str], ServiceProcess],
    project: CaptchaProject,
    provider: Siteverify,
    broken: tuple[int, object],
    answer: tuple[int, str],
) -> None:
    provider.broken = broken
    for path in PATHS:
        assert knock(services["here", "true"], path, GOOD_TOKEN) == (*answer, [])
    assert project.asked == []


def test_where_the_project_has_a_captcha_that_the_settings_do_not_name_readiness_and_log_say_so(
    services: dict[tuple[str, str], ServiceProcess],
) -> None:
    service = services["none", "true"]
    assert loopback.get(f"{service.url}/readyz").json()["checks"]["captcha"] == "degraded"
    assert '"event": "captcha_not_configured"' in service.log
    for combination in COMBINATIONS:
        if combination != ("none", "true"):
            assert loopback.get(f"{services[combination].url}/readyz").json()["checks"]["captcha"] == "ok"


def test_without_a_captcha_supabase_is_told_the_address_once_it_said_that_there_is_none(
    start_module_service: StartModuleService,
) -> None:
    with CaptchaProject(wants_captcha=False) as project:
        project.status = 503
        service = start_module_service({"SUPABASE_URL": project.url, "FORWARD_CLIENT_IP": "true"})
        for path in PATHS:
            # Of mails nothing is told that Supabase Auth itself says: it could be about an account.
            assert knock(service, path)[0] == (503 if ACCEPTED[path] == 200 else 202)
        assert {asked.headers["apikey"][:15] for asked in project.asked} == {"sb_publishable_"}, "nothing was known"
        assert loopback.get(f"{service.url}/readyz").json()["checks"]["captcha"] == "degraded"
        project.status = None
        deadline = time.monotonic() + 20
        while loopback.get(f"{service.url}/readyz").json()["checks"]["captcha"] != "ok":
            assert time.monotonic() < deadline
            time.sleep(0.2)
        for path in PATHS:
            project.asked.clear()
            assert knock(service, path)[0] == ACCEPTED[path]
            [asked] = project.asked_by_users()
            assert asked.headers["apikey"].startswith("sb_secret_")
            assert asked.headers["sb-forwarded-for"] == "127.0.0.1"
            assert "Mozilla" not in asked.headers["user-agent"]

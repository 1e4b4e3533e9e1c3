"""GET /auth/config: what a front end has to know before it draws the sign-in page."""

from __future__ import annotations

import re

import pytest

from tests.conftest import StartService
from tests.support import loopback
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.thorough

ORIGIN = "http://localhost:5173"
OF_THE_SETTINGS = ("emailSignIn", "captcha", "passwordMinLength", "emailChangeConfirm", "accountDeletion")


def test_it_tells_what_the_project_and_the_settings_say(served: ServiceProcess) -> None:
    response = loopback.get(f"{served.url}/auth/config")
    assert response.status_code == 200
    body = response.json()
    assert {name: body[name] for name in OF_THE_SETTINGS} == {
        "emailSignIn": True,
        "captcha": None,
        "passwordMinLength": 8,
        "emailChangeConfirm": "both",
        "accountDeletion": False,
    }
    assert isinstance(body["providers"], list)


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.project(DISABLE_SIGNUP="true", MAILER_AUTOCONFIRM="false")
@pytest.mark.settings(
    PASSWORD_MIN_LENGTH="12", EMAIL_CHANGE_CONFIRM="one", CAPTCHA="upstream", CAPTCHA_PROVIDER="turnstile",
    CAPTCHA_SITE_KEY="1x00000000000000000000AA", ACCOUNT_DELETION="soft",
)  # fmt: skip
def test_each_setting_shows(served: ServiceProcess) -> None:
    body = loopback.get(f"{served.url}/auth/config").json()
    assert (body["signUp"], body["emailConfirmation"]) == (False, True)
    assert (body["passwordMinLength"], body["emailChangeConfirm"], body["accountDeletion"]) == (12, "one", True)
    assert body["captcha"] == {"provider": "turnstile", "siteKey": "1x00000000000000000000AA"}


@pytest.mark.upstreams("embedded")
def test_any_cache_may_keep_it_for_a_minute_for_each_origin(served: ServiceProcess) -> None:
    for headers in ({}, {"Origin": ORIGIN}, {"Origin": "https://evil.example"}):
        response = loopback.get(f"{served.url}/auth/config", headers=headers)
        found = re.fullmatch(r"public, max-age=(\d+)", response.headers["Cache-Control"])
        assert found
        assert 0 < int(found[1]) <= 60
        assert response.headers["Vary"] == "Origin"
        assert response.headers.get("Access-Control-Allow-Origin") == (ORIGIN if headers.get("Origin") == ORIGIN else None)
        assert "Set-Cookie" not in response.headers


@pytest.mark.thorough
@pytest.mark.upstreams("embedded")
def test_without_supabase_it_says_so_where_it_never_knew(start_service: StartService) -> None:
    service = start_service({"SUPABASE_URL": "http://127.0.0.1:9"})
    response = loopback.get(f"{service.url}/auth/config")
    assert (response.status_code, response.json()["code"]) == (503, "upstream_unavailable")
    assert response.headers["Cache-Control"] == "no-store"

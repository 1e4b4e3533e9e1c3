"""POST /auth/sso/start for a domain that the project knows.

No directory could be recorded: Supabase Auth answers here as it documents (`POST /sso` with skip_http_redirect).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import StartModuleService
from tests.support.browser import Browser, cookies_set
from tests.support.fixed_answers import FixedAnswers
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.thorough

SETTINGS = {"external": {"email": True}, "disable_signup": False, "mailer_autoconfirm": True, "saml_enabled": True}
DIRECTORY = "https://idp.example.com/saml?SAMLRequest=abc"


@pytest.fixture(scope="module")
def upstream() -> Iterator[FixedAnswers]:
    with FixedAnswers({"GET /auth/v1/settings": (200, SETTINGS), "POST /auth/v1/sso": (200, {"url": DIRECTORY})}) as running:
        yield running


@pytest.fixture(scope="module")
def service(start_module_service: StartModuleService, upstream: FixedAnswers) -> ServiceProcess:
    return start_module_service({"SUPABASE_URL": upstream.url})


def test_it_says_where_to_send_the_browser_and_opens_no_session(service: ServiceProcess) -> None:
    browser = Browser(service.url)
    browser.fetch_csrf_token()
    started = browser.post("/auth/sso/start", {"domain": "example.com", "returnTo": "/notes"})
    assert started.status_code == 200, started.text
    body = started.json()
    assert (body["url"], body["expiresIn"]) == (DIRECTORY, 600)
    assert body["flow"]
    assert "sb_refresh_token" not in cookies_set(started)


def test_its_flow_is_of_this_browser_alone(service: ServiceProcess) -> None:
    browser, other = Browser(service.url), Browser(service.url)
    for each in (browser, other):
        each.fetch_csrf_token()
    flow = browser.post("/auth/sso/start", {"domain": "example.com"}).json()["flow"]
    denied = {"flow": flow, "error": "access_denied"}
    assert other.post("/auth/oauth/complete", denied).json()["code"] == "auth_flow_invalid"
    assert browser.post("/auth/oauth/complete", denied).json()["code"] == "auth_provider_denied"

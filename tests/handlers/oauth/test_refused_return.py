"""What a provider, or Supabase on the way back, says against it: the page gets one code to switch on, wherever it stood."""

from __future__ import annotations

import pytest

from tests.support import flows
from tests.support.browser import Browser, cookies_set
from tests.support.upstream.base import Upstream, address

# error and error_code as Supabase Auth puts them into the URL (GoTrue's internal/api/external.go), and what the page is told.
REFUSALS = [
    ("access_denied", None, 403, "auth_provider_denied"),
    ("server_error", None, 403, "auth_provider_denied"),
    ("temporarily_unavailable", None, 403, "auth_provider_denied"),
    ("server_error", "unexpected_failure", 403, "auth_provider_denied"),  # no address at the provider, among others
    ("server_error", "a code of tomorrow", 403, "auth_provider_denied"),
    ("access_denied", "provider_email_needs_verification", 403, "auth_email_not_confirmed"),
    ("access_denied", "signup_disabled", 403, "auth_signup_disabled"),
    ("access_denied", "user_banned", 403, "auth_user_banned"),
    ("server_error", "unknown", 403, "auth_rejected"),
    ("invalid_request", "oauth_provider_not_supported", 403, "auth_provider_disabled"),
    ("invalid_request", "saml_provider_disabled", 403, "auth_provider_disabled"),
    ("server_error", "identity_already_exists", 409, "auth_identity_taken"),
    ("invalid_request", "email_exists", 409, "auth_email_taken"),
    ("server_error", "user_already_exists", 409, "auth_email_taken"),
    ("invalid_request", "bad_oauth_state", 400, "auth_flow_invalid"),
    ("invalid_request", "bad_oauth_callback", 400, "auth_flow_invalid"),
    ("invalid_request", "flow_state_already_used", 400, "auth_flow_invalid"),
    ("server_error", "saml_relay_state_not_found", 400, "auth_flow_invalid"),
    ("server_error", "flow_state_expired", 410, "auth_flow_expired"),
    ("access_denied", "otp_expired", 410, "auth_flow_expired"),
    ("server_error", "over_email_send_rate_limit", 429, "rate_limited"),
]


@pytest.mark.upstreams("recorded")
@pytest.mark.parametrize(("error", "error_code", "status", "code"), REFUSALS)
def test_a_refusal_in_the_url_becomes_a_code(
    visitor: Browser, error: str, error_code: str | None, status: int, code: str
) -> None:
    flow = flows.start(visitor).json()["flow"]
    more = {} if error_code is None else {"errorCode": error_code}
    response = flows.complete(visitor, {"flow": flow, "error": error, **more})
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert cookies_set(response) == []


@pytest.mark.upstreams("recorded")
def test_a_refusal_signs_nobody_out(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    flow = flows.start(visitor).json()["flow"]
    assert flows.complete(visitor, {"flow": flow, "error": "access_denied"}).status_code == 403
    assert visitor.refresh().json()["user"]["id"] == ada.id


@pytest.mark.upstreams("recorded")
def test_what_the_project_says_in_the_fragment_alone_is_understood_as_well(visitor: Browser) -> None:
    """On the front page, without the flow: the client has kept it."""
    flow = flows.start(visitor).json()["flow"]
    back = flows.returned("http://localhost:5173/#error=invalid_request&error_code=bad_oauth_state&sb=")
    response = flows.complete(visitor, {**back.completion, "flow": flow})
    assert response.json()["code"] == "auth_flow_invalid"


@pytest.mark.upstreams("recorded")
@pytest.mark.parametrize(
    ("outcome", "path", "rule"),
    [
        ({}, "/code", "required"),
        ({"errorCode": "otp_expired"}, "/error", "required"),
        ({"code": "c", "error": "access_denied"}, "/error", "shape"),
        ({"code": "c", "errorCode": "otp_expired"}, "/error", "shape"),
    ],
)
def test_a_return_has_a_code_or_an_error(visitor: Browser, outcome: dict[str, str], path: str, rule: str) -> None:
    flow = flows.start(visitor).json()["flow"]
    response = flows.complete(visitor, {"flow": flow, **outcome})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    [error] = response.json()["details"]["errors"]
    assert (error["path"], error["rule"]) == (path, rule)


@pytest.mark.upstreams("recorded", "real")
def test_a_code_that_is_exchanged_too_late_asks_to_begin_again(upstream: Upstream, visitor: Browser) -> None:
    email = address("gh")
    back = flows.go(upstream, flows.start(visitor), email)
    upstream.age("flow", email, 301)
    response = flows.complete(visitor, back.completion)
    assert (response.status_code, response.json()["code"]) == (410, "auth_flow_expired")
    assert cookies_set(response) == []

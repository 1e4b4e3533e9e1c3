"""PUT /auth/email: asks for a new address, and changes nothing before it is confirmed."""

from __future__ import annotations

import pytest

from tests.support.browser import Browser
from tests.support.upstream.base import Upstream, address


def test_nothing_changes_before_it_is_confirmed(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    asked = visitor.ask("PUT", "/auth/email", {"email": address("new")})
    assert (asked.status_code, asked.json()) == (202, {"confirm": "both"}), asked.text
    assert "set-cookie" not in asked.headers
    assert visitor.me().json()["user"]["email"] == ada.email
    assert visitor.refresh().status_code == 200


def test_an_address_that_is_taken_is_told_to_who_is_signed_in(upstream: Upstream, visitor: Browser) -> None:
    ada, grace = upstream.person(), upstream.person()
    visitor.sign_in(ada.email, ada.password)
    refused = visitor.ask("PUT", "/auth/email", {"email": grace.email})
    assert (refused.status_code, refused.json()["code"]) == (409, "auth_email_taken")


@pytest.mark.upstreams("recorded", "real")
def test_a_second_factor_comes_first(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    factor = upstream.factor(upstream.session(ada))
    visitor.sign_in(ada.email, ada.password)
    refused = visitor.ask("PUT", "/auth/email", {"email": address("new")})
    assert (refused.status_code, refused.json()["code"]) == (403, "auth_mfa_required")
    assert refused.json()["details"]["factors"][0]["id"] == factor.id


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.project(SMTP_MAX_FREQUENCY="60s")
def test_who_is_signed_in_is_told_of_the_limit_of_mails(upstream: Upstream, visitor: Browser) -> None:
    ada, new = upstream.person(), address("new")
    visitor.sign_in(ada.email, ada.password)
    assert visitor.ask("PUT", "/auth/email", {"email": new}).status_code == 202
    refused = visitor.ask("PUT", "/auth/email", {"email": new})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) == refused.json()["details"]["retryAfter"] > 0


@pytest.mark.upstreams("embedded")
@pytest.mark.parametrize("body", [{}, {"email": "a"}, {"email": "ä@example.com"}, {"email": "a@example.com", "password": "x"}])
def test_nothing_but_an_address_is_taken(upstream: Upstream, visitor: Browser, body: dict[str, str]) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    assert visitor.ask("PUT", "/auth/email", body).status_code == 400

"""PATCH /auth/me: the profile, changed as the user, under the database's own policies."""

from __future__ import annotations

import pytest

from tests.support.browser import Browser
from tests.support.service import ServiceProcess
from tests.support.upstream.base import Upstream


def test_what_is_given_changes_and_is_answered(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    for given, kept in (("Ada 🔑 <b>", "Ada 🔑 <b>"), (None, None), ("Ada", "Ada"), ("", None)):
        changed = visitor.ask("PATCH", "/auth/me", {"profile": {"displayName": given}})
        assert changed.status_code == 200, changed.text
        assert changed.json() == visitor.me().json()
        assert changed.json()["user"] == {"id": ada.id, "email": ada.email, "profile": {"displayName": kept}}


def test_what_is_left_out_stays(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    visitor.ask("PATCH", "/auth/me", {"profile": {"displayName": "Ada"}})
    unchanged = visitor.ask("PATCH", "/auth/me", {"profile": {}})
    assert unchanged.json()["user"]["profile"] == {"displayName": "Ada"}


def test_it_is_nobody_else_s_profile(upstream: Upstream, served: ServiceProcess, visitor: Browser) -> None:
    ada, grace = upstream.person(), upstream.person()
    other = Browser(served.url)
    other.sign_in(grace.email, grace.password)
    visitor.sign_in(ada.email, ada.password)
    visitor.ask("PATCH", "/auth/me", {"profile": {"displayName": "Ada"}})
    assert other.me().json()["user"]["profile"] == {"displayName": None}


def test_a_session_that_is_over_changes_nothing(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    token = visitor.access_token
    visitor.logout()
    visitor.access_token = token
    refused = visitor.ask("PATCH", "/auth/me", {"profile": {"displayName": "Eve"}})
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    visitor.sign_in(ada.email, ada.password)
    assert visitor.me().json()["user"]["profile"] == {"displayName": None}


@pytest.mark.upstreams("embedded")
@pytest.mark.parametrize(
    "body",
    [
        {}, {"profile": None}, {"profile": {"displayName": "x" * 101}}, {"profile": {"displayName": "a\nb"}},
        {"profile": {"displayName": "a\u2028b"}}, {"profile": {"id": "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11"}},
        {"profile": {"displayName": "x", "created_at": "2020-01-01"}}, {"profile": {}, "user_metadata": {"admin": True}},
        {"email": "eve@example.com"}, {"profile": {"displayName": ["x"]}},
    ],
)  # fmt: skip
def test_nothing_but_the_profile_s_own_is_taken(upstream: Upstream, visitor: Browser, body: dict[str, object]) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    assert visitor.ask("PATCH", "/auth/me", body).status_code == 400
    assert visitor.me().json()["user"]["profile"] == {"displayName": None}


@pytest.mark.upstreams("embedded")
def test_it_needs_a_csrf_token(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    visitor.csrf_token = None
    refused = visitor.ask("PATCH", "/auth/me", {"profile": {"displayName": "Eve"}})
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")

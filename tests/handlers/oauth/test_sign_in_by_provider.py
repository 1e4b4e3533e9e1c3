"""Signing in by a provider, on every Supabase: begun here, consented to there, and completed by the page that comes back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import flows
from tests.support.browser import Browser, cookies_set
from tests.support.service import ServiceProcess
from tests.support.upstream.base import Upstream, address
from tests.support.upstream.proofs import claims

BOTH = ["sb_refresh_token", "latchkey_session"]


def test_who_consents_is_signed_in_and_goes_on_where_they_wanted(upstream: Upstream, visitor: Browser) -> None:
    email = address("gh")
    started = flows.start(visitor, returnTo="/notes?page=2#top")
    assert started.json()["expiresIn"] == 600
    back = flows.go(upstream, started, email)
    assert back.page == flows.PAGE
    assert back.query["flow"] == started.json()["flow"]
    completed = flows.complete(visitor, back.completion)
    assert completed.status_code == 200, completed.text
    body = completed.json()
    assert body["user"]["email"] == email
    assert (body["returnTo"], body["next"], body["mfa"]) == ("/notes?page=2#top", None, {"required": False, "factors": []})
    assert "providerTokens" not in body
    assert cookies_set(completed) == BOTH
    assert visitor.me().json()["user"]["email"] == email
    assert visitor.refresh().json()["user"]["email"] == email


def test_who_comes_again_is_the_same_user(upstream: Upstream, visitor: Browser) -> None:
    first = flows.sign_in(upstream, visitor).json()["user"]
    visitor.logout()
    again = flows.complete(visitor, flows.go(upstream, flows.start(visitor)).completion).json()
    assert again["user"] == first
    assert "returnTo" not in again


def test_the_url_is_the_projects_own_and_asks_for_no_key(upstream: Upstream, visitor: Browser) -> None:
    url = urlsplit(flows.start(visitor, returnTo="/", scopes="read:user gist").json()["url"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{upstream.url}/auth/v1/authorize"
    query = parse_qs(url.query)
    assert query["scopes"] == ["read:user gist"]
    assert query["code_challenge_method"] == ["s256"]
    assert query.keys() == {"provider", "scopes", "redirect_to", "code_challenge", "code_challenge_method"}
    for secret in (upstream.keys.publishable_key, upstream.keys.secret_key):
        assert secret not in url.query


@pytest.mark.parametrize("provider", ["google", "what", "email", "phone", "anonymous_users", "custom:nobody", "GitHubb"])
def test_a_provider_that_is_switched_off_is_not_begun_with(visitor: Browser, provider: str) -> None:
    response = flows.start(visitor, provider)
    assert (response.status_code, response.json()["code"]) == (403, "auth_provider_disabled")


@pytest.mark.thorough
def test_ten_flows_of_one_browser_are_finished_in_any_order(upstream: Upstream, visitor: Browser) -> None:
    started = [flows.start(visitor, returnTo=f"/{number}") for number in range(10)]
    emails = [address("gh") for _ in started]
    backs = [flows.go(upstream, start, email) for start, email in zip(started, emails, strict=True)]
    for number in (7, 0, 9, 3, 1, 8, 2, 6, 4, 5):
        completed = flows.complete(visitor, backs[number].completion)
        assert completed.status_code == 200, completed.text
        assert (completed.json()["returnTo"], completed.json()["user"]["email"]) == (f"/{number}", emails[number])


def test_whoever_was_signed_in_is_signed_out_at_supabase_too(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    visitor.sign_in(ada.email, ada.password)
    before = visitor.access_token
    flows.sign_in(upstream, visitor)
    flows.assert_ended(visitor, before)
    assert visitor.me().status_code == 200


@pytest.mark.upstreams("recorded", "real")
def test_the_session_says_how_it_was_opened(upstream: Upstream, visitor: Browser) -> None:
    flows.sign_in(upstream, visitor)
    [method] = claims(visitor.access_token or "")["amr"]
    assert method["method"] == "oauth"


@pytest.mark.settings(EXPOSE_PROVIDER_TOKENS="true")
def test_the_providers_tokens_are_handed_over_once_and_stay_out_of_log_and_cookies(
    upstream: Upstream, visitor: Browser, served: ServiceProcess
) -> None:
    completed = flows.sign_in(upstream, visitor)
    token = completed.json()["providerTokens"]["accessToken"]
    assert token
    assert "providerTokens" not in visitor.refresh().json()
    assert token not in served.log + completed.headers.get("set-cookie", "")


def test_neither_code_nor_flow_stands_in_the_log(upstream: Upstream, visitor: Browser, served: ServiceProcess) -> None:
    back = flows.go(upstream, flows.start(visitor), address("gh"))
    flows.complete(visitor, back.completion)
    flows.complete(visitor, back.completion)
    assert back.query["code"] not in served.log
    assert back.query["flow"] not in served.log


def test_where_no_directory_is_there_nobody_is_sent_to_one(visitor: Browser) -> None:
    visitor.fetch_csrf_token()
    response = visitor.post("/auth/sso/start", {"domain": "example.com", "returnTo": "/notes"})
    assert flows.told(response) == (403, "auth_provider_disabled")

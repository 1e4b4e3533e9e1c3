"""A browser's way through a provider and back to the front end's page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.support import leaks
from tests.support.browser import Browser
from tests.support.service import CSRF_TOKEN
from tests.support.upstream.base import SITE, Upstream, address

PAGE = f"{SITE}/account/return"


@dataclass(frozen=True, slots=True)
class Return:
    """What the page finds in its URL."""

    page: str
    query: dict[str, str]
    fragment: dict[str, str]

    @property
    def completion(self) -> dict[str, str]:
        """What it sends to be completed."""
        names = {"flow": "flow", "code": "code", "error": "error", "error_code": "errorCode"}
        found = self.fragment | self.query
        return {sent: found[name] for name, sent in names.items() if name in found}


def returned(url: str) -> Return:
    """The page's URL, taken apart."""
    parts = urlsplit(url)
    query, fragment = dict(parse_qsl(parts.query)), dict(parse_qsl(parts.fragment))
    leaks.remember("code", query.get("code"))
    return Return(parts._replace(query="", fragment="").geturl(), query, fragment)


def start(browser: Browser, provider: str = "github", **more: Any) -> httpx.Response:
    """Begin to sign in, as a front end does: with a real CSRF token, which comes with the cookie that a flow is bound to."""
    _require_cookie(browser)
    bearer = (
        {"Authorization": f"Bearer {browser.access_token}"} if more.get("intent") == "link" and browser.access_token else {}
    )
    return browser.post("/auth/oauth/start", {"provider": provider, **more}, headers=bearer)


def go(upstream: Upstream, started: httpx.Response, email: str | None = None) -> Return:
    """Follow the URL of a start, consent as somebody new with that address (the same as before where there is none)."""
    assert started.status_code == 200, started.text
    if email is not None:
        upstream.next_at_provider(email)
    return returned(upstream.consent(started.json()["url"]))


def complete(browser: Browser, completion: dict[str, str]) -> httpx.Response:
    """What the page does then."""
    response = browser.post("/auth/oauth/complete", completion)
    if response.is_success:
        browser.access_token = response.json()["accessToken"]
    return response


def sign_in(upstream: Upstream, browser: Browser, email: str | None = None, **more: Any) -> httpx.Response:
    """All of it, as somebody new."""
    return complete(browser, go(upstream, start(browser, **more), email or address("gh")).completion)


def link(upstream: Upstream, browser: Browser, email: str | None = None, **more: Any) -> httpx.Response:
    """Link a new GitHub to who is signed in in the browser."""
    return complete(browser, go(upstream, start(browser, intent="link", **more), email or address("gh")).completion)


def told(response: httpx.Response) -> tuple[int, str]:
    """Status and code of an error."""
    return response.status_code, response.json()["code"]


def bearer(browser: Browser) -> dict[str, str]:
    """The header of who is signed in."""
    return {"Authorization": f"Bearer {browser.access_token}"}


def assert_ended(browser: Browser, access_token: str | None) -> None:
    """Now or in a moment: it is ended after the answer."""
    for _ in range(50):
        if browser.me(access_token).status_code == 401:
            return
        time.sleep(0.05)
    raise AssertionError("the session goes on")


def _require_cookie(browser: Browser) -> None:
    if browser.csrf_token == CSRF_TOKEN and not any("csrf" in cookie.name for cookie in browser.http.cookies.jar):
        browser.fetch_csrf_token()

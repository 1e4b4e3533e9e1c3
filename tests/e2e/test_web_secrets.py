"""Where the tokens are, and where they are not; and what a hostile page can do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.web import App
from tests.support.browser import PASSWORD
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.e2e

# Everything that a script of the page can find and that outlives a reload or shows in the page.
EVERYTHING_READABLE = """async () => {
    const databases = await indexedDB.databases();
    const cached = (await caches.keys()).map(async (name) => [name, await (await caches.open(name)).keys()]);
    return JSON.stringify({
        local: { ...localStorage },
        session: { ...sessionStorage },
        databases,
        caches: await Promise.all(cached),
        cookies: document.cookie,
        url: location.href,
        history: history.state,
        name: window.name,
        dom: document.documentElement.outerHTML,
        inputs: [...document.querySelectorAll("input")].map(({ value }) => value),
        globals: Object.keys(window).map((key) => [key, typeof window[key] === "string" ? window[key] : ""]),
    });
}"""


def tokens(app: App) -> list[str]:
    """Every access token that the app got since it was loaded."""
    return [
        answer.json()["accessToken"]
        for answer in app.answers
        if answer.request.method == "POST" and answer.ok and answer.url.endswith(("/auth/signin", "/auth/refresh"))
    ]


def test_no_token_is_in_any_storage_or_in_the_page(app: App) -> None:
    email = app.sign_up()
    app.answers.clear()
    app.press("Sign out")
    app.sign_in(email)
    app.profile()
    found = tokens(app)
    app.answers.clear()
    app.page.reload()
    app.profile()
    found += tokens(app)
    assert len(found) >= 2
    readable = app.page.evaluate(EVERYTHING_READABLE)
    assert json.loads(readable)["databases"] == []
    for token in found:
        signature = token.rpartition(".")[2]
        assert signature not in readable
    state: Any = app.page.context.storage_state(indexed_db=True)
    assert state["origins"] == []


def test_the_refresh_cookie_is_invisible_to_scripts(context: BrowserContext, app: App) -> None:
    app.sign_up()
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert cookies.keys() == {"sb_refresh_token", "latchkey_session", "latchkey_csrf"}
    for cookie in cookies.values():
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
    assert app.page.evaluate("document.cookie") == ""
    app.page.evaluate("document.cookie = 'sb_refresh_token=planted; path=/'")  # a script cannot replace it either
    app.page.reload()
    app.profile()


def test_the_pages_run_no_script_but_their_own_and_call_nobody_else(app: App) -> None:
    refused = """async () => {
        const refused = [];
        document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.planted = true";
        document.body.append(script);
        await fetch("http://localhost:1/").catch(() => {});
        new Image().src = "http://localhost:1/stolen";
        await new Promise((resolve) => setTimeout(resolve, 100));
        return ["planted" in window, ...new Set(refused)].map(String);
    }"""
    app.heading("Sign in")
    assert app.page.evaluate(refused) == ["false", "script-src-elem", "connect-src", "img-src"]


@pytest.fixture
def hostile_port() -> Iterator[int]:
    """A server of somebody else's, with an empty page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Win a prize</title>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["localhost", "127.0.0.1"], ids=["same site", "another site"])
def hostile_page(request: pytest.FixtureRequest, context: BrowserContext, app: App, hostile_port: int) -> Page:
    """A page on another origin, in a browser where somebody is signed in. On the same site the cookies travel with it."""
    app.sign_up()
    page = context.new_page()
    page.goto(f"http://{request.param}:{hostile_port}/")
    return page


ATTEMPT = """async ([url, init]) => {
    try {
        const answer = await fetch(url, init);
        return { type: answer.type, status: answer.status, text: await answer.text() };
    } catch (failure) {
        return { failed: String(failure) };
    }
}"""

JSON_BODY = json.dumps({"email": "mallory@example.com", "password": PASSWORD})
ATTEMPTS: dict[str, tuple[str, dict[str, Any]]] = {
    "read a CSRF token": ("/auth/csrf", {}),
    "refresh": ("/auth/refresh", {"method": "POST"}),
    "refresh with a token of its own": ("/auth/refresh", {"method": "POST", "headers": {"X-CSRF-Token": "guess"}}),
    "sign in": ("/auth/signin", {"method": "POST", "body": JSON_BODY, "headers": {"Content-Type": "application/json"}}),
    "sign in as plain text": ("/auth/signin", {"method": "POST", "body": JSON_BODY}),
    "sign out": ("/auth/logout", {"method": "POST"}),
    "read the user": ("/auth/me", {}),
}


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_a_hostile_page_can_read_nothing_and_change_nothing(
    hostile_page: Page, app: App, web_service: ServiceProcess, mode: str
) -> None:
    statuses: dict[str, int] = {}
    hostile_page.on("response", lambda answer: statuses.update({answer.url: answer.status}))
    service = f"http://localhost:{web_service.port}"
    for what, (path, init) in ATTEMPTS.items():
        statuses.clear()
        outcome = hostile_page.evaluate(ATTEMPT, [service + path, {**init, "mode": mode, "credentials": "include"}])
        # CORS: nothing comes back. Without CORS: an opaque answer, with no status and no text.
        assert "failed" in outcome or (outcome["type"], outcome["status"], outcome["text"]) == ("opaque", 0, ""), what
        if init.get("method") == "POST":
            assert all(status >= 400 for status in statuses.values()), (what, statuses)

    app.page.reload()  # still the same user, still signed in
    app.profile()


def test_a_hostile_form_cannot_sign_anybody_in(
    hostile_page: Page, app: App, context: BrowserContext, web_service: ServiceProcess
) -> None:
    before = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    action = f"http://localhost:{web_service.port}/auth/signin"
    with hostile_page.expect_navigation() as navigation:
        hostile_page.evaluate(
            """([action, name]) => {
                const form = Object.assign(document.createElement("form"), { method: "post", enctype: "text/plain", action });
                form.append(Object.assign(document.createElement("input"), { name, value: '"}' }));
                document.body.append(form);
                form.submit();
            }""",
            [action, JSON_BODY.removesuffix('"}') + '", "ignored": "'],
        )
    assert navigation.value is not None
    assert navigation.value.status == 403
    assert navigation.value.json()["code"] == "csrf_failed"
    assert {cookie["name"]: cookie["value"] for cookie in context.cookies()} == before
    app.page.reload()
    app.profile()

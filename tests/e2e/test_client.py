"""The TypeScript client in Chromium, on pages with nothing else: what no other program can stand in for."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from local import node
from local.keys import Keys
from local.supabase import LocalSupabase
from tests.e2e.web import web_settings
from tests.support.browser import PASSWORD, new_email
from tests.support.service import ROOT, ServiceProcess, development_env, free_port

pytestmark = pytest.mark.e2e

CLIENT = ROOT / "clients" / "typescript"


@pytest.fixture(scope="session")
def bundle() -> str:
    """The client as a classic script that any page can hold: `latchkey.Latchkey`."""
    options = ["--bundle", "--format=iife", "--global-name=latchkey", "--log-level=warning"]
    command = [node.executable(), "node_modules/esbuild/bin/esbuild", "src/index.ts", *options]
    done = subprocess.run(
        command, cwd=CLIENT, env=node.environment({}), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Blank:
    """A server of pages that hold the client as `k` and nothing else. Starts on entering, stops on leaving."""

    def __init__(self, service_url: str, bundle: str, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        script = f"{bundle}; const k = new latchkey.Latchkey({{ baseUrl: '{service_url}', timeout: 6 }});"
        self.html = f"<!doctype html><title>Blank</title><link rel=icon href=data:,><script>{script}</script>"
        page = self.html.encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def open(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.goto(self.origin)
        return page


@pytest.fixture(scope="session")
def blank_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def service_url(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys, blank_port: int
) -> Iterator[str]:
    """A service that allows the blank pages."""
    env = development_env(supabase.url, keys, free_port()) | web_settings(blank_port)
    chosen = {name: value for name, value in env.items() if value is not None}
    with ServiceProcess(chosen, tmp_path_factory.mktemp("service") / "service.log") as running:
        yield f"http://localhost:{running.port}"


@pytest.fixture
def blank(service_url: str, bundle: str, blank_port: int) -> Iterator[Blank]:
    with Blank(service_url, bundle, blank_port) as server:
        yield server


@pytest.fixture
def page(context: BrowserContext, blank: Blank) -> Page:
    """A blank page of the allowed origin."""
    return blank.open(context)


def sign_up(page: Page) -> str:
    email = new_email()
    result = page.evaluate("(body) => k.signUp(body)", {"email": email, "password": PASSWORD})
    assert result["data"]["signedIn"], result
    return email


def status(page: Page) -> str:
    found: str = page.evaluate("k.getSnapshot().status")
    return found


def test_tabs_share_what_happens_as_soon_as_they_listen(context: BrowserContext, blank: Blank) -> None:
    one, other = blank.open(context), blank.open(context)
    other.evaluate("k.subscribe(() => {})")
    sign_up(one)
    other.wait_for_function("k.getSnapshot().status === 'signedIn'")
    one.evaluate("k.signOut()")
    other.wait_for_function("k.getSnapshot().status === 'signedOut'")


def test_a_page_that_only_constructs_the_client_asks_nothing_and_opens_nothing(page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.evaluate("{ new latchkey.Latchkey(); new latchkey.Latchkey({ baseUrl: '/api' }); }")
    page.wait_for_timeout(200)
    assert requests == []
    assert page.evaluate("navigator.locks.query().then(({ held, pending }) => held.length + pending.length)") == 0


def test_a_dialog_in_one_tab_keeps_no_other_tab_waiting(context: BrowserContext, blank: Blank) -> None:
    """While a dialog is open nothing of its tab goes on, so that its turn would never end."""
    one = blank.open(context)
    sign_up(one)
    other = blank.open(context)
    held: list[Route] = []
    context.route("**/auth/refresh", lambda route: held.append(route), times=1)
    one.evaluate("void k.refresh()")
    other.wait_for_function("() => navigator.locks.query().then(({ held }) => held.length === 1)")
    with one.expect_event("dialog") as dialog:
        one.evaluate("setTimeout(() => alert('Are you there?'), 0)")
    held[0].continue_()
    start = time.monotonic()
    result = other.evaluate("k.refresh()")
    assert result["data"], result
    assert time.monotonic() - start < 6
    assert other.evaluate("k.me()")["data"]
    dialog.value.accept()
    assert one.evaluate("k.me()")["data"]
    assert other.evaluate("k.me()")["data"]
    assert (status(one), status(other)) == ("signedIn", "signedIn")


def test_a_frame_that_may_use_no_locks_fails_by_its_origin_alone(page: Page, blank: Blank) -> None:
    page.evaluate(
        """(srcdoc) => new Promise((onload) => {
            document.body.append(Object.assign(document.createElement("iframe"), { srcdoc, sandbox: "allow-scripts", onload }));
        })""",
        blank.html,
    )
    (frame,) = page.frames[1:]
    assert frame.evaluate("navigator.locks.request('x', () => {}).catch(({ name }) => name)") == "SecurityError"
    result = frame.evaluate("k.signIn({ email: 'ada@example.com', password: 'x' })")
    assert result["error"]["code"] == "network_error"


def test_denied_locks_leave_a_tab_on_its_own(context: BrowserContext, blank: Blank) -> None:
    context.add_init_script(
        """const denied = () => Promise.reject(new DOMException("The request was denied.", "SecurityError"));
        LockManager.prototype.request = denied;
        window.BroadcastChannel = class { constructor() { throw new DOMException("Denied", "SecurityError"); } };"""
    )
    page = blank.open(context)
    email = sign_up(page)
    assert page.evaluate("k.me()")["data"]["email"] == email


def test_an_anonymous_first_load_is_one_request_without_an_error_in_the_console(
    context: BrowserContext, page: Page, service_url: str
) -> None:
    """The service of this test says already whether a session is there."""

    def tell(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "session": "absent"})

    context.route("**/auth/csrf", tell)
    requests: list[str] = []
    console: list[str] = []
    page.on("request", lambda request: requests.append(request.url.removeprefix(service_url)))
    page.on("console", lambda message: console.append(message.text))
    assert page.evaluate("k.restore()") == {"data": None}
    assert page.evaluate("k.me()")["error"]["code"] == "unauthorized"
    assert status(page) == "signedOut"
    assert requests == ["/auth/csrf"]
    assert console == []


def test_a_page_from_a_wrong_origin_is_told_what_to_set(context: BrowserContext, service_url: str, bundle: str) -> None:
    with Blank(service_url, bundle, free_port()) as wrong:
        page = wrong.open(context)
        console: list[str] = []
        page.on("console", lambda message: console.append(message.text))
        result = page.evaluate("k.signIn({ email: 'ada@example.com', password: 'x' })")
        assert result["error"]["details"] == {"reason": "origin"}
        page.evaluate("k.restore()")
    cure = f"Latchkey: {service_url} answers, but not to pages of {wrong.origin}: add {wrong.origin} to CORS_ORIGINS"
    assert len([line for line in console if line.startswith(cure)]) == 1


def test_a_service_that_is_not_there_is_said_to_be_unreachable(context: BrowserContext, bundle: str) -> None:
    with Blank(f"http://localhost:{free_port()}", bundle, free_port()) as alone:
        page = alone.open(context)
        assert page.evaluate("k.restore()")["error"]["details"] == {"reason": "unreachable"}
        context.set_offline(True)
        assert page.evaluate("k.restore()")["error"]["details"] == {"reason": "offline"}


def test_a_listener_that_throws_is_an_uncaught_error_of_the_page_and_nothing_else(page: Page) -> None:
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(error.message))
    page.evaluate("""() => { window.heard = [];
        k.on("signedIn", () => { throw new Error("mine"); });
        k.on("signedIn", ({ user }) => heard.push(user.email)); }""")
    email = sign_up(page)
    assert page.evaluate("heard") == [email]
    assert uncaught == ["mine"]


def test_a_page_shows_no_token_to_whoever_looks_at_the_client(page: Page) -> None:
    sign_up(page)
    shown: str = page.evaluate("JSON.stringify([k, Object.entries(k).map(([name, value]) => `${name} ${value}`)])")
    assert "eyJ" not in shown
    assert "signIn" in shown


def test_a_client_works_behind_a_proxy_and_its_methods_without_it(page: Page) -> None:
    email = sign_up(page)
    seen = page.evaluate("""async () => {
        const proxy = new Proxy(k, {});
        const { me, fetch } = proxy;
        return [(await me()).data.email, (await proxy.me()).data.email, proxy.user.email, typeof fetch];
    }""")
    assert seen == [email, email, email, "function"]


def test_a_page_that_was_reloaded_in_an_outage_finds_its_session_when_it_is_over(context: BrowserContext, blank: Blank) -> None:
    sign_up(blank.open(context))
    page = blank.open(context)
    context.route("**/auth/**", lambda route: route.abort())
    assert page.evaluate("k.restore()")["error"]["code"] == "network_error"
    assert status(page) == "unknown"
    context.unroute("**/auth/**")
    page.evaluate("k.restore()")
    assert status(page) == "signedIn"

"""One Chromium for each test worker, and a browser of its own, with its own cookies, for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.e2e.guide_app import FRONTEND, GuideApp, of
from tests.e2e.web import App, WebServer, web_settings
from tests.support import chromium
from tests.support.service import ServiceProcess, development_env, free_port

StartApp = Callable[..., App]

PATIENCE = 15_000  # milliseconds; every wait ends then
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    """A running headless Chromium."""
    path = chromium.executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.flags())
        yield browser
        browser.close()


@pytest.fixture
def context(chromium_browser: Browser) -> Iterator[BrowserContext]:
    """A browser as if just installed: no cookies, no storage."""
    context = chromium_browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="session")
def web_port() -> int:
    """Where the app will be; the service must know it beforehand."""
    return free_port()


@pytest.fixture(scope="session")
def web_service(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys, web_port: int
) -> Iterator[ServiceProcess]:
    """The service as a project sets it up: it takes the app's origin, and no static CSRF token."""
    env = development_env(supabase.url, keys, free_port()) | web_settings(web_port)
    with ServiceProcess(env, tmp_path_factory.mktemp("service") / "service.log") as running:
        yield running


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory, web_service: ServiceProcess, web_port: int) -> Iterator[WebServer]:
    """The app on an origin of its own, calling the service on another one."""
    output = tmp_path_factory.mktemp("web")
    with WebServer(output, service_url=f"http://localhost:{web_service.port}", port=web_port) as running:
        yield running


@pytest.fixture
def app(context: BrowserContext, web: WebServer) -> Iterator[App]:
    """The app in a first tab. A script error anywhere fails the test."""
    app = App.open(context, web.origin)
    yield app
    assert app.failures == []


@pytest.fixture
def start_app(context: BrowserContext, start_service: StartService, tmp_path: Path) -> Iterator[StartApp]:
    """Starts one more service with settings of its own, and opens an app that calls it."""
    with ExitStack() as stack:

        def start(settings: Mapping[str, str | None] | None = None) -> App:
            port = free_port()
            service = start_service({**web_settings(port), **(settings or {})})
            server = WebServer(tmp_path / "web", service_url=f"http://localhost:{service.port}", port=port)
            return App.open(context, stack.enter_context(server).origin)

        yield start


@pytest.fixture(scope="session")
def guide_app(tmp_path_factory: pytest.TempPathFactory) -> GuideApp:
    """The empty app of the first guide: what the others begin with."""
    app = GuideApp(tmp_path_factory.mktemp("guide"))
    app.follow(of(FRONTEND, "The app"), {})
    app.check_types()
    return app

"""The contract as a mock: Prism serves it, and the example front end signs in against it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

from local import node
from tests.e2e.web import App, WebServer
from tests.support import chromium, loopback
from tests.support.service import ROOT, free_port

pytestmark = [pytest.mark.generators, pytest.mark.timeout(300)]

HERE = ROOT / "clients" / "generators"


@pytest.fixture
def prism(tmp_path: Path) -> Iterator[str]:
    """Where a mock of the contract answers, as a page sees it."""
    port = free_port()
    command = [node.executable(), "node_modules/@stoplight/prism-cli/dist/index.js", "mock", "-p", str(port)]
    with (tmp_path / "prism.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(ROOT / "openapi" / "auth.yaml")], cwd=HERE, env=node.environment({}), stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, (tmp_path / "prism.log").read_text()
            assert time.monotonic() < deadline, "Prism does not answer"
            time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        return loopback.get(f"http://127.0.0.1:{port}/auth/csrf", timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=chromium.flags())
        context = browser.new_context(locale="en-GB")
        context.set_default_timeout(15_000)
        yield context
        browser.close()


def test_the_example_signs_in_against_a_mock_of_the_contract(context: BrowserContext, prism: str, tmp_path: Path) -> None:
    with WebServer(tmp_path / "web", service_url=prism) as server:
        app = App.open(context, server.origin)
        app.heading("Sign in")
        app.sign_in("ada@example.com", "correct horse battery staple")
        expect(app.page.get_by_text("Ada Lovelace").first).to_be_visible()
        app.page.reload()  # the mock's first answer is that of a new visitor
        app.heading("Sign in")
        assert app.failures == []

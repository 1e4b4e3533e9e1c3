"""The documentation site, built as `make docs-build` builds it, in a real Chromium."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.web import AXE
from tests.support.service import ROOT
from tools.paths import DOCS

pytestmark = pytest.mark.e2e

PAGES = ["", "frontend/", "errors/", "faq/", "comparison/", "architecture/", "operations/"]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site's address. Building it fails on a link that leads nowhere."""
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [DOCS / "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_its_pages_are_accessible_and_fit_and_ask_nobody_else(
    chromium_browser: Browser, site: str, scheme: Literal["light", "dark"], width: int, tmp_path: Path
) -> None:
    context = chromium_browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    try:
        for path in PAGES:
            page.goto(f"{site}/{path}")
            expect(page.locator("h1")).to_be_visible()
            found: dict[str, Any] = page.evaluate(f"() => {{ {AXE.read_text()}; return axe.run('article'); }}")
            grave = [problem for problem in found["violations"] if problem["impact"] == "critical"]
            assert [f"{problem['id']}: {problem['nodes'][0]['html']}" for problem in grave] == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            pictures = Path(os.environ.get("SCREENSHOTS") or tmp_path)
            page.screenshot(path=pictures / f"site-{path.strip('/') or 'index'}-{width}-{scheme}.png")
    finally:
        context.close()
    assert hosts == {urlsplit(site).netloc}


def test_the_contract_is_rendered_and_diagrams_are_drawn(context: BrowserContext, site: str) -> None:
    page = context.new_page()
    page.goto(f"{site}/contract/")
    expect(page.locator(".opblock").first).to_be_visible()
    assert page.locator(".opblock").count() >= 6
    page.goto(f"{site}/architecture/")
    expect(page.locator("div.mermaid").first).to_be_visible()
    expect(page.locator("pre.mermaid")).to_have_count(0)


def test_the_search_finds_an_error_by_its_code(context: BrowserContext, site: str) -> None:
    page = context.new_page()
    page.goto(site)
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("auth_email_taken")
    expect(page.locator(".md-search-result__link").first).to_have_attribute("href", f"{site}/errors/?h=auth_email_taken")

"""One Chromium for each test worker, and a browser of its own, with its own cookies, for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.support import chromium


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
    """A browser as if just installed: no cookies, no storage. Every wait in it ends after 15 seconds."""
    context = chromium_browser.new_context(locale="en-GB")
    context.set_default_timeout(15_000)
    yield context
    context.close()

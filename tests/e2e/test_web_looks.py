"""Each page, light and dark, on a desktop and on a phone: what axe finds, whether it fits, and a picture of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.e2e.web import App, WebServer

pytestmark = pytest.mark.e2e

Scheme = Literal["light", "dark"]
SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1200, "height": 760}, "phone": {"width": 360, "height": 740}}
SCALES = {"desktop": 1, "phone": 2}  # as such screens are
# Sums up how far things moved without anybody scrolling, from before the first paint on.
WATCH_SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (entry.value > 0) window.shifts.push(entry.sources.map(({ node }) => node?.outerHTML ?? "gone"));
        }
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    value: Scheme = request.param
    return value


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture
def looks(chromium_browser: Browser, web: WebServer, scheme: Scheme, size: str) -> Iterator[App]:
    context = chromium_browser.new_context(
        viewport=SIZES[size], color_scheme=scheme, device_scale_factor=SCALES[size], has_touch=size == "phone", locale="en-GB"
    )
    context.set_default_timeout(15_000)
    context.add_init_script(WATCH_SHIFTS)
    yield App.open(context, web.origin)
    context.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go: into the repository with `make e2e SCREENSHOTS=docs/images`."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_every_page_is_accessible_fits_and_holds_still(looks: App, pictures: Path, scheme: Scheme, size: str) -> None:
    def look(name: str, *, picture: bool = True) -> None:
        page = looks.page
        assert looks.accessibility_problems() == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"], name
        assert page.evaluate("window.shifts") == [], name
        page.evaluate("window.shifts = []")
        if picture:
            page.screenshot(path=pictures / f"web-{name}-{size}-{scheme}.png")

    looks.heading("Sign in")
    look("sign-in")
    looks.press("Sign in")
    looks.field_says("E-mail", "Enter an address like ada@example.com.")
    look("sign-in-incomplete", picture=False)
    looks.sign_in("ada@example.com", "not the password")
    looks.says("do not match")
    look("sign-in-refused", picture=False)

    looks.follow("Create an account")
    looks.heading("Create an account")
    looks.page.evaluate("window.shifts = []")  # another page may be laid out in another way
    look("sign-up")
    looks.sign_up(f"ada-{secrets.token_hex(3)}@example.com")
    look("profile")

    looks.page.context.route("**/auth/**", lambda route: route.abort())
    looks.page.reload()
    looks.heading("One moment, please")
    looks.says("This page tries again by itself.")
    look("outage", picture=False)

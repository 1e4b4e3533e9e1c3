"""Swagger UI in a real Chromium, through the page's own buttons."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.support import loopback
from tests.support.browser import PASSWORD, new_email
from tests.support.service import ServiceProcess, free_port
from tests.unit.test_settings import SAFE

pytestmark = pytest.mark.e2e

# Written where this is set, so that a test run leaves no changes behind: SCREENSHOTS=docs make e2e
SCREENSHOTS = os.environ.get("SCREENSHOTS")


class SwaggerUi:
    """The page, as its user sees it. Notes what its console says and whom it asks."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.console: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.goto(f"{url}/ui/")
        expect(page.locator(".opblock")).to_have_count(6)

    def execute(self, operation_id: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Open an operation, fill in its body and press Execute. Returns status and body of the answer on the page."""
        block = self.page.locator(f".opblock[id$='-{operation_id}']")
        if "is-open" not in (block.get_attribute("class") or ""):
            block.locator(".opblock-summary-control").click()
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        block.locator("button.execute").click()
        answer = block.locator(".live-responses-table tbody tr.response")
        expect(answer).to_be_visible()
        status = int(answer.locator(".response-col_status").inner_text().split()[0])
        return status, json.loads(answer.locator(".highlight-code code").first.inner_text())

    def authorize(self, token: str) -> None:
        """Press Authorize, put the token in, and close the dialog."""
        self.page.locator(".auth-wrapper .btn.authorize").click()
        dialog = self.page.locator(".dialog-ux")
        scheme = dialog.locator(".auth-container", has_text="accessToken")
        scheme.locator("input").fill(token)
        scheme.locator("button.authorize").click()
        expect(scheme.get_by_text("Logout")).to_be_visible()
        scheme.locator(".btn-done").click()
        expect(dialog).to_have_count(0)

    def screenshot(self, name: str, operation_id: str | None = None) -> None:
        """A picture for docs/, where one is wanted: of the page's head, or from an operation downwards."""
        if not SCREENSHOTS:
            return
        if operation_id is not None:
            self.page.locator(f".opblock[id$='-{operation_id}']").evaluate("element => element.scrollIntoView()")
        hidden = ".curl-command { display: none }"  # it quotes the token
        self.page.screenshot(path=Path(SCREENSHOTS) / name, style=hidden)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.console.append(message.text)


@pytest.fixture
def ui(context: BrowserContext, service: ServiceProcess) -> SwaggerUi:
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 1240})
    return SwaggerUi(page, service.url)


def test_a_whole_session_through_the_pages_own_buttons(ui: SwaggerUi, context: BrowserContext, service: ServiceProcess) -> None:
    ui.screenshot("swagger-ui.png")
    email = new_email()
    status, signed_up = ui.execute("signUp", {"email": email, "password": PASSWORD, "profile": {"displayName": "Ada Lovelace"}})
    assert (status, signed_up["user"]["email"]) == (200, email)

    status, signed_in = ui.execute("signIn", {"email": email, "password": PASSWORD})
    assert (status, signed_in["user"]) == (200, signed_up["user"])

    ui.authorize(signed_in["accessToken"])
    status, me = ui.execute("getMe")
    assert (status, me["user"]) == (200, signed_up["user"] | {"profile": {"displayName": "Ada Lovelace"}})

    ui.screenshot("swagger-ui-me.png", "getMe")

    status, refreshed = ui.execute("refreshSession")
    assert status == 200
    assert refreshed["accessToken"] != signed_in["accessToken"]

    assert ui.execute("logout") == (200, {"ok": True})
    names = [cookie["name"] for cookie in context.cookies()]
    assert not any("refresh" in name for name in names)

    assert ui.console == []
    assert ui.hosts == {urlsplit(service.url).netloc}


def test_scripts_of_the_page_see_no_cookie_and_nothing_is_stored(ui: SwaggerUi) -> None:
    email = new_email()
    ui.execute("signUp", {"email": email, "password": PASSWORD})
    _, signed_in = ui.execute("signIn", {"email": email, "password": PASSWORD})
    ui.authorize(signed_in["accessToken"])
    assert ui.page.evaluate("document.cookie") == ""
    assert ui.page.evaluate("JSON.stringify([localStorage, sessionStorage])") == "[{},{}]"


def test_the_page_renews_a_csrf_token_that_is_no_longer_good(ui: SwaggerUi, context: BrowserContext) -> None:
    assert ui.execute("logout")[0] == 200
    context.clear_cookies()  # the token was for the browser that these cookies named
    assert ui.execute("logout")[0] == 200


@pytest.mark.parametrize(("setting", "status"), [(None, 404), ("false", 404), ("true", 200)])
def test_production_has_no_page_unless_it_is_turned_on(tmp_path: Path, setting: str | None, status: int) -> None:
    with ServiceProcess(SAFE | {"PORT": str(free_port()), "SWAGGER_UI": setting}, tmp_path / "service.log") as service:
        assert loopback.get(f"{service.url}/ui/").status_code == status
        assert loopback.get(f"{service.url}/openapi.json").status_code == 200

"""Swagger UI in a real Chromium, through the page's own buttons."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.contract.rules import contract
from tests.e2e.web import AXE
from tests.support import loopback
from tests.support.browser import PASSWORD, new_email
from tests.support.programs import executable
from tests.support.service import ServiceProcess, development_env, free_port
from tests.unit.test_settings import SAFE

pytestmark = pytest.mark.e2e

# Written where this is set, so that a test run leaves no changes behind: SCREENSHOTS=docs make e2e
SCREENSHOTS = os.environ.get("SCREENSHOTS")

Scheme = Literal["light", "dark"]
OPERATIONS = sum(map(len, contract()["paths"].values()))
WIDTHS = {"desktop": 1280, "phone": 360}
WIDER = """(width) => document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > width).map((element) => element.outerHTML.slice(0, 200))"""


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
        expect(page.locator(".opblock")).to_have_count(OPERATIONS)

    def open(self, operation_id: str) -> Locator:
        """The block of an operation, opened."""
        block = self.page.locator(f".opblock[id$='-{operation_id}']")
        if "is-open" not in (block.get_attribute("class") or ""):
            block.locator(".opblock-summary-control").click()
        expect(block.locator("button.execute")).to_be_visible()
        return block

    def execute(self, operation_id: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Open an operation, fill in its body and press Execute. Returns status and body of the answer on the page."""
        block = self.open(operation_id)
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        block.locator("button.execute").click()
        answer = block.locator(".live-responses-table tbody tr.response")
        expect(answer).to_be_visible()
        status = int(answer.locator(".response-col_status").inner_text().split()[0])
        return status, json.loads(answer.locator(".highlight-code code").first.inner_text())

    def curl(self, operation_id: str) -> str:
        """The lines that the page shows for a request that was made."""
        return self.page.locator(f".opblock[id$='-{operation_id}'] .curl-command pre").inner_text()

    def open_dialog(self) -> Locator:
        """Press Authorize."""
        self.page.locator(".auth-wrapper .btn.authorize").click()
        dialog = self.page.locator(".dialog-ux")
        expect(dialog).to_be_visible()
        return dialog

    def authorize(self, token: str) -> None:
        """Press Authorize, put the token in, and close the dialog."""
        dialog = self.open_dialog()
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

    def grave_problems(self) -> list[str]:
        """What axe finds that is critical or serious."""
        found: dict[str, Any] = self.page.evaluate(f"() => {{ {AXE.read_text()}; return axe.run(); }}")
        grave = [problem for problem in found["violations"] if problem["impact"] in {"critical", "serious"}]
        return [f"{problem['id']}: {node['html']}" for problem in grave for node in problem["nodes"]]

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


def test_the_dialog_asks_for_the_access_token_and_nothing_else(ui: SwaggerUi) -> None:
    dialog = ui.open_dialog()
    expect(dialog.locator("input")).to_have_count(1)
    expect(dialog.locator("input")).to_be_in_viewport()
    expect(dialog.locator("h4")).to_contain_text("accessToken")


def test_the_curl_lines_work_when_pasted_into_one_shell(ui: SwaggerUi, tmp_path: Path) -> None:
    email, password = new_email(), 'it\'s a "pass" $word'
    ui.execute("signUp", {"email": email, "password": password, "profile": {"displayName": "Ada"}})
    _, signed_in = ui.execute("signIn", {"email": email, "password": password})
    ui.authorize(signed_in["accessToken"])
    for operation in ("getMe", "refreshSession"):
        assert ui.execute(operation)[0] == 200

    pasted = [ui.curl(operation) for operation in ("signUp", "signIn", "getMe", "refreshSession")]
    pasted[0] = pasted[0].replace(email, new_email())
    script = "\n".join(f"{lines} -o /dev/null -w '%{{http_code}} '" for lines in pasted)
    environment = {"PATH": f"{Path(executable('curl')).parent}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        ["/bin/sh", "-eu"], input=script, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["200"] * len(pasted)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
def test_the_page_is_accessible_compact_and_fits(
    chromium_browser: Browser, service: ServiceProcess, scheme: Scheme, size: str
) -> None:
    width = WIDTHS[size]
    context = chromium_browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB")
    context.set_default_timeout(15_000)
    try:
        ui = SwaggerUi(context.new_page(), service.url)
        page = ui.page
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background.strip("rgb()").split(","))) < 300) == (scheme == "dark")
        assert ui.grave_problems() == []

        block = ui.open("signUp")
        assert block.evaluate("element => element.offsetHeight") < {"desktop": 1500, "phone": 2500}[size]
        ui.execute("signUp", {"email": new_email(), "password": PASSWORD})
        for line in block.locator(".response-line button").all()[:3]:
            line.click()
        expect(block.locator(".response-whole")).to_have_count(3)
        assert ui.grave_problems() == []
        assert page.evaluate(WIDER, width) == []

        ui.open_dialog()
        assert ui.grave_problems() == []
    finally:
        context.close()


def test_the_system_changes_its_scheme_and_the_page_follows(ui: SwaggerUi) -> None:
    ui.page.emulate_media(color_scheme="dark")
    expect(ui.page.locator("html")).to_have_class("dark-mode")
    ui.page.emulate_media(color_scheme="light")
    expect(ui.page.locator("html")).to_have_class("")


def test_mounted_below_a_path_it_calls_the_service_there(
    context: BrowserContext, supabase: LocalSupabase, keys: Keys, tmp_path: Path
) -> None:
    port = free_port()
    serve = [sys.executable, "-m", "uvicorn", "tests.e2e.mounted:app", "--port", str(port)]
    settings = development_env(supabase.url, keys, port) | {"CSRF_STATIC_TOKEN": None}
    service = ServiceProcess(settings, tmp_path / "service.log", command=serve)
    service.start(wait_for="/api/healthz")
    try:
        assert loopback.get(f"{service.url}/api/openapi.json").json()["servers"][0]["url"] == "/api"
        ui = SwaggerUi(context.new_page(), f"{service.url}/api")
        email = new_email()
        assert ui.execute("signUp", {"email": email, "password": PASSWORD})[0] == 200
        assert ui.execute("signIn", {"email": email, "password": PASSWORD})[0] == 200
        assert f"{service.url}/api/auth/signin" in ui.curl("signIn")
        assert ui.console == []
    finally:
        service.stop()


@pytest.mark.parametrize("path", ["/", "/docs", "/ui"])
def test_where_people_look_first_leads_to_the_page(service: ServiceProcess, path: str) -> None:
    answer = loopback.get(f"{service.url}{path}")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/ui/")


@pytest.mark.parametrize(("setting", "status"), [(None, 404), ("false", 404), ("true", 200)])
def test_production_has_no_page_unless_it_is_turned_on(tmp_path: Path, setting: str | None, status: int) -> None:
    with ServiceProcess(SAFE | {"PORT": str(free_port()), "SWAGGER_UI": setting}, tmp_path / "service.log") as service:
        assert loopback.get(f"{service.url}/ui/").status_code == status
        assert loopback.get(f"{service.url}/").status_code == (307 if status == 200 else 404)
        assert loopback.get(f"{service.url}/openapi.json").status_code == 200

"""docs/frontend.md, word for word: its commands run, its files compile, and its three apps sign in."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import StartService
from tests.e2e.guide_app import FRONTEND, GuideApp, of
from tests.e2e.web import web_settings
from tests.support.browser import PASSWORD, new_email
from tests.support.service import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WAYS = ["With the typed client", "With Axios", "With plain fetch"]
MODULE = "Second factor, devices, leaving"


def follow(app: GuideApp, section: str, service_url: str) -> None:
    """Do what a section says; what it leaves compiles."""
    app.follow(of(FRONTEND, section), {"http://localhost:8000": service_url})
    app.check_types()


def test_the_guide_has_no_snippet_that_is_not_run() -> None:
    assert {snippet.section for snippet in FRONTEND} == {"The app", *WAYS, MODULE, "One origin instead of two"}
    assert all(snippet.note for snippet in FRONTEND if snippet.language != "sh")


@pytest.mark.parametrize("way", WAYS)
def test_each_way_leads_to_signed_in(
    way: str, guide_app: GuideApp, start_service: StartService, context: BrowserContext
) -> None:
    port = free_port()
    service = start_service(web_settings(port))
    service_url = f"http://localhost:{service.port}"
    if way == "With Axios":  # "Install the client as above"
        follow(guide_app, "With the typed client", service_url)
    follow(guide_app, way, service_url)
    if way == "With the typed client":
        follow(guide_app, MODULE, service_url)
    with guide_app.served(port) as address:
        sign_up_reload_and_sign_in(context.new_page(), address)


def test_the_app_works_on_one_origin(guide_app: GuideApp, start_service: StartService, context: BrowserContext) -> None:
    service_url = f"http://localhost:{start_service({'CSRF_STATIC_TOKEN': None}).port}"
    follow(guide_app, "With plain fetch", "")  # "leave the address of the service away"
    follow(guide_app, "One origin instead of two", service_url.replace("localhost", "127.0.0.1"))
    try:
        with guide_app.served(free_port()) as address:
            sign_up_reload_and_sign_in(context.new_page(), address)
    finally:
        (guide_app.root / "vite.config.ts").unlink()


def sign_up_reload_and_sign_in(page: Page, address: str) -> None:
    """What the guide tells its reader to try."""
    email = new_email()
    output = page.locator("output")
    page.goto(address)
    expect(output).to_have_text("Nobody is signed in.")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_role("button", name="Sign up").click()
    expect(output).to_have_text("Hello, Ada Lovelace!")
    page.reload()
    expect(output).to_have_text("Hello, Ada Lovelace!")
    page.get_by_role("button", name="Sign out").click()
    expect(output).to_have_text("Nobody is signed in.")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(output).to_have_text("That e-mail address and password do not match.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(output).to_have_text("Hello, Ada Lovelace!")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]

"""Each page of a mail, light and dark, on a desktop and on a phone: what axe finds, whether it fits, and a picture of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import PATIENCE
from tests.e2e.mail.conftest import Site
from tests.e2e.mail.steps import ask_for, forget, sign_up
from tests.e2e.test_web_looks import SCALES, SIZES, WATCH_SHIFTS, Scheme
from tests.e2e.web import App
from tests.support.upstream.base import address

pytestmark = pytest.mark.e2e

NEW_PASSWORD = "another-Horse-7-staple"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible_fits_and_holds_still(
    chromium_browser: Browser, site: Site, tmp_path: Path, scheme: Scheme, size: str
) -> None:
    """MAIL_SCREENSHOTS=FOLDER keeps the pictures."""
    pictures = Path(os.environ.get("MAIL_SCREENSHOTS") or tmp_path)
    context = chromium_browser.new_context(
        viewport=SIZES[size], color_scheme=scheme, device_scale_factor=SCALES[size], has_touch=size == "phone", locale="en-GB"
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(WATCH_SHIFTS)
    app = App.open(context, site.origin)
    page = app.page

    def look(name: str) -> None:
        assert app.accessibility_problems() == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"], name
        assert page.evaluate("window.shifts") == [], name
        page.screenshot(path=pictures / f"web-{name}-{size}-{scheme}.png", full_page=True)

    def at(title: str, name: str) -> None:
        app.heading(title)
        page.evaluate("window.shifts = []")  # another page may be laid out in another way
        look(name)

    def arrive(kind: str, email: str) -> None:
        page.goto(site.link(site.upstream.mail(email), kind))

    new = "ada.lovelace-with-a-long-name@mail.department.example.com"
    site.upstream.server.project.users.clear()
    sign_up(app, new)
    at("Check your mail", "check-mail")
    arrive("signup", new)
    at("Confirm your address", "confirm")
    app.press("Confirm")
    app.heading("Your profile")
    page.context.clear_cookies()

    person = site.upstream.person(address("ada"))
    page.goto(site.origin + "/recover")
    at("Forgot your password?", "recover")
    app.press("Send the mail")
    app.field_says("E-mail", "Enter an address like ada@example.com.")
    look("recover-incomplete")
    forget(app, person.email)
    at("Check your mail", "recover-sent")
    app.page.get_by_label("Code of the mail").fill("000000")
    app.press("Go on")
    app.field_says("Code of the mail", "Wrong, used or too old. The newest mail counts.")
    look("recover-wrong-code")
    arrive("recovery", person.email)
    at("Choose a new password", "confirm-recovery")
    page.goto(f"{site.origin}/account/confirm#token_hash=pkce_{'0' * 56}&type=recovery")
    app.press("Go on")
    at("Which address is it?", "confirm-address")
    app.fill(email=person.email)
    app.press("Go on")
    at("This link does not work any more", "confirm-gone")
    page.goto(site.origin + "/account/confirm")
    at("Open the link in the mail", "confirm-empty")
    forget(app, person.email)
    arrive("recovery", person.email)
    app.press("Go on")
    app.heading("Choose a new password")
    page.get_by_label("New password", exact=True).fill("short")
    app.press("Save the password")
    app.field_says("New password", "Use 8 to 72 characters.")
    look("new-password")
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    app.press("Save the password")
    app.heading("Your profile")

    app.follow("Change your name")
    at("Your display name", "change-name")
    app.follow("Back to your profile")
    app.follow("Change your password")
    at("Your password", "change-password")
    page.get_by_label("New password", exact=True).fill("one-more-Horse-7-staple")
    app.press("Save the password")
    app.says("Your password is changed.")
    look("change-password-done")
    app.follow("Back to your profile")
    app.follow("Change your e-mail address")
    at("Your e-mail address", "change-email")
    app.follow("Back to your profile")
    ask_for(app, address("new"))
    at("Check your mail", "change-email-sent")
    app.follow("Back to your profile")
    app.press("Sign out")

    app.heading("Sign in")
    app.follow("Sign in without a password")
    at("Sign in without a password", "sign-in-mail")
    app.fill(email=person.email)
    app.press("Send the mail")
    at("Check your mail", "sign-in-mail-sent")
    context.close()
    assert app.failures == []

"""What a person does by mail, on what `make run` starts with EMAIL_CONFIRMATION=true, mailbox and all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from local.embedded import Embedded
from local.keys import Keys
from tests.e2e.web import App, WebServer, web_settings
from tests.support.browser import PASSWORD, new_email
from tests.support.migrated import copy
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = pytest.mark.e2e

NEW_PASSWORD = "another horse battery staple"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox's page."""

    context: BrowserContext
    url: str

    def open(self, email: str, subject: str) -> Page:
        """Open the newest mail with this subject to an address, as large as the window.

        In MailDev's frame a link leads to a new tab only after half a second, or never where the mail came later than that.
        """
        page = self.context.new_page()
        page.goto(self.url)
        page.get_by_role("link", name=re.compile(f"{re.escape(subject)}.*{re.escape(email)}", re.DOTALL)).first.click()
        shown = page.locator("iframe.panel-html[src]").get_attribute("src")
        page.goto(urljoin(f"{self.url}/", shown or ""))
        return page

    def follow(self, email: str, subject: str) -> Page:
        """Click the link of a mail; the page that it opens."""
        mail = self.open(email, subject)
        mail.get_by_role("link").click()
        return mail

    def code(self, email: str, subject: str) -> str:
        """The digits that a person reads in a mail."""
        mail = self.open(email, subject)
        code = mail.get_by_text(re.compile(r"^\s*\d{6}\s*$")).inner_text().strip()
        mail.close()
        return code


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, keys: Keys, migrated: Path) -> Iterator[tuple[Embedded, str]]:
    """The embedded Supabase with its mailbox, and the app over it; the app's address."""
    state = copy(migrated, tmp_path_factory.mktemp("mailed") / "state")
    port = free_port()
    origin = f"http://localhost:{port}"
    embedded = Embedded(state, keys, port=free_port(), mailbox_port=free_port(), frontend=origin, confirmation=True)
    embedded.launch()
    try:
        embedded.wait_until_ready()
        settings = development_env(embedded.supabase.url, keys, free_port()) | web_settings(port) | {"MAIL_ANSWER_AFTER": "0.3"}
        with (
            ServiceProcess(settings, tmp_path_factory.mktemp("service") / "service.log") as service,
            WebServer(tmp_path_factory.mktemp("web"), service_url=f"http://localhost:{service.port}", port=port) as web,
        ):
            yield embedded, web.origin
    finally:
        embedded.stop()


@pytest.fixture
def mailbox(context: BrowserContext, project: tuple[Embedded, str]) -> Mailbox:
    return Mailbox(context, project[0].mailbox.url)


@pytest.fixture
def app(context: BrowserContext, project: tuple[Embedded, str]) -> Iterator[App]:
    """The app in a first tab. A script error fails the test."""
    app = App.open(context, project[1])
    yield app
    assert app.failures == []


def confirm(page: Page, email: str, button: str) -> None:
    """The page of a mail's link. Here links have no flow, so it is as in another browser: the address is asked for."""
    expect(page).to_have_url(re.compile(r"/account/confirm$"))
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Which address is it?")).to_be_visible()
    page.get_by_label("E-mail", exact=True).fill(email)
    page.get_by_role("button", name=button, exact=True).click()


def test_a_person_signs_up_confirms_forgets_recovers_signs_in_by_code_and_changes_everything(
    app: App, mailbox: Mailbox
) -> None:
    email = new_email()
    app.follow("Create an account")
    app.fill(display_name="Ada Lovelace", email=email, password=PASSWORD)
    app.press("Create account")
    app.heading("Check your mail")

    confirmed = App(mailbox.follow(email, "Confirm your e-mail address"), app.origin)
    confirmed.heading("Confirm your address")
    confirm(confirmed.page, email, "Confirm")
    confirmed.profile()
    app.profile()  # in the tab that was left open, too
    confirmed.page.close()

    app.press("Sign out")
    app.follow("Forgot password?")
    app.heading("Forgot your password?")
    app.fill(email=email)
    app.press("Send the mail")
    app.heading("Check your mail")
    recovered = App(mailbox.follow(email, "Choose a new password"), app.origin)
    recovered.heading("Choose a new password")
    confirm(recovered.page, email, "Go on")
    field = recovered.page.get_by_label("New password", exact=True)
    field.fill("short")
    recovered.press("Save the password")
    recovered.field_says("New password", "Use 8 to 72 characters.")
    field.fill(NEW_PASSWORD)
    recovered.press("Save the password")
    recovered.profile()
    recovered.page.close()

    app.profile()
    app.press("Sign out")
    app.sign_in(email)
    app.says("do not match")
    app.sign_in(email, NEW_PASSWORD)
    app.profile()

    app.press("Sign out")
    app.follow("Sign in without a password")
    app.fill(email=email)
    app.press("Send the mail")
    app.heading("Check your mail")
    app.page.get_by_label("Code of the mail").fill(mailbox.code(email, "Sign in"))
    app.press("Sign in")
    app.profile()

    app.follow("Change your name")
    app.fill(display_name="Countess of Lovelace")
    app.press("Save")
    app.profile("Countess of Lovelace")

    app.follow("Change your password")
    app.page.get_by_label("New password", exact=True).fill(PASSWORD)
    app.press("Save the password")
    app.says("Your password is changed.")

    new = new_email()
    app.follow("Back to your profile")
    app.follow("Change your e-mail address")
    app.page.get_by_label("New e-mail", exact=True).fill(new)
    app.press("Send the mail")
    app.heading("Check your mail")
    changed = App(mailbox.follow(email, "Confirm the new e-mail address"), app.origin)
    confirm(changed.page, new, "Confirm")
    changed.profile("Countess of Lovelace")
    expect(changed.page.get_by_text(new, exact=True)).to_be_visible()
    changed.press("Sign out")
    changed.sign_in(new)
    changed.profile("Countess of Lovelace")
    assert [*confirmed.failures, *recovered.failures, *changed.failures] == []


def test_a_link_is_good_once_and_says_what_to_do_then(app: App, mailbox: Mailbox) -> None:
    email = new_email()
    app.follow("Create an account")
    app.fill(email=email, password=PASSWORD)
    app.press("Create account")
    app.heading("Check your mail")
    mail = mailbox.open(email, "Confirm your e-mail address")
    link = mail.get_by_role("link").get_attribute("href") or ""
    mail.close()

    app.page.goto(link)
    assert app.page.url == f"{app.origin}/account/confirm", "nothing of the link stays in the address bar"
    confirm(app.page, email, "Confirm")
    app.profile("None yet")
    app.press("Sign out")
    app.heading("Sign in")

    app.page.goto(link)
    app.page.reload()  # nothing is verified by loading: the link is gone from the URL, and the page says what to do
    app.heading("Open the link in the mail")
    app.page.goto(link)
    confirm(app.page, email, "Confirm")
    app.heading("This link does not work any more")
    app.follow("Go to sign-in")
    app.sign_in(email)
    app.profile("None yet")

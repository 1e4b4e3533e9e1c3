"""What a person does again and again on these pages."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.web import App
from tests.support.upstream.base import PASSWORD, Person


def sign_up(app: App, email: str, *, stay: bool = False) -> None:
    """From whatever page is open, or `stay` on the open one."""
    if not stay:
        app.page.goto(app.origin + "/sign-up")
    app.fill(email=email, password=PASSWORD)
    app.press("Create account")
    app.heading("Check your mail")


def sign_in(app: App, person: Person, password: str | None = None) -> None:
    app.sign_in(person.email, password or person.password)
    app.heading("Your profile")


def forget(app: App, email: str) -> None:
    app.page.goto(app.origin + "/recover")
    app.fill(email=email)
    app.press("Send the mail")
    app.heading("Check your mail")


def type_code(app: App, code: str, button: str) -> None:
    app.page.get_by_label("Code of the mail").fill(code)
    app.press(button)


def shows(app: App, text: str) -> None:
    expect(app.page.get_by_text(text, exact=True)).to_be_visible()


def ask_for(app: App, new: str) -> None:
    app.follow("Change your e-mail address")
    app.page.get_by_label("New e-mail", exact=True).fill(new)
    app.press("Send the mail")
    app.heading("Check your mail")

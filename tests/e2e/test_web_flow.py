"""What a person does with the app."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.conftest import StartSupabase
from tests.e2e.conftest import StartApp
from tests.e2e.web import App, WebServer
from tests.support.browser import PASSWORD, new_email
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.e2e

# Notes every heading that was ever shown, so that a page that only flashes by is seen too.
WATCH_HEADINGS = """
    window.headings = new Set();
    new MutationObserver(() => {
        for (const heading of document.querySelectorAll("h1")) window.headings.add(heading.textContent);
    }).observe(document, { childList: true, subtree: true });
"""


def test_the_course_units_manual_list(app: App, web_service: ServiceProcess) -> None:
    email = app.sign_up()
    app.press("Sign out")
    app.sign_in(email)
    app.profile()

    app.page.reload()
    app.profile()
    assert app.count("POST", "/auth/refresh") > 0

    app.press("Sign out")
    app.heading("Sign in")
    app.says("You are signed out.")
    refused = app.page.evaluate(
        """async (service) => {
            const { csrfToken } = await (await fetch(service + "/auth/csrf", { credentials: "include" })).json();
            const headers = { "X-CSRF-Token": csrfToken };
            const answer = await fetch(service + "/auth/refresh", { method: "POST", headers, credentials: "include" });
            return [answer.status, (await answer.json()).code];
        }""",
        f"http://localhost:{web_service.port}",
    )
    assert refused == [401, "auth_refresh_missing"]


def test_the_profile_is_for_the_signed_in_only(app: App) -> None:
    app.page.goto(app.origin + "/profile")
    app.heading("Sign in")
    assert app.page.url == app.origin + "/sign-in"


def test_a_reload_keeps_the_session_without_a_flash_of_the_sign_in_page(context: BrowserContext, app: App) -> None:
    app.sign_up()
    context.add_init_script(WATCH_HEADINGS)
    app.page.reload()
    app.profile()
    assert app.page.evaluate("[...window.headings]") == ["Your profile"]


def test_everything_can_be_done_with_the_keyboard(app: App) -> None:
    email, keyboard = new_email(), app.page.keyboard
    app.heading("Sign in")
    app.page.get_by_role("link", name="Create an account").press("Enter")
    app.heading("Create an account")
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()
    for text in ("Grace Hopper", email, PASSWORD):
        keyboard.press("Tab")
        keyboard.type(text)
    keyboard.press("Tab")
    expect(app.page.get_by_role("button", name="Show password")).to_be_focused()
    keyboard.press("Space")
    expect(app.page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    keyboard.press("Tab")
    keyboard.press("Enter")
    app.profile("Grace Hopper")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    app.heading("Sign in")


def test_it_works_on_one_origin_behind_a_proxy(
    context: BrowserContext, web_service: ServiceProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    output = tmp_path_factory.mktemp("one-origin")
    with WebServer(output, service_url=f"http://127.0.0.1:{web_service.port}", mode="one-origin") as server:
        app = App.open(context, server.origin)
        email = app.sign_up()
        app.page.reload()
        app.profile()
        app.press("Sign out")
        app.sign_in(email)
        app.profile()
        assert {answer.url.removeprefix(server.origin)[0] for answer in app.answers} == {"/"}
        assert app.failures == []


def test_a_project_that_confirms_addresses_says_to_look_into_the_mailbox(
    start_supabase: StartSupabase, start_app: StartApp
) -> None:
    app = start_app({"SUPABASE_URL": start_supabase(auth__email__enable_confirmations=True).url})
    email = new_email()
    app.page.goto(app.origin + "/sign-up")
    app.fill(email=email, password=PASSWORD)
    app.press("Create account")
    app.heading("Check your mail")
    expect(app.page.get_by_text(email)).to_be_visible()
    assert app.accessibility_problems() == []

    app.follow("Go to sign-in")
    app.sign_in(email)
    app.field_says("E-mail", "Not confirmed. Follow the link in our mail.")


def test_errors_appear_in_plain_words_at_their_field(app: App) -> None:
    email = app.sign_up()
    app.press("Sign out")
    app.heading("Sign in")
    app.sign_in("Ada Lovelace")
    app.field_says("E-mail", "Enter an address like ada@example.com.")
    app.sign_in("two words@example.com")
    app.field_says("E-mail", "Enter an address like ada@example.com.")
    app.sign_in(email, "not the password")
    app.says("That e-mail address and password do not match.")

    app.follow("Create an account")
    app.fill(email=email, password=PASSWORD)
    app.press("Create account")
    app.field_says("E-mail", "This address is taken. Sign in instead?")
    app.follow("Sign in instead?")
    app.heading("Sign in")
    app.follow("Create an account")
    app.fill(email=new_email(), password="short")
    app.press("Create account")
    app.field_says("Password", "Use 8 to 72 characters.")
    for few_characters_but_many_bytes in ("пароль" * 10, "\N{OLD KEY}" * 30):
        app.fill(password=few_characters_but_many_bytes)
        app.press("Create account")
        app.field_says("Password", "Too long: letters other than a to z count double or more.")


def test_a_visitor_is_not_told_to_stay_signed_in(app: App) -> None:
    app.heading("Sign in")
    app.page.context.set_offline(True)
    app.sign_in("ada@example.com")
    app.says("You are offline.")
    app.page.context.set_offline(False)
    app.page.context.route("**/auth/signin", lambda route: route.abort())
    app.press("Sign in")
    app.says("We cannot reach the service. Check your connection.")
    assert "signed in" not in app.page.get_by_role("alert").inner_text()


def test_a_page_that_the_service_does_not_know_says_so_and_its_console_what_to_set(start_app: StartApp) -> None:
    app = start_app({"CORS_ORIGINS": "http://localhost:1"})
    app.heading("One moment, please")
    app.says("This page may not use the service.")
    assert any(f"add {app.origin} to CORS_ORIGINS" in line for line in app.console)


def test_a_rate_limit_says_when_to_try_again(start_app: StartApp) -> None:
    app = start_app({"RATE_LIMIT_ACCOUNT": "1/minute"})
    app.sign_in("ada@example.com", "not the password")
    app.says("do not match")
    app.press("Sign in")
    app.says("Too many attempts.")
    expect(app.page.get_by_role("alert")).to_contain_text("Try again in")
    expect(app.page.get_by_role("button", name="Sign in")).to_have_attribute("aria-disabled", "true")
    assert app.accessibility_problems() == []

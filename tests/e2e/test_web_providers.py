"""Continuing with GitHub, as a person does: through the consent page of the GitHub that stands in for it in development.

And what the pages say of what the embedded Supabase has not got.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from local.github import LocalGitHub
from local.keys import Keys
from local.supabase import LocalSupabase
from tests.e2e.looks import look
from tests.e2e.web import App, WebServer, web_settings
from tests.support.migrated import copy
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = pytest.mark.e2e

WITH_GITHUB = "Continue with GitHub"
ADA, GRACE = "Ada Lovelace", "Grace Hopper"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, keys: Keys, migrated: Path) -> Iterator[str]:
    """The app, whose service's Supabase sends people to the local GitHub."""
    port, supabase_port = free_port(), free_port()
    origin = f"http://localhost:{port}"
    folder = tmp_path_factory.mktemp("providers")
    with LocalGitHub(f"http://127.0.0.1:{supabase_port}/auth/v1/callback") as github:
        config = {
            "auth.site_url": origin,
            "auth.additional_redirect_urls": [f"{origin}/account/**"],
            "auth.external.github": github.settings,
        }
        state = copy(migrated, folder / "supabase")
        with LocalSupabase(state, supabase_port, keys, config, password_cost=4) as supabase:
            env = development_env(supabase.url, keys, free_port()) | web_settings(port)
            with (
                ServiceProcess(env, folder / "service" / "service.log") as service,
                WebServer(folder / "web", service_url=f"http://localhost:{service.port}", port=port) as server,
            ):
                yield server.origin


@pytest.fixture
def app(context: BrowserContext, origin: str) -> Iterator[App]:
    """A first tab on the sign-in page. A script error anywhere fails the test."""
    app = App.open(context, origin)
    app.heading("Sign in")
    yield app
    assert app.failures == []


def at_github(app: App) -> None:
    """Go there from the page that is open."""
    app.press(WITH_GITHUB)
    app.heading("Sign in with GitHub")


def consent(app: App, name: str) -> None:
    """Press an account of the consent page."""
    app.page.get_by_role("button", name=name).click()


def greeted(app: App, name: str) -> None:
    """The profile, as it is after a sign-in by GitHub: with the address of that account."""
    app.heading("Your profile")
    expect(app.page.get_by_text(f"{name.partition(' ')[0].lower()}@example.com", exact=True)).to_be_visible()


def history(page: Page) -> list[str]:
    """Every address that the tab can go back to, whichever site it is on."""
    told: dict[str, Any] = page.context.new_cdp_session(page).send("Page.getNavigationHistory")
    return [entry["url"] for entry in told["entries"]]


def test_the_first_time_it_makes_an_account_and_every_other_time_it_is_that_one(app: App) -> None:
    user_ids = []
    for page in ("sign-up", "sign-in", "sign-in"):
        app.page.goto(f"{app.origin}/{page}")
        at_github(app)
        consent(app, GRACE)
        greeted(app, GRACE)
        user_ids.append(app.page.locator("dd code").inner_text())
        app.page.reload()
        greeted(app, GRACE)
        app.press("Sign out")
        app.heading("Sign in")
    assert len(set(user_ids)) == 1


def test_code_and_flow_leave_the_address_bar_and_the_history(app: App) -> None:
    at_github(app)
    consent(app, GRACE)
    greeted(app, GRACE)
    assert app.page.url == f"{app.origin}/profile"
    assert app.count("POST", "/auth/oauth/complete") == 1, "a code is good once"
    assert [url for url in history(app.page) if "code=" in url or "flow=" in url] == []
    assert app.page.evaluate("sessionStorage.length") == 0
    assert app.console == []


def test_who_changes_their_mind_is_not_frightened_and_may_try_again(app: App, tmp_path: Path) -> None:
    at_github(app)
    consent(app, "Deny")
    app.heading("You changed your mind")
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()
    assert app.page.url == f"{app.origin}/account/return"
    look(app, "denied", tmp_path)
    app.page.reload()
    app.heading("Nothing to do")
    app.follow("Go to sign-in")
    at_github(app)
    consent(app, GRACE)
    greeted(app, GRACE)


REFUSALS = [
    ("/account/return?", "access_denied", "access_denied", "You changed your mind", "You can try again, or use another way."),
    ("/?", "access_denied", "signup_disabled", "That did not work", "New accounts cannot be created at the moment."),
    ("/#", "access_denied", "user_banned", "That did not work", "This account is blocked."),
    ("/#", "invalid_request", "bad_oauth_state", "That did not work", "Please begin again."),
    ("/?", "server_error", "user_already_exists", "That did not work", "This address is taken. Sign in instead?"),
    (
        "/account/return#",
        "access_denied",
        "provider_email_needs_verification",
        "Check your mail",
        "We sent a mail to the address",
    ),
]


@pytest.mark.parametrize(("where", "error", "error_code", "title", "words"), REFUSALS)
@pytest.mark.parametrize("is_kept", [True, False], ids=["in its tab", "in another tab"])
def test_a_refusal_is_told_wherever_supabase_puts_it(
    app: App, where: str, error: str, error_code: str, title: str, words: str, is_kept: bool
) -> None:
    """In query or fragment, on the flow's page or on the front page; the tab that began keeps the flow that it is of."""
    if is_kept:
        at_github(app)
    app.answers.clear()
    app.page.goto(f"{app.origin}{where}error={error}&error_code={error_code}&error_description=Said+for+machines&sb=")
    app.heading(title)
    expect(app.page.get_by_text(words)).to_be_visible()
    assert app.page.url == f"{app.origin}/account/return"
    assert app.count("POST", "/auth/oauth/complete") == int(is_kept)
    assert [url for url in history(app.page) if "error" in url] == []


def test_the_back_button_in_mid_flow_leads_to_a_page_that_works(app: App) -> None:
    at_github(app)
    app.page.go_back()
    app.heading("Sign in")
    expect(app.page.get_by_role("button", name=WITH_GITHUB)).to_have_attribute("aria-disabled", "false")
    at_github(app)
    app.page.go_back()
    app.page.go_forward()
    app.heading("Sign in with GitHub")
    consent(app, GRACE)
    greeted(app, GRACE)


def test_going_back_to_the_provider_after_it_signs_nobody_out(app: App) -> None:
    """There its first flow is finished once more, which cannot work."""
    at_github(app)
    consent(app, GRACE)
    greeted(app, GRACE)
    app.page.go_back()
    app.heading("Sign in with GitHub")
    consent(app, GRACE)
    app.heading("Nothing to do")
    app.follow("Go to your profile")
    greeted(app, GRACE)


@pytest.mark.parametrize("first", [0, 1])
def test_two_tabs_finish_in_any_order_and_agree_about_who_is_there(context: BrowserContext, app: App, first: int) -> None:
    tabs = [app, App.open(context, app.origin)]
    for tab in tabs:
        at_github(tab)
    people = (ADA, GRACE)
    for index in (first, 1 - first):
        consent(tabs[index], people[index])
        greeted(tabs[index], people[index])
    for tab in tabs:
        greeted(tab, people[1 - first])
        tab.page.reload()
        greeted(tab, people[1 - first])
        assert tab.failures == []


Hold = Callable[[], Route]


@pytest.fixture
def held(context: BrowserContext) -> Hold:
    """Holds the request that completes a flow; returns it once it is there."""
    routes: list[Route] = []
    context.route("**/auth/oauth/complete", lambda route: routes.append(route), times=1)

    def wait() -> Route:
        assert len(routes) == 1
        return routes[0]

    return wait


def test_a_reload_of_the_page_that_comes_back_sends_no_code_again(app: App, held: Hold) -> None:
    at_github(app)
    with app.page.expect_request("**/auth/oauth/complete"):
        consent(app, GRACE)
    expect(app.page.get_by_role("status")).to_be_attached()
    held()
    assert app.page.url == f"{app.origin}/account/return"
    app.answers.clear()
    app.page.reload()
    app.heading("Nothing to do")
    expect(app.page.get_by_text("This page works once. Please begin again.")).to_be_visible()
    assert app.count("POST", "/auth/oauth/complete") == 0
    assert app.accessibility_problems() == []
    app.follow("Go to sign-in")
    at_github(app)
    consent(app, GRACE)
    greeted(app, GRACE)


def test_a_reload_after_the_service_has_answered_finds_the_session_in_the_cookie(app: App) -> None:
    at_github(app)
    consent(app, GRACE)
    greeted(app, GRACE)
    app.page.goto(f"{app.origin}/account/return")
    app.heading("Nothing to do")
    expect(app.page.get_by_text("There is nothing left to do here.")).to_be_visible()


def test_an_outage_on_the_way_back_asks_to_begin_again_and_says_why(app: App, context: BrowserContext) -> None:
    context.route("**/auth/oauth/complete", lambda route: route.abort(), times=1)
    at_github(app)
    consent(app, GRACE)
    app.heading("That did not work")
    expect(app.page.get_by_text("We cannot reach the service.")).to_be_visible()
    assert app.accessibility_problems() == []
    app.follow("Go to sign-in")
    app.heading("Sign in")


def test_it_can_be_done_with_the_keyboard(app: App) -> None:
    button = app.page.get_by_role("button", name=WITH_GITHUB)
    for _ in range(12):
        if button.evaluate("element => element === document.activeElement"):
            break
        app.page.keyboard.press("Tab")
    expect(button).to_be_focused()
    app.page.keyboard.press("Enter")
    app.heading("Sign in with GitHub")
    app.page.keyboard.press("Tab")
    app.page.keyboard.press("Tab")
    app.page.keyboard.press("Enter")
    greeted(app, GRACE)
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()


def test_where_linking_is_off_the_linked_accounts_say_so_in_plain_words(app: App, tmp_path: Path) -> None:
    look(app, "sign-in-by-provider", tmp_path)
    app.sign_up()
    app.follow("Linked accounts")
    app.heading("Linked accounts")
    app.press("Link GitHub")
    app.says("Accounts cannot be linked or unlinked here.")
    expect(app.page.get_by_role("button", name="Unlink")).to_have_count(0)
    expect(app.page.get_by_role("button", name="Link GitHub")).to_have_attribute("aria-disabled", "false")
    look(app, "accounts-without-linking", tmp_path)


def test_where_there_are_no_second_factors_and_no_list_of_devices_the_page_says_what_can_be_done(
    app: App, tmp_path: Path
) -> None:
    app.sign_up()
    app.follow("Security")
    app.heading("Security")
    app.says("Your devices cannot be listed here. You can sign all others out at once.")
    expect(app.page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(app.page.get_by_role("link", name="Delete your account")).to_have_count(0)
    app.press("Add an authenticator app")
    app.press("Go on")
    app.says("Second factors are not available here.")
    look(app, "security-embedded", tmp_path)
    app.press("Sign out all other devices")
    expect(app.page.get_by_role("alert").filter(has_text="available")).to_have_count(1)
    app.page.reload()
    app.heading("Security")

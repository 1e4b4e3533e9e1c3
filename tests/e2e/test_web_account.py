"""What the embedded Supabase has not got, in the app all the same: second factors, devices, linked accounts, leaving.

The service is over the Supabase that answers as a real one was recorded to answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Route, expect

from local.keys import Keys
from tests.e2e.looks import look
from tests.e2e.web import App, WebServer, web_settings
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.upstream.base import Factor, Person, address
from tests.support.upstream.recorded import RecordedUpstream

pytestmark = pytest.mark.e2e

CODE = "Code of your app"
SIGNED_OUT_FROM_ELSEWHERE = "Your session has ended. Please sign in again."
OTHER_DEVICE = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, slots=True)
class World:
    """The app, and the Supabase behind its service."""

    origin: str
    upstream: RecordedUpstream

    def session_ids(self, person: Person) -> list[str]:
        return [session.id for session in self.upstream.server.project.sessions.values() if session.user_id == person.id]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[World]:
    """Where accounts may be deleted."""
    port, folder = free_port(), tmp_path_factory.mktemp("account")
    with RecordedUpstream(keys) as upstream:
        env = development_env(upstream.url, keys, free_port()) | web_settings(port) | {"ACCOUNT_DELETION": "hard"}
        with (
            ServiceProcess(env, folder / "service.log") as service,
            WebServer(folder / "web", service_url=f"http://localhost:{service.port}", port=port) as server,
        ):
            yield World(server.origin, upstream)


@pytest.fixture
def world(running: World) -> Iterator[World]:
    running.upstream.configure(SITE_URL=running.origin)
    yield running
    running.upstream.check()


@pytest.fixture
def ada(world: World) -> Person:
    return world.upstream.person()


@pytest.fixture
def factor(world: World, ada: Person) -> Factor:
    """Ada's authenticator app."""
    return world.upstream.factor(world.upstream.session(ada))


@pytest.fixture
def app(context: BrowserContext, world: World) -> Iterator[App]:
    """A first tab on the sign-in page. A script error anywhere fails the test."""
    app = App.open(context, world.origin)
    app.heading("Sign in")
    yield app
    assert app.failures == []


@pytest.fixture
def other_device(chromium_browser: Browser, world: World) -> Iterator[App]:
    """Another browser, on the sign-in page."""
    context = chromium_browser.new_context(locale="en-GB", user_agent=OTHER_DEVICE)
    context.set_default_timeout(15_000)
    yield App.open(context, world.origin)
    context.close()


def sign_in(app: App, person: Person, factor: Factor | None = None) -> None:
    """To the profile; without proving the second factor where there is one."""
    app.sign_in(person.email, person.password)
    if factor is not None:
        app.heading("One more step")
        app.press("Not now")
    app.heading("Your profile")


def open_security(app: App) -> None:
    app.follow("Security")
    app.heading("Security")


def give_code(app: App, world: World, secret: str, submit: str = "Confirm") -> None:
    app.page.get_by_label(CODE, exact=True).fill(world.upstream.code(secret))
    app.press(submit)


def row(app: App, title: str) -> Locator:
    return app.page.get_by_role("listitem").filter(has_text=title)


def open_deletion(app: App) -> None:
    app.follow("Security")
    app.follow("Delete your account")
    app.heading("Delete your account")


def delete(app: App, confirm: str) -> None:
    app.page.get_by_label("Type your e-mail address").fill(confirm)
    app.press("Delete it for good")


# --- The second factor -------------------------------------------------------------------------------------------------------


def test_an_authenticator_app_is_set_up_by_its_picture_and_asked_for_from_then_on(
    app: App, world: World, ada: Person, tmp_path: Path
) -> None:
    sign_in(app, ada)
    open_security(app)
    look(app, "security", tmp_path)
    app.press("Add an authenticator app")
    app.page.get_by_label("Name of the app or phone").fill("My phone")
    app.press("Go on")
    picture = app.page.get_by_role("img", name="QR code for your authenticator app")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    secret = app.page.locator("code.secret").inner_text()
    link = app.page.get_by_role("link", name="Open it on this device").get_attribute("href")
    assert link is not None
    assert link.startswith("otpauth://totp/")
    assert f"secret={secret}" in link
    look(app, "enrol", tmp_path)

    app.page.get_by_label(CODE, exact=True).fill("12")
    app.press("Finish")
    app.field_says(CODE, "Enter the digits of the code.")
    app.page.get_by_label(CODE, exact=True).fill("000000")
    app.press("Finish")
    app.field_says(CODE, "Not this code. Apps show a new one every half minute.")
    give_code(app, world, secret, "Finish")
    expect(row(app, "My phone")).to_contain_text("since")
    look(app, "security-with-factor", tmp_path)

    app.follow("Back to your profile")
    app.press("Sign out")
    app.sign_in(ada.email, ada.password)
    app.heading("One more step")
    look(app, "second-factor", tmp_path)
    give_code(app, world, secret)
    app.heading("Your profile")
    app.page.reload()
    app.heading("Your profile")


def test_what_needs_the_second_factor_asks_for_it_and_is_done_then(
    app: App, world: World, ada: Person, factor: Factor, tmp_path: Path
) -> None:
    sign_in(app, ada, factor)
    open_security(app)
    remove, dialog = app.page.get_by_role("button", name="Remove phone"), app.page.get_by_role("dialog")
    remove.click()
    expect(dialog).to_be_visible()
    expect(dialog).to_have_accessible_name("One more step")
    look(app, "step-up", tmp_path)
    app.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(remove).to_be_focused()
    app.says("This needs your second factor.")

    remove.press("Enter")
    expect(app.page.get_by_label(CODE, exact=True)).to_be_focused()
    app.page.keyboard.type(world.upstream.code(factor.secret))
    app.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(remove).to_have_count(0)
    app.page.reload()
    app.heading("Security")
    expect(remove).to_have_count(0)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_step_up_in_one_tab_while_others_refresh_signs_nobody_out(
    context: BrowserContext, app: App, world: World, ada: Person, factor: Factor, version: str
) -> None:
    """A refresh with the token from before the step-up would end a session of version 2 that is older than ten seconds."""
    upstream = world.upstream
    upstream.configure(SITE_URL=world.origin, SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=version)
    app.sign_in(ada.email, ada.password)
    app.heading("One more step")
    others = [App.open(context, world.origin) for _ in range(2)]
    for tab in others:
        tab.heading("One more step")
    for session in upstream.server.project.sessions.values():
        session.created_at = session.refreshed_at = session.created_at - 60
    held: list[Route] = []
    context.route("**/auth/mfa/verify", lambda route: held.append(route), times=1)
    give_code(app, world, factor.secret)
    app.page.wait_for_function("() => navigator.locks.query().then(({ held }) => held.length === 1)")
    for tab in others:
        tab.page.reload(wait_until="commit")
    app.page.wait_for_function("() => navigator.locks.query().then(({ pending }) => pending.length > 0)")
    held[0].continue_()
    for tab in (app, *others):
        tab.heading("Your profile")
    for tab in (app, *others):
        tab.page.reload()
        tab.heading("Your profile")
        assert tab.failures == []
    assert len(world.session_ids(ada)) == 2, "the one here, and the one in which the factor was set up"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_step_up_whose_answer_is_lost_is_found_out_about(
    context: BrowserContext, app: App, world: World, ada: Person, factor: Factor, version: str
) -> None:
    upstream = world.upstream
    upstream.configure(SITE_URL=world.origin, SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=version)
    app.sign_in(ada.email, ada.password)
    app.heading("One more step")
    for session in upstream.server.project.sessions.values():
        session.created_at -= 60

    def lose(route: Route) -> None:
        assert route.fetch().ok
        route.abort("connectionreset")

    context.route("**/auth/mfa/verify", lose, times=1)
    give_code(app, world, factor.secret)
    app.heading("Your profile")
    open_security(app)
    app.press("Remove phone")
    expect(row(app, "phone")).to_have_count(0)
    app.page.reload()
    app.heading("Security")


# --- Devices -----------------------------------------------------------------------------------------------------------------


def test_a_device_is_listed_and_signed_out_from_here(
    app: App, other_device: App, world: World, ada: Person, tmp_path: Path
) -> None:
    sign_in(app, ada)
    sign_in(other_device, ada)
    open_security(app)
    expect(row(app, "This device")).to_have_count(1)
    expect(row(app, "This device").get_by_role("button")).to_have_count(0)
    expect(row(app, "Firefox 140 on Linux")).to_contain_text("last used")
    look(app, "devices", tmp_path)
    app.press("Sign out Firefox 140 on Linux")
    expect(row(app, "Firefox 140 on Linux")).to_have_count(0)
    assert len(world.session_ids(ada)) == 1

    other_device.press("Reload")
    other_device.heading("Sign in")
    other_device.says(SIGNED_OUT_FROM_ELSEWHERE)
    app.page.reload()
    app.heading("Security")


def test_all_other_devices_are_signed_out_at_once_behind_the_second_factor(
    app: App, other_device: App, world: World, ada: Person, factor: Factor
) -> None:
    sign_in(app, ada, factor)
    sign_in(other_device, ada, factor)
    open_security(app)
    app.press("Sign out all other devices")
    give_code(app, world, factor.secret)
    expect(row(app, "All other devices")).to_have_count(0)
    assert len(world.session_ids(ada)) == 1
    other_device.page.reload()
    other_device.heading("Sign in")
    app.page.reload()
    app.heading("Security")


# --- Leaving -----------------------------------------------------------------------------------------------------------------


def test_who_leaves_is_gone_on_all_devices(app: App, other_device: App, world: World, ada: Person, tmp_path: Path) -> None:
    sign_in(app, ada)
    sign_in(other_device, ada)
    open_deletion(app)
    look(app, "delete", tmp_path)
    delete(app, "somebody@example.com")
    app.page.get_by_label("Type your e-mail address").press("Enter")
    app.field_says("Type your e-mail address", "That is not your address.")
    delete(app, ada.email)
    app.heading("Sign in")
    app.says("Your account is deleted. Goodbye, and thank you.")
    other_device.press("Reload")
    other_device.heading("Sign in")
    assert ada.id not in world.upstream.server.project.users
    app.page.reload()
    app.heading("Sign in")
    app.sign_in(ada.email, ada.password)
    app.says("That e-mail address and password do not match.")


def test_with_a_second_factor_it_is_asked_for_first(app: App, world: World, ada: Person, factor: Factor) -> None:
    sign_in(app, ada, factor)
    open_deletion(app)
    delete(app, ada.email)
    expect(app.page.get_by_role("dialog")).to_be_visible()
    give_code(app, world, factor.secret)
    app.heading("Sign in")
    app.says("Your account is deleted.")


def test_who_signed_in_long_ago_is_told_what_to_do(app: App, world: World, ada: Person) -> None:
    sign_in(app, ada)
    (session,) = world.session_ids(ada)
    world.upstream.age("sign_in", session, 601)
    app.page.reload()
    open_deletion(app)
    delete(app, ada.email)
    app.says("sign out, sign in again, and do this within ten minutes.")
    app.follow("Back to your profile")
    app.press("Sign out")
    sign_in(app, ada)
    open_deletion(app)
    delete(app, ada.email)
    app.says("Your account is deleted.")


def test_data_that_is_in_the_way_is_told_and_nothing_is_lost(app: App, world: World, ada: Person) -> None:
    world.upstream.refer_to(ada.id)
    sign_in(app, ada)
    open_deletion(app)
    delete(app, ada.email)
    app.says("Something still belongs to this account. Nothing was deleted")
    app.follow("Back to your profile")
    app.heading("Your profile")


# --- Linked accounts ---------------------------------------------------------------------------------------------------------


def test_github_is_linked_and_unlinked_again_and_the_last_way_in_stays(
    app: App, world: World, ada: Person, tmp_path: Path
) -> None:
    world.upstream.next_at_provider(address("octo"))
    sign_in(app, ada)
    app.follow("Linked accounts")
    app.heading("Linked accounts")
    expect(app.page.get_by_role("button", name="Unlink")).to_have_count(0)
    app.press("Link GitHub")
    app.heading("Linked accounts")
    expect(row(app, "GitHub")).to_be_visible()
    assert app.page.url == f"{world.origin}/profile/accounts"
    look(app, "accounts", tmp_path)

    app.press("Unlink GitHub")
    expect(row(app, "GitHub")).to_have_count(0)
    expect(app.page.get_by_role("button", name="Unlink")).to_have_count(0)
    app.page.reload()
    app.heading("Linked accounts")


def test_an_account_that_somebody_has_is_not_linked_and_nobody_is_signed_out(app: App, world: World, ada: Person) -> None:
    world.upstream.next_at_provider(address("octo"))
    app.press("Continue with GitHub")
    app.heading("Your profile")
    app.press("Sign out")
    sign_in(app, ada)
    app.follow("Linked accounts")
    app.press("Link GitHub")
    app.heading("That did not work")
    expect(app.page.get_by_text("That account is linked already")).to_be_visible()
    app.follow("Go to your profile")
    expect(app.page.get_by_text(ada.email, exact=True)).to_be_visible()


def test_linking_asks_for_the_second_factor_before_it_leaves_the_page(
    app: App, world: World, ada: Person, factor: Factor
) -> None:
    world.upstream.next_at_provider(address("octo"))
    sign_in(app, ada, factor)
    app.follow("Linked accounts")
    app.press("Link GitHub")
    expect(app.page.get_by_role("dialog")).to_be_visible()
    give_code(app, world, factor.secret)
    # Supabase opens a new session for a linking, which is at aal1 again.
    app.heading("One more step")
    give_code(app, world, factor.secret)
    app.heading("Linked accounts")
    expect(row(app, "GitHub")).to_be_visible()


# --- A project whose redirect addresses lack the page ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unlisted(tmp_path_factory: pytest.TempPathFactory, running: World) -> Iterator[str]:
    """The app at its address, whose service names another one as the front end's, which the project does not know."""
    port, folder, upstream = free_port(), tmp_path_factory.mktemp("unlisted"), running.upstream
    settings = web_settings(port) | {"FRONTEND_URL": f"http://127.0.0.1:{port}"}
    with (
        ServiceProcess(development_env(upstream.url, upstream.keys, free_port()) | settings, folder / "service.log") as service,
        WebServer(folder / "web", service_url=f"http://localhost:{service.port}", port=port) as server,
    ):
        yield server.origin


def test_where_supabase_leads_to_the_front_page_instead_the_sign_in_works_and_the_console_says_what_to_set(
    context: BrowserContext, world: World, unlisted: str
) -> None:
    world.upstream.configure(SITE_URL=unlisted)
    world.upstream.next_at_provider(address("octo"))
    app = App.open(context, unlisted)
    app.press("Continue with GitHub")
    app.heading("Your profile")
    assert app.page.url == f"{unlisted}/profile"
    assert any("redirect URLs" in line and "/account/**" in line for line in app.console)
    assert app.failures == []


def test_a_code_that_comes_to_another_tab_without_its_flow_is_nobodys_and_says_so(
    context: BrowserContext, unlisted: str, tmp_path: Path
) -> None:
    app = App.open(context, unlisted, "/?code=00000000-0000-4000-8000-000000000000")
    app.heading("That did not work")
    expect(app.page.get_by_text("We lost the way back.")).to_be_visible()
    assert app.page.url == f"{unlisted}/account/return"
    assert any("redirect URLs" in line for line in app.console)
    look(app, "astray", tmp_path)
    app.follow("Go to sign-in")
    app.heading("Sign in")

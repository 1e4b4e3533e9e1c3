"""Several tabs of one browser, which share a cookie and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.conftest import StartSupabase
from tests.e2e.conftest import StartApp
from tests.e2e.web import App

pytestmark = pytest.mark.e2e


def test_two_tabs_that_refresh_at_once_stay_signed_in(context: BrowserContext, app: App) -> None:
    app.sign_up()
    other = App.open(context, app.origin)
    other.profile()
    for tab in (app, other):
        tab.answers.clear()
    # Both start over in the same moment, as when a browser restores its windows.
    for tab in (app, other):
        tab.page.evaluate("setTimeout(() => location.reload(), 0)")
    for tab in (app, other):
        tab.page.wait_for_function("() => performance.getEntriesByType('navigation')[0].type === 'reload'")
        tab.profile()
    for tab in (app, other):
        tab.page.reload()
        tab.profile()


def test_tabs_take_turns_and_share_what_a_refresh_brings(context: BrowserContext, app: App) -> None:
    """The second tab asks while the first one's refresh is under way: one request serves both."""
    app.sign_up()
    held: list[Route] = []
    refreshes = 0

    def hold(route: Route) -> None:
        nonlocal refreshes
        refreshes += 1
        held.append(route)

    context.route("**/auth/refresh", hold)
    app.page.reload(wait_until="commit")
    app.page.wait_for_function("() => navigator.locks.query().then(({ held }) => held.length === 1)")
    other = App.open(context, app.origin)
    other.page.wait_for_function("() => navigator.locks.query().then(({ pending }) => pending.length === 1)")
    held[0].continue_()
    app.profile()
    other.profile()
    assert refreshes == 1


def test_signing_out_in_one_tab_signs_out_the_other(context: BrowserContext, app: App) -> None:
    app.sign_up()
    other = App.open(context, app.origin)
    other.profile()
    app.press("Sign out")
    other.heading("Sign in")
    other.says("You signed out in another tab.")
    assert other.failures == []


def test_signing_in_in_one_tab_signs_in_the_other(context: BrowserContext, app: App) -> None:
    email = app.sign_up()
    app.press("Sign out")
    app.heading("Sign in")
    other = App.open(context, app.origin)
    other.heading("Sign in")
    app.sign_in(email)
    other.profile()


def test_an_access_token_that_expires_in_mid_use_is_renewed_unnoticed(
    start_supabase: StartSupabase, start_app: StartApp
) -> None:
    supabase = start_supabase(auth__jwt_expiry=4)
    app = start_app({"SUPABASE_URL": supabase.url, "JWT_LEEWAY": "0"})
    # Its clock stands still, so the app believes that the token is good until the service says otherwise.
    app.page.clock.set_fixed_time(app.page.evaluate("Date.now()"))
    app.sign_up()
    app.page.wait_for_timeout(5000)
    app.answers.clear()
    with app.page.expect_response(lambda answer: answer.url.endswith("/auth/me") and answer.ok):
        app.press("Reload")
    app.profile()
    statuses = [(answer.url.rpartition("/")[2], answer.status) for answer in app.answers if answer.request.method != "OPTIONS"]
    assert statuses == [("me", 401), ("refresh", 200), ("me", 200)]
    assert app.page.get_by_role("alert").inner_text() == ""


def test_a_tab_that_waits_in_vain_for_its_own_answer_keeps_the_others_for_seconds_only(
    context: BrowserContext, app: App
) -> None:
    app.sign_up()
    unanswered: list[Route] = []
    context.route("**/auth/refresh", lambda route: unanswered.append(route), times=1)
    app.page.reload(wait_until="commit")
    app.page.wait_for_function("() => navigator.locks.query().then(({ held }) => held.length === 1)")
    other = App.open(context, app.origin)
    other.profile()
    app.profile()  # told by the other one


def test_an_outage_offers_a_retry_and_signs_nobody_out(start_supabase: StartSupabase, start_app: StartApp) -> None:
    supabase = start_supabase()
    app = start_app({"SUPABASE_URL": supabase.url})
    app.sign_up()

    supabase.stop()
    app.press("Reload")
    app.says("You stay signed in.")
    app.heading("Your profile")
    assert app.accessibility_problems() == []

    app.page.reload()
    app.heading("One moment, please")
    app.says("If you were signed in, you still are.")
    assert app.accessibility_problems() == []

    supabase.start()
    app.press("Try again")
    app.profile()
    app.page.reload()
    app.profile()


def test_an_outage_that_is_over_is_noticed_without_a_click(context: BrowserContext, app: App) -> None:
    app.sign_up()
    context.route("**/auth/**", lambda route: route.abort())
    app.page.reload()
    app.heading("One moment, please")
    expect(app.page.get_by_role("alert")).to_contain_text("We cannot reach the service.")
    happened, button = (app.page.get_by_role(role).bounding_box() for role in ("alert", "button"))
    assert happened
    assert button
    assert happened["y"] < button["y"]
    context.unroute("**/auth/**")
    app.profile()

"""The pages that mails lead to, on what the real Supabase was recorded to answer: what a person sees at each step."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.mail.conftest import Site
from tests.e2e.mail.steps import ask_for, forget, shows, sign_in, sign_up, type_code
from tests.e2e.web import App
from tests.support.upstream.base import address

pytestmark = pytest.mark.e2e

NEW_PASSWORD = "another-Horse-7-staple"
MINUTE = 61_000  # milliseconds
DAY = 25 * 3_600


# --- Links -------------------------------------------------------------------------------------------------------------------


def test_one_click_where_the_mail_was_asked_for(app: App, site: Site) -> None:
    email = address()
    sign_up(app, email)
    app.page.goto(site.link(site.upstream.mail(email), "signup"))
    app.heading("Confirm your address")
    assert app.page.url == f"{site.origin}/account/confirm", "nothing of the link is left in the address bar"
    assert app.count("POST", "/auth/verify") == 0, "and nothing is verified before the click"
    app.press("Confirm")
    app.heading("Your profile")
    app.page.go_back()
    assert "token_hash" not in app.page.url


def test_a_scanner_that_runs_scripts_uses_nothing_up(app: App, phone: App, site: Site) -> None:
    person = site.upstream.person()
    forget(app, person.email)
    link = site.link(site.upstream.mail(person.email), "recovery")
    for method in ("HEAD", "GET"):
        assert phone.page.request.fetch(link, method=method).ok
    phone.page.goto(link)
    phone.heading("Choose a new password")
    phone.page.wait_for_load_state("networkidle")
    assert phone.count("POST", "/auth/verify") == 0
    app.page.goto(link)
    app.press("Go on")
    expect(app.page.get_by_label("New password", exact=True)).to_be_visible()


def test_elsewhere_the_address_is_asked_for_in_plain_words(app: App, phone: App, site: Site) -> None:
    email = address()
    sign_up(app, email)
    link = site.link(site.upstream.mail(email), "signup")
    phone.page.goto(link)
    phone.press("Confirm")
    phone.heading("Which address is it?")
    shows(
        phone,
        "This may be another browser than the one that asked for the mail. So that nobody else can use the link, type the "
        "address that the mail came to.",
    )
    phone.press("Confirm")
    phone.field_says("E-mail", "Enter an address like ada@example.com.")
    phone.fill(email=email)
    phone.press("Confirm")
    phone.heading("Your profile")
    shows(phone, email)

    phone.press("Sign out")
    phone.heading("Sign in")
    phone.page.goto(link)
    phone.press("Confirm")
    phone.fill(email=email)
    phone.press("Confirm")
    phone.heading("This link does not work any more")
    shows(phone, "If you used the link before, your address is confirmed: just sign in.")
    phone.follow("Go to sign-in")
    phone.heading("Sign in")


def test_a_planted_link_asks_and_signs_nobody_in(app: App, phone: App, site: Site) -> None:
    """What an attacker mails to himself and has the victim open."""
    eve, victim = site.upstream.person(), site.upstream.person()
    sign_in(app, victim)
    forget(phone, eve.email)
    app.page.goto(site.link(site.upstream.mail(eve.email), "recovery"))
    app.press("Go on")
    app.heading("Which address is it?")
    app.fill(email=victim.email)
    app.press("Go on")
    app.heading("This link does not work any more")
    app.follow("Go to your profile")
    app.heading("Your profile")
    shows(app, victim.email)


def test_the_link_of_supabase_s_own_template_leads_to_a_click_too(app: App, site: Site) -> None:
    person = site.upstream.person()
    forget(app, person.email)
    link = site.own_link(site.upstream.mail(person.email), "recovery")
    urls: list[str] = []
    app.page.on("framenavigated", lambda frame: urls.append(frame.url))
    app.page.goto(link)
    app.heading("You opened our link")
    assert app.page.url == f"{site.origin}/account/confirm"
    assert [url for url in urls if "access_token" in url or "refresh_token" in url] == []
    app.press("Go on")
    app.heading("Choose a new password")
    app.page.goto(link)
    app.heading("This link does not work any more")
    app.follow("Go to your profile")
    app.heading("Your profile")


def test_a_link_that_was_used_up_by_a_scanner_says_what_to_do(app: App, site: Site) -> None:
    person = site.upstream.person()
    forget(app, person.email)
    link = site.own_link(site.upstream.mail(person.email), "recovery")
    assert site.upstream.wire.follow(link).status == 303
    app.page.goto(link)
    app.heading("This link does not work any more")
    app.follow("Ask for a new password again")
    app.heading("Forgot your password?")


# --- Recovery ----------------------------------------------------------------------------------------------------------------


@pytest.mark.project(PASSWORD_REQUIRED_CHARACTERS="abcdefghijklmnopqrstuvwxyz:0123456789", PASSWORD_MIN_LENGTH="10")
def test_a_weak_password_is_refused_and_another_one_taken_and_other_devices_are_out(app: App, phone: App, site: Site) -> None:
    person = site.upstream.person()
    sign_in(phone, person)
    forget(app, person.email)
    app.page.goto(site.link(site.upstream.mail(person.email), "recovery"))
    app.press("Go on")
    app.heading("Choose a new password")
    app.page.get_by_label("New password", exact=True).fill("12345678")
    app.press("Save the password")
    app.field_says("New password", "Too short for this project. Choose a longer one. Mix in capitals, digits and symbols.")
    app.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    app.press("Save the password")
    app.heading("Your profile")

    phone.page.reload()
    phone.heading("Sign in")
    phone.says("Your session has ended.")
    sign_in(phone, person, NEW_PASSWORD)


def test_with_a_second_factor_its_code_comes_before_the_new_password(app: App, site: Site) -> None:
    person = site.upstream.person()
    factor = site.upstream.factor(site.upstream.session(person))
    forget(app, person.email)
    type_code(app, site.upstream.mail(person.email).code, "Go on")
    app.page.get_by_label("Code of your app").fill(site.upstream.code(factor.secret))
    app.page.get_by_label("Code of your app").press("Enter")
    app.heading("Choose a new password")
    app.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    app.press("Save the password")
    app.heading("Your profile")


def test_recovery_tells_nobody_who_has_an_account(app: App, site: Site) -> None:
    for email in (site.upstream.person().email, address("nobody")):
        forget(app, email)
        shows(app, f"If {email} has an account, a mail is on its way. Follow its link, or enter its code here.")
        assert app.accessibility_problems() == []


def test_an_invitation_asks_for_its_address_and_then_for_a_password(app: App, site: Site) -> None:
    email = address()
    app.page.goto(site.link(site.upstream.link("invite", email), "invite"))
    app.heading("You are invited")
    app.press("Accept")
    app.heading("Which address is it?")
    app.fill(email=email)
    app.press("Accept")
    app.heading("Choose a new password")
    app.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    app.press("Save the password")
    app.heading("Your profile")
    app.press("Sign out")
    app.sign_in(email, NEW_PASSWORD)
    app.heading("Your profile")


# --- Codes -------------------------------------------------------------------------------------------------------------------


def test_a_code_signs_in_and_can_be_asked_for_again_after_a_minute(context: BrowserContext, site: Site) -> None:
    person = site.upstream.person()
    context.clock.install()
    app = App.open(context, site.origin)
    app.follow("Sign in without a password")
    app.fill(email=person.email)
    app.press("Send the mail")
    app.heading("Check your mail")
    first = site.upstream.mail(person.email).code
    again = app.page.get_by_role("button", name="Send it again")
    expect(again).to_have_attribute("aria-disabled", "true")
    expect(again).to_contain_text("in ")
    again.press("Enter")
    assert site.upstream.count_mails(person.email) == 1

    context.clock.fast_forward(MINUTE)
    expect(again).to_have_attribute("aria-disabled", "false")
    again.click()
    app.says("We sent it once more. The code of the newest mail counts.")
    expect(again).to_have_attribute("aria-disabled", "true")
    assert site.upstream.count_mails(person.email) == 2
    type_code(app, first, "Sign in")
    app.field_says("Code of the mail", "Wrong, used or too old. The newest mail counts.")
    type_code(app, "12 34", "Sign in")
    app.field_says("Code of the mail", "Enter the digits of the code.")
    second = site.upstream.mail(person.email).code
    type_code(app, f"{second[:3]} {second[3:]}", "Sign in")  # as people type it
    app.heading("Your profile")
    assert app.failures == []


def test_a_sign_up_is_confirmed_by_its_code_and_mailed_again(context: BrowserContext, site: Site) -> None:
    context.clock.install()
    app, email = App.open(context, site.origin), address()
    sign_up(app, email)
    site.upstream.mail(email)
    context.clock.fast_forward(MINUTE)
    app.page.get_by_role("button", name="Send it again").click()
    app.says("We sent it once more.")
    type_code(app, site.upstream.mail(email).code, "Confirm")
    app.heading("Your profile")


# --- Changes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["old", "new"])
def test_both_mailboxes_confirm_a_new_address_by_their_links(app: App, site: Site, first: str) -> None:
    person, new = site.upstream.person(), address("new")
    sign_in(app, person)
    ask_for(app, new)
    links = {
        name: site.link(site.upstream.mail(email), "email_change") for name, email in (("old", person.email), ("new", new))
    }
    app.page.goto(links.pop(first))
    app.heading("Confirm the new address")
    app.press("Confirm")
    app.heading("One more mail")
    (last,) = links.values()
    app.page.goto(last)
    app.press("Confirm")
    app.heading("Your profile")
    shows(app, new)


def test_both_codes_do_it_on_the_page_that_asked(app: App, site: Site) -> None:
    person, new = site.upstream.person(), address("new")
    sign_in(app, person)
    ask_for(app, new)
    type_code(app, site.upstream.mail(new).code, "Confirm")
    app.heading("One more mail")
    assert app.accessibility_problems() == []
    type_code(app, site.upstream.mail(person.email).code, "Confirm")
    app.heading("Your profile")
    shows(app, new)


def test_the_old_mailbox_on_another_device_says_to_sign_in_with_the_new_address(app: App, phone: App, site: Site) -> None:
    person, new = site.upstream.person(), address("new")
    sign_in(app, person)
    ask_for(app, new)
    app.page.goto(site.link(site.upstream.mail(new), "email_change"))
    app.press("Confirm")
    app.heading("One more mail")
    phone.page.goto(site.link(site.upstream.mail(person.email), "email_change"))
    phone.press("Confirm")
    phone.fill(email=person.email)
    phone.press("Confirm")
    phone.heading("Your address is changed")
    phone.follow("Go to sign-in")
    phone.sign_in(new, person.password)
    phone.heading("Your profile")


def test_an_address_that_is_taken_is_told_at_its_field(app: App, site: Site) -> None:
    person, other = site.upstream.person(), site.upstream.person()
    sign_in(app, person)
    app.follow("Change your e-mail address")
    app.page.get_by_label("New e-mail", exact=True).fill(other.email)
    app.press("Send the mail")
    app.field_says("New e-mail", "This address is taken.")


@pytest.mark.project(SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD="true")
def test_a_project_may_ask_for_the_present_password(app: App, site: Site) -> None:
    person = site.upstream.person()
    sign_in(app, person)
    app.follow("Change your password")
    app.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    app.press("Save the password")
    app.says("Enter your present password too, then save again.")
    app.page.get_by_label("Present password", exact=True).fill("not this one")
    app.press("Save the password")
    app.field_says("Present password", "This is not your password.")
    assert app.accessibility_problems() == []
    app.page.get_by_label("Present password", exact=True).fill(person.password)
    app.press("Save the password")
    app.says("Your password is changed.")


@pytest.mark.project(SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION="true")
def test_a_project_may_ask_for_a_code_by_mail(app: App, site: Site) -> None:
    person = site.upstream.person()
    sign_in(app, person)
    for session in site.upstream.server.project.sessions.values():
        session.created_at -= DAY
    app.follow("Change your password")
    app.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    app.press("Save the password")
    app.says("We sent you a code by mail. Enter it, then save again.")
    app.page.get_by_label("Code of the mail", exact=True).fill("000000")
    app.press("Save the password")
    app.field_says("Code of the mail", "Not this code. The newest mail counts.")
    app.page.get_by_label("Code of the mail", exact=True).fill(site.upstream.mail(person.email).code)
    app.press("Save the password")
    app.says("Your password is changed.")
    app.follow("Back to your profile")
    app.press("Sign out")
    sign_in(app, person, NEW_PASSWORD)


# --- The keyboard ------------------------------------------------------------------------------------------------------------


def test_a_forgotten_password_takes_no_mouse(app: App, site: Site) -> None:
    person, keyboard = site.upstream.person(), app.page.keyboard
    app.page.get_by_role("link", name="Forgot password?").press("Enter")
    app.heading("Forgot your password?")
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()
    keyboard.press("Tab")
    keyboard.type(person.email)
    keyboard.press("Enter")
    app.heading("Check your mail")
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()
    app.page.goto(site.link(site.upstream.mail(person.email), "recovery"))
    app.heading("Choose a new password")
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()
    keyboard.press("Tab")
    expect(app.page.get_by_role("button", name="Go on")).to_be_focused()
    keyboard.press("Enter")
    expect(app.page.get_by_label("New password", exact=True)).to_be_visible()
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()
    keyboard.press("Tab")
    keyboard.type(NEW_PASSWORD)
    keyboard.press("Enter")
    app.heading("Your profile")
    expect(app.page.get_by_role("heading", level=1)).to_be_focused()

"""What stands beside the refresh cookie: it says whose session that is, so that nobody gets or loses another user's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from local.keys import Keys
from service.security.session_mark import SessionMark, SessionMarks, fingerprint
from service.security.signing import Signing
from tests.conftest import StartService
from tests.handlers.session.conftest import becomes_true
from tests.support import loopback
from tests.support.auth_fake import AuthFake, FakeUser, factor
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess

BOTH = ["sb_refresh_token", "latchkey_session"]


def max_ages(response: httpx.Response) -> list[bool]:
    """Whether each cookie that is set outlives the browser."""
    return ["Max-Age=" in line for line in response.headers.get_list("set-cookie")]


def send(service: ServiceProcess, path: str, cookies: dict[str, str], token: str | None = None) -> httpx.Response:
    """A POST with these cookies and no others."""
    headers = {"X-CSRF-Token": CSRF_TOKEN, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    return loopback.post(service.url + path, headers=headers | ({"Authorization": f"Bearer {token}"} if token else {}))


def cookies_of(browser: Browser) -> dict[str, str]:
    return {name: browser.http.cookies[name] for name in BOTH}


@pytest.mark.parametrize("remember", [None, True, False])
def test_what_sign_in_says_about_remembering_outlives_every_rotation(browser: Browser, *, remember: bool | None) -> None:
    email = new_email()
    browser.sign_up(email)
    said: dict[str, Any] = {} if remember is None else {"remember": remember}
    signed_in = browser.sign_in(email, **said)
    answers = [signed_in, browser.refresh(), browser.refresh()]
    assert [max_ages(answer) for answer in answers] == [[remember is not False] * 2] * 3
    assert browser.me().status_code == 200


def test_both_cookies_are_set_and_cleared_together(browser: Browser) -> None:
    email = new_email()
    for answer in (browser.sign_up(email), browser.sign_in(email), browser.refresh(), browser.logout()):
        assert cookies_set(answer) == BOTH
    browser.http.cookies.set("sb_refresh_token", "never-was")
    refused = browser.refresh()
    assert (refused.status_code, cookies_set(refused)) == (401, BOTH)


def test_a_bare_refresh_cookie_works_and_gets_its_companion(signed_in: Browser, service: ServiceProcess) -> None:
    answer = send(service, "/auth/refresh", {"sb_refresh_token": str(signed_in.refresh_token)})
    assert (answer.status_code, cookies_set(answer), max_ages(answer)) == (200, BOTH, [True, True])


@pytest.mark.parametrize("mark", ["", "x", "a.b.c", "e30.e30", "." * 4_000], ids=["empty", "x", "a.b.c", "e30.e30", "long"])
def test_a_companion_that_is_not_the_services_own_says_nothing(signed_in: Browser, service: ServiceProcess, mark: str) -> None:
    cookies = {"sb_refresh_token": str(signed_in.refresh_token), "latchkey_session": mark}
    assert send(service, "/auth/refresh", cookies).status_code == 200


def test_the_companion_holds_no_token(signed_in: Browser, keys: Keys) -> None:
    mark = SessionMarks(Signing([keys.csrf_secret])).read(signed_in.http.cookies["latchkey_session"])
    assert mark is not None
    refresh_token = str(signed_in.refresh_token)
    assert mark.user_id == signed_in.me().json()["user"]["id"]
    assert mark.belongs_to(refresh_token)
    assert refresh_token not in signed_in.http.cookies["latchkey_session"]
    assert len(mark.fingerprint) < len(fingerprint("x") * 2)


def two_users(service: ServiceProcess) -> tuple[Browser, Browser]:
    ada, grace = Browser(service.url), Browser(service.url)
    for browser in (ada, grace):
        email = new_email()
        browser.sign_up(email)
        browser.sign_in(email)
    return ada, grace


@pytest.mark.thorough
def test_a_refresh_token_beside_another_users_companion_is_a_conflict_that_costs_nobody_anything(
    service: ServiceProcess,
) -> None:
    ada, grace = two_users(service)
    mixed = {**cookies_of(ada), "latchkey_session": cookies_of(grace)["latchkey_session"]}
    logged = len(service.log)
    for _ in range(2):
        answer = send(service, "/auth/refresh", mixed)
        assert (answer.status_code, answer.json()["code"], cookies_set(answer)) == (409, "auth_session_conflict", [])
    assert "session_cookies_disagree" in service.log[logged:]
    assert [browser.refresh().status_code for browser in (ada, grace)] == [200, 200]


def test_a_refresh_that_supabase_answers_with_somebody_else_goes_to_nobody(
    fake: AuthFake, fake_service: ServiceProcess
) -> None:
    browser, email = Browser(fake_service.url), new_email()
    fake.user(email)
    browser.sign_in(email)
    before = cookies_of(browser)
    fake.answers["POST /auth/v1/token"] = (200, fake.tokens(fake.open(fake.user(new_email()))))
    answer = browser.refresh()
    assert (answer.status_code, answer.json()["code"], cookies_set(answer)) == (502, "upstream_error", [])
    assert cookies_of(browser) == before
    fake.answers.clear()
    assert browser.refresh().json()["user"]["email"] == email


@pytest.mark.thorough
def test_signing_out_with_one_users_token_leaves_the_cookies_of_another(service: ServiceProcess) -> None:
    ada, grace = two_users(service)
    both = send(service, "/auth/logout", cookies_of(grace), ada.access_token)
    bare = send(service, "/auth/logout", {"sb_refresh_token": str(grace.refresh_token)}, ada.access_token)
    for answer in (both, bare):
        assert (answer.status_code, cookies_set(answer)) == (200, [])
    assert ada.me().status_code == 401
    assert [grace.me().status_code, grace.refresh().status_code] == [200, 200]


# What another session replaces.


def replaced(fake: AuthFake, email: str) -> list[bool]:
    """Whether each session of a user is over, in the order in which they were opened."""
    return [session.ended for session in fake.sessions.values() if session.user.email == email]


def test_the_session_that_a_sign_in_replaces_is_ended(fake: AuthFake, fake_service: ServiceProcess) -> None:
    browser, first, second = Browser(fake_service.url), new_email(), new_email()
    for email in (first, second):
        fake.user(email)
    for email in (first, second, second):
        assert browser.sign_in(email).status_code == 200
    assert becomes_true(lambda: replaced(fake, first) == [True] and replaced(fake, second) == [True, False])
    assert browser.refresh().status_code == 200
    assert browser.refresh().status_code == 200
    assert replaced(fake, second) == [True, False]


def test_a_bare_refresh_cookie_is_enough_to_end_what_is_replaced(fake: AuthFake, fake_service: ServiceProcess) -> None:
    browser, email = Browser(fake_service.url), new_email()
    fake.user(email)
    browser.sign_in(email)
    browser.http.cookies.delete("latchkey_session")
    browser.sign_in(email)
    assert becomes_true(lambda: replaced(fake, email) == [True, False])


def test_nobody_elses_session_is_ended_for_one_that_is_replaced(fake: AuthFake, fake_service: ServiceProcess) -> None:
    """Where the cookies do not agree, or Supabase answers about somebody else."""
    ada, grace, email, other = Browser(fake_service.url), Browser(fake_service.url), new_email(), new_email()
    for browser, address in ((ada, email), (grace, other)):
        fake.user(address)
        browser.sign_in(address)
    mixed = {**cookies_of(grace), "latchkey_session": cookies_of(ada)["latchkey_session"]}
    before = fake.count("POST /auth/v1/token?grant_type=refresh_token")
    credentials = {"email": email, "password": PASSWORD}
    headers = {"X-CSRF-Token": CSRF_TOKEN, "Cookie": "; ".join(f"{name}={value}" for name, value in mixed.items())}
    assert loopback.post(f"{fake_service.url}/auth/signin", json=credentials, headers=headers).status_code == 200
    assert becomes_true(lambda: fake.count("POST /auth/v1/token?grant_type=refresh_token") == before + 1)
    assert not becomes_true(lambda: any(replaced(fake, other)), seconds=0.5)


def test_ending_what_is_replaced_does_not_delay_the_answer(fake: AuthFake, fake_service: ServiceProcess) -> None:
    browser, email = Browser(fake_service.url, timeout=1.5), new_email()
    fake.user(email)
    browser.sign_in(email)
    fake.delays["refresh"] = 2
    assert browser.sign_in(email).status_code == 200
    fake.delays.clear()
    assert becomes_true(lambda: replaced(fake, email) == [True, False])


@pytest.mark.thorough
def test_a_shutdown_waits_until_what_was_replaced_is_ended(start_service: StartService, fake: AuthFake) -> None:
    service = start_service({"SUPABASE_URL": fake.url})
    browser, email = Browser(service.url), new_email()
    fake.user(email)
    browser.sign_in(email)
    fake.delays["refresh"] = 1
    browser.sign_in(email)
    service.stop()
    assert replaced(fake, email) == [True, False]
    assert "background_call_given_up" not in service.log


def test_a_sign_up_that_waits_for_the_mailbox_leaves_whoever_is_signed_in(fake: AuthFake, fake_service: ServiceProcess) -> None:
    browser, email, other = Browser(fake_service.url), new_email(), new_email()
    fake.user(email)
    browser.sign_in(email)
    fake.answers["POST /auth/v1/signup"] = (200, FakeUser(other).body)
    signed_up = browser.sign_up(other)
    assert (signed_up.status_code, signed_up.json()["confirmationRequired"], cookies_set(signed_up)) == (200, True, [])
    assert browser.refresh().json()["user"]["email"] == email
    assert replaced(fake, email) == [False]


def test_a_sign_up_that_opens_a_session_replaces_the_one_before(fake: AuthFake, fake_service: ServiceProcess) -> None:
    browser, email, other = Browser(fake_service.url), new_email(), new_email()
    fake.user(email)
    browser.sign_in(email)
    fake.answers["POST /auth/v1/signup"] = (200, fake.tokens(fake.open(fake.user(other))))
    assert browser.sign_up(other).json()["confirmationRequired"] is False
    assert browser.refresh().json()["user"]["email"] == other
    assert becomes_true(lambda: replaced(fake, email) == [True])


# What the answer says.


@pytest.mark.parametrize("aal", ["aal1", "aal2", None])
def test_a_session_says_which_second_factor_is_missing(
    fake: AuthFake, fake_service: ServiceProcess, factors: list[dict[str, object]], aal: str | None
) -> None:
    browser, email = Browser(fake_service.url), new_email()
    fake.user(email, factors=factors, claims={"aal": aal})
    for answer in (browser.sign_in(email), browser.refresh()):
        body = answer.json()
        missing = aal != "aal2"
        assert body["aal"] == (aal or "aal1")
        assert body["mfa"] == {
            "required": missing,
            "factors": [
                {"id": factors[0]["id"], "type": "totp", "name": "Phone"},
                {"id": factors[2]["id"], "type": "totp"},
            ],
        }
        assert body["next"] == ("mfa" if missing else None)


@pytest.fixture
def factors() -> list[dict[str, object]]:
    return [factor(), factor(status="unverified"), factor(name=None)]


def test_an_old_companion_is_read_after_the_secrets_were_rotated() -> None:
    mark = SessionMark("user", None, remember=False, fingerprint=fingerprint("token"))
    old, new = "0" * 32, "1" * 32
    value = SessionMarks(Signing([old])).write(mark)
    assert SessionMarks(Signing([new, old])).read(value) == mark
    assert SessionMarks(Signing([new])).read(value) is None

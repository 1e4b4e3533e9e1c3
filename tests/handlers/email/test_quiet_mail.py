"""Resend, sign-in by mail and recovery: the mail comes, and the answer is the same for everybody who asks."""

from __future__ import annotations

import time

import httpx
import pytest

from service.security.flow import Flows
from service.security.signing import Signing
from tests.support.browser import Browser, cookies_set
from tests.support.service import ANSWER_AFTER, ServiceProcess
from tests.support.upstream.base import PASSWORD, Upstream, address

QUIET = ("/auth/otp", "/auth/password/recover", "/auth/verify/resend")
EXTRA = {"/auth/verify/resend": {"type": "signup"}}


@pytest.fixture
def visitor(served: ServiceProcess) -> Browser:
    browser = Browser(served.url)
    browser.fetch_csrf_token()
    return browser


def ask(browser: Browser, path: str, email: str, **more: object) -> httpx.Response:
    return browser.post(path, {"email": email, **EXTRA.get(path, {}), **more})


def assert_taken(response: httpx.Response) -> None:
    assert (response.status_code, response.json()) == (202, {"ok": True}), response.text
    assert cookies_set(response) == []
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/auth/otp", "/auth/password/recover"])
def test_who_has_an_account_gets_a_mail(upstream: Upstream, visitor: Browser, path: str) -> None:
    ada = upstream.person()
    assert_taken(ask(visitor, path, ada.email))
    proof = upstream.mail(ada.email)
    assert len(proof.code) == 6
    if upstream.name != "the embedded Supabase":  # which takes the challenge, and says so nowhere
        assert proof.token_hash.startswith("pkce_"), "asked for with a code challenge"


@pytest.mark.upstreams("recorded", "real")  # the embedded one lets a minute pass, whatever its settings
@pytest.mark.project(MAILER_AUTOCONFIRM="false")
def test_who_has_not_confirmed_yet_gets_the_mail_again(upstream: Upstream, visitor: Browser) -> None:
    email = address()
    visitor.sign_up(email, PASSWORD)
    first = upstream.mail(email)
    assert_taken(ask(visitor, "/auth/verify/resend", email))
    again = upstream.mail(email)
    assert again.token_hash != first.token_hash
    assert visitor.follow(again, "signup", email=email).status_code == 200


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.project(MAILER_AUTOCONFIRM="false")
def test_a_change_of_address_is_mailed_again_to_both(upstream: Upstream, visitor: Browser) -> None:
    ada, new = upstream.person(), address("new")
    visitor.sign_in(ada.email, ada.password)
    assert visitor.ask("PUT", "/auth/email", {"email": new}).status_code == 202
    before = {email: upstream.mail(email) for email in (ada.email, new)}
    assert_taken(visitor.post("/auth/verify/resend", {"type": "email_change", "email": ada.email}))
    again = {email: upstream.mail(email) for email in (ada.email, new)}
    assert all(again[email].token_hash != before[email].token_hash for email in again)
    visitor.follow(again[ada.email], "email_change")
    opened = visitor.follow(again[new], "email_change")
    assert opened.json()["user"]["email"] == new


def test_a_new_address_gets_an_account_by_a_sign_in_where_that_is_wanted(upstream: Upstream, visitor: Browser) -> None:
    email = address()
    assert_taken(ask(visitor, "/auth/otp", email, createUser=False))
    assert_taken(ask(visitor, "/auth/otp", email, createUser=True))
    opened = visitor.verify(type="email", email=email, code=upstream.mail(email).code)
    assert opened.json()["user"]["email"] == email


@pytest.mark.parametrize("path", QUIET)
def test_the_answer_comes_when_it_always_comes(upstream: Upstream, visitor: Browser, path: str) -> None:
    ada = upstream.person()
    for email in (ada.email, address("nobody")):
        started = time.monotonic()
        assert_taken(ask(visitor, path, email))
        took = time.monotonic() - started
        assert ANSWER_AFTER <= took < ANSWER_AFTER + 1


@pytest.mark.upstreams("recorded", "real")
@pytest.mark.project(SMTP_MAX_FREQUENCY="60s")
@pytest.mark.parametrize("path", ["/auth/otp", "/auth/password/recover"])
def test_supabase_s_own_limit_of_mails_shows_nowhere(
    upstream: Upstream, served: ServiceProcess, visitor: Browser, path: str
) -> None:
    ada = upstream.person()
    assert_taken(ask(visitor, path, ada.email))
    assert_taken(ask(visitor, path, ada.email))
    assert '"supabase_code": "over_email_send_rate_limit"' in served.log


@pytest.mark.project(DISABLE_SIGNUP="true")
@pytest.mark.upstreams("recorded", "real")
def test_a_project_without_sign_up_does_not_tell_a_new_address_from_an_old_one(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    assert_taken(ask(visitor, "/auth/otp", ada.email))
    assert_taken(ask(visitor, "/auth/otp", address("nobody")))


@pytest.mark.project(EXTERNAL_EMAIL_ENABLED="false")
@pytest.mark.upstreams("recorded", "real")
@pytest.mark.parametrize("path", ["/auth/otp", "/auth/password/recover"])
def test_a_project_without_e_mail_says_so_at_once(visitor: Browser, path: str) -> None:
    started = time.monotonic()
    refused = ask(visitor, path, address("nobody"))
    assert (refused.status_code, refused.json()["code"]) == (403, "auth_provider_disabled")
    assert time.monotonic() - started < ANSWER_AFTER


@pytest.mark.project(SECURITY_CAPTCHA_ENABLED="true")
@pytest.mark.upstreams("recorded", "real")
@pytest.mark.parametrize("path", ["/auth/otp", "/auth/password/recover", "/auth/verify/resend"])
def test_a_captcha_that_is_missing_or_wrong_is_told_at_once(visitor: Browser, path: str) -> None:
    for token, code in ((None, "auth_captcha_required"), ("bad", "auth_captcha_failed")):
        more = {} if token is None else {"captchaToken": token}
        refused = ask(visitor, path, address("nobody"), **more)
        assert (refused.status_code, refused.json()["code"]) == (400, code)


@pytest.mark.upstreams("recorded")
def test_the_flow_of_a_mail_is_signed_and_names_nobody(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    assert_taken(ask(visitor, "/auth/password/recover", ada.email))
    flow = upstream.mail(ada.email).flow
    assert ada.email not in flow
    cookie = visitor.http.cookies["latchkey_csrf"]
    read = Flows(Signing([upstream.keys.csrf_secret])).read(flow, cookie)
    assert (read.intent, read.is_about(ada.email)) == ("recovery", True)


@pytest.mark.upstreams("embedded")
@pytest.mark.parametrize("path", QUIET)
@pytest.mark.parametrize("email", ["", "a", "@", "x" * 400 + "@example.com", "ada@example.com\n", None, 7, ["a@example.com"]])
def test_what_is_no_address_is_refused(visitor: Browser, path: str, email: object) -> None:
    refused = visitor.post(path, {"email": email, **EXTRA.get(path, {})})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert {error["path"] for error in refused.json()["details"]["errors"]} == {"/email"}

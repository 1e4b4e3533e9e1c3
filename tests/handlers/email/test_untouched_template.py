"""A project whose mails were left as Supabase has them: where their links lead, for each mail that this service has sent.

Such a link goes to Supabase, and Supabase leads the browser on: without a code challenge to a URL with the refresh token.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.support import flows
from tests.support.browser import Browser, cookies_set
from tests.support.service import ServiceProcess
from tests.support.upstream.base import PASSWORD, SITE, Upstream, address

pytestmark = [
    pytest.mark.upstreams("recorded", "real"),
    pytest.mark.project(MAILER_AUTOCONFIRM="false"),
    pytest.mark.thorough,
]

TOKEN = re.compile(r"eyJ|(access|refresh)_token|provider_token")


@pytest.fixture
def visitor(served: ServiceProcess) -> Browser:
    """A browser as it is after its first page."""
    browser = Browser(served.url)
    browser.fetch_csrf_token()
    return browser


def click(upstream: Upstream, email: str, kind: str) -> flows.Return:
    """Follow the link that Supabase's template makes of the newest mail, and look at where it ends and at what is there."""
    proof = upstream.mail(email)
    assert proof.flow, "the page knows what began"
    query = {"token": proof.token_hash, "type": kind, "redirect_to": f"{SITE}/account/confirm?flow={proof.flow}"}
    answer = upstream.wire.follow(f"{upstream.url}/auth/v1/verify?{urlencode(query)}")
    assert answer.status == 303, answer.text
    assert TOKEN.search(answer.location + answer.text) is None
    assert answer.location.startswith(f"{SITE}/account/confirm?")
    assert set(parse_qs(urlsplit(answer.location).query)) <= {"flow", "code", "message"}
    return flows.returned(answer.location)


def sign_up(_: Upstream, visitor: Browser) -> tuple[str, str]:
    email = address()
    assert visitor.sign_up(email, PASSWORD).status_code == 200
    return email, "signup"


def sign_up_mailed_again(upstream: Upstream, visitor: Browser) -> tuple[str, str]:
    email, kind = sign_up(upstream, visitor)
    upstream.mail(email)
    assert visitor.post("/auth/verify/resend", {"type": "signup", "email": email}).status_code == 202
    return email, kind


def sign_in_by_mail(upstream: Upstream, visitor: Browser) -> tuple[str, str]:
    ada = upstream.person()
    assert visitor.post("/auth/otp", {"email": ada.email, "createUser": False}).status_code == 202
    return ada.email, "magiclink"


def first_sign_in_by_mail(_: Upstream, visitor: Browser) -> tuple[str, str]:
    email = address()
    assert visitor.post("/auth/otp", {"email": email}).status_code == 202
    return email, "signup"


def recovery(upstream: Upstream, visitor: Browser) -> tuple[str, str]:
    ada = upstream.person()
    assert visitor.post("/auth/password/recover", {"email": ada.email}).status_code == 202
    return ada.email, "recovery"


def assert_opened(visitor: Browser, response: httpx.Response, email: str, next_step: str | None = None) -> None:
    assert response.status_code == 200, response.text
    assert (response.json()["user"]["email"], response.json()["next"]) == (email, next_step)
    assert cookies_set(response) == ["sb_refresh_token", "latchkey_session"]
    assert visitor.me().json()["user"]["email"] == email
    assert visitor.refresh().status_code == 200


@pytest.mark.parametrize(
    ("ask", "next_step"),
    [
        (sign_up, None), (sign_up_mailed_again, None), (sign_in_by_mail, None), (first_sign_in_by_mail, None),
        (recovery, "set_password"),
    ],
)  # fmt: skip
def test_its_link_holds_a_code_and_no_token_and_the_page_completes_it(
    upstream: Upstream, visitor: Browser, ask: Callable[[Upstream, Browser], tuple[str, str]], next_step: str | None
) -> None:
    email, kind = ask(upstream, visitor)
    back = click(upstream, email, kind)
    assert_opened(visitor, flows.complete(visitor, back.completion), email, next_step)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("first", ["old", "new"])
def test_both_links_of_a_change_of_address_hold_none(upstream: Upstream, visitor: Browser, first: str, *, again: bool) -> None:
    ada, new = upstream.person(), address("new")
    visitor.sign_in(ada.email, ada.password)
    assert visitor.ask("PUT", "/auth/email", {"email": new}).json() == {"confirm": "both"}
    if again:
        for email in (ada.email, new):
            upstream.mail(email)
        visitor.post("/auth/verify/resend", {"type": "email_change", "email": ada.email})
    order = [ada.email, new] if first == "old" else [new, ada.email]
    half, whole = (click(upstream, email, "email_change") for email in order)
    assert "code" not in half.query
    assert half.query["message"].startswith("Confirmation link accepted")
    assert_opened(visitor, flows.complete(visitor, whole.completion), new)


@pytest.mark.project(MAILER_AUTOCONFIRM="false", MAILER_SECURE_EMAIL_CHANGE_ENABLED="false")
@pytest.mark.settings(EMAIL_CHANGE_CONFIRM="one")
def test_the_one_link_of_a_change_of_address_holds_none_either(upstream: Upstream, visitor: Browser) -> None:
    ada, new = upstream.person(), address("new")
    visitor.sign_in(ada.email, ada.password)
    assert visitor.ask("PUT", "/auth/email", {"email": new}).json() == {"confirm": "one"}
    assert_opened(visitor, flows.complete(visitor, click(upstream, new, "email_change").completion), new)


def test_in_another_browser_the_code_opens_nothing(upstream: Upstream, served: ServiceProcess, visitor: Browser) -> None:
    email, kind = recovery(upstream, visitor)
    back = click(upstream, email, kind)
    phone = Browser(served.url)
    phone.fetch_csrf_token()
    refused = flows.complete(phone, back.completion)
    assert (refused.status_code, refused.json()["code"]) == (400, "auth_flow_invalid")
    assert cookies_set(refused) == []
    assert_opened(visitor, flows.complete(visitor, back.completion), email, "set_password")


def test_with_a_second_factor_a_recovery_asks_for_that_and_the_new_password_is_the_user_s_to_set(
    upstream: Upstream, visitor: Browser
) -> None:
    """After the step-up nothing says any more that it was a recovery: the guide has front ends offer it."""
    ada = upstream.person()
    factor = upstream.factor(upstream.session(ada))
    visitor.post("/auth/password/recover", {"email": ada.email})
    opened = flows.complete(visitor, click(upstream, ada.email, "recovery").completion).json()
    assert (opened["next"], opened["aal"]) == ("mfa", "aal1")
    code = {"factorId": factor.id, "code": upstream.code(factor.secret)}
    raised = visitor.as_user("POST", "/auth/mfa/verify", code).json()
    assert (raised["next"], raised["aal"]) == (None, "aal2")
    changed = visitor.ask("PUT", "/auth/password", {"newPassword": "another-Horse-7-staple"})
    assert changed.status_code == 200

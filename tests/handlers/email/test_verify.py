"""POST /auth/verify: a link or a code of a mail opens a session, once, for who asked for it or knows where it came to."""

from __future__ import annotations

import httpx
import pytest

from tests.support.browser import Browser, cookies_set
from tests.support.service import ServiceProcess
from tests.support.upstream.base import PASSWORD, Proof, Upstream, address
from tests.support.upstream.proofs import claims

CONFIRMED = pytest.mark.project(MAILER_AUTOCONFIRM="false")
ONE_CONFIRMATION = pytest.mark.project(MAILER_SECURE_EMAIL_CHANGE_ENABLED="false")
WITH_FLOWS = pytest.mark.upstreams("recorded", "real")  # the embedded one leaves them out of its mails

# How each kind of mail is asked for, and what its link says that it is.
ASKED = {
    "magiclink": ("/auth/otp", "magiclink"),
    "recovery": ("/auth/password/recover", "recovery"),
}


def assert_refused(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert cookies_set(response) == []


def assert_opened(response: httpx.Response, email: str, next_step: str | None = None) -> None:
    assert response.status_code == 200, response.text
    body = response.json()
    assert (body["user"]["email"], body["next"], body["aal"]) == (email, next_step, "aal1")
    assert cookies_set(response) == ["sb_refresh_token", "latchkey_session"]


def asked(upstream: Upstream, browser: Browser, kind: str, email: str) -> Proof:
    """The mail that the browser has sent to an address."""
    path, _ = ASKED[kind]
    response = browser.post(path, {"email": email})
    assert response.status_code == 202, response.text
    return upstream.mail(email)


def another(served: ServiceProcess) -> Browser:
    """A browser on another device."""
    browser = Browser(served.url)
    browser.fetch_csrf_token()
    return browser


@pytest.fixture
def visitor(served: ServiceProcess) -> Browser:
    """A browser as it is after its first page."""
    return another(served)


@CONFIRMED
@WITH_FLOWS
def test_a_sign_up_is_confirmed_where_it_was_begun(upstream: Upstream, visitor: Browser) -> None:
    email = address()
    assert visitor.sign_up(email, PASSWORD).json()["confirmationRequired"] is True
    proof = upstream.mail(email)
    assert proof.flow
    assert_opened(visitor.follow(proof, "signup"), email)
    assert visitor.me().status_code == 200
    assert visitor.refresh().status_code == 200


@WITH_FLOWS
@pytest.mark.parametrize(("kind", "next_step"), [("magiclink", None), ("recovery", "set_password")])
def test_a_link_opens_a_session_where_it_was_asked_for_once(
    upstream: Upstream, visitor: Browser, kind: str, next_step: str | None
) -> None:
    ada = upstream.person()
    proof = asked(upstream, visitor, kind, ada.email)
    assert_opened(visitor.follow(proof, kind), ada.email, next_step)
    assert_refused(visitor.follow(proof, kind), 410, "auth_code_invalid")
    assert visitor.me().json()["user"]["id"] == ada.id


@pytest.mark.parametrize(("kind", "next_step"), [("magiclink", None), ("recovery", "set_password")])
def test_a_link_opens_a_session_elsewhere_by_the_address_that_it_came_to(
    upstream: Upstream, served: ServiceProcess, visitor: Browser, kind: str, next_step: str | None
) -> None:
    ada = upstream.person()
    proof = asked(upstream, visitor, kind, ada.email)
    phone = another(served)
    assert_refused(phone.follow(proof, kind), 403, "auth_address_required")
    assert_opened(phone.follow(proof, kind, email=ada.email.upper()), ada.email, next_step)


@CONFIRMED
def test_a_sign_up_is_confirmed_elsewhere_by_its_address(upstream: Upstream, served: ServiceProcess, visitor: Browser) -> None:
    email = address()
    assert visitor.sign_up(email, PASSWORD).status_code == 200
    phone = another(served)
    assert_opened(phone.follow(upstream.mail(email), "signup", email=email), email)
    assert visitor.sign_in(email, PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("kind", "claimed", "next_step"),
    [("magiclink", "email", None), ("magiclink", "magiclink", None), ("recovery", "recovery", "set_password")],
)
def test_the_code_of_a_mail_does_what_its_link_does(
    upstream: Upstream, served: ServiceProcess, visitor: Browser, kind: str, claimed: str, next_step: str | None
) -> None:
    ada = upstream.person()
    proof = asked(upstream, visitor, kind, ada.email)
    phone = another(served)
    assert_refused(phone.verify(type=claimed, email=ada.email, code="000000"), 410, "auth_code_invalid")
    assert_opened(phone.verify(type=claimed, email=ada.email, code=proof.code), ada.email, next_step)
    assert_refused(phone.verify(type=claimed, email=ada.email, code=proof.code), 410, "auth_code_invalid")


@CONFIRMED
def test_the_code_of_a_sign_up_confirms_it(upstream: Upstream, visitor: Browser) -> None:
    email = address()
    visitor.sign_up(email, PASSWORD)
    assert_opened(visitor.verify(type="email", email=email, code=upstream.mail(email).code), email)


@pytest.mark.upstreams("recorded", "real")
def test_an_invitation_is_accepted_by_the_address_that_it_came_to(upstream: Upstream, visitor: Browser) -> None:
    email = address()
    proof = upstream.link("invite", email)
    assert_refused(visitor.follow(proof, "invite"), 403, "auth_address_required")
    assert_opened(visitor.follow(proof, "invite", email=email), email, "set_password")


@WITH_FLOWS
@pytest.mark.parametrize(("kind", "next_step"), [("magiclink", None), ("recovery", "set_password")])
def test_ten_minutes_later_it_still_does(
    upstream: Upstream, served: ServiceProcess, visitor: Browser, kind: str, next_step: str | None
) -> None:
    """Supabase's own link would be dead after five: its code is bound to a flow, the hash is not."""
    ada, phone = upstream.person(), another(served)
    for browser, more in ((visitor, {}), (phone, {"email": ada.email})):
        proof = asked(upstream, visitor, kind, ada.email)
        upstream.age("recovery", ada.email, 601)
        upstream.age("flow", ada.email, 601)
        assert_opened(browser.follow(proof, kind, **more), ada.email, next_step)


@pytest.mark.upstreams("recorded", "real")
def test_a_link_that_is_too_old_is_gone(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    proof = asked(upstream, visitor, "recovery", ada.email)
    upstream.age("recovery", ada.email, 25 * 3_600)
    assert_refused(visitor.follow(proof, "recovery"), 410, "auth_code_invalid")


@pytest.mark.thorough
def test_a_newer_mail_replaces_the_one_before(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    first = asked(upstream, visitor, "recovery", ada.email)
    second = asked(upstream, visitor, "recovery", ada.email)
    assert_refused(visitor.follow(first, "recovery", email=ada.email), 410, "auth_code_invalid")
    assert_opened(visitor.follow(second, "recovery", email=ada.email), ada.email, "set_password")


def test_what_nobody_sent_is_gone_like_what_was_used(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    for kind in ("signup", "invite", "magiclink", "recovery", "email_change", "email"):
        made_up = visitor.verify(type=kind, tokenHash="pkce_" + "0" * 56, email=ada.email)
        assert_refused(made_up, 410, "auth_code_invalid")


def test_the_session_that_was_here_before_is_ended(upstream: Upstream, visitor: Browser) -> None:
    grace, ada = upstream.person(), upstream.person()
    visitor.sign_in(grace.email, grace.password)
    before = visitor.access_token
    proof = asked(upstream, visitor, "magiclink", ada.email)
    assert_opened(visitor.follow(proof, "magiclink", email=ada.email), ada.email)
    assert visitor.me().json()["user"]["id"] == ada.id
    for _ in range(50):
        if visitor.me(before).status_code == 401:
            return
    raise AssertionError("the session that was replaced lives on")


def test_a_service_that_forgot_its_browsers_still_takes_the_address(upstream: Upstream, served: ServiceProcess) -> None:
    """Without the cookie that binds a browser, as with CSRF_STATIC_TOKEN and curl, there is no flow; all else is well."""
    ada = upstream.person()
    curl = Browser(served.url)
    proof = asked(upstream, curl, "magiclink", ada.email)
    assert proof.flow == ""
    assert_refused(curl.follow(proof, "magiclink"), 403, "auth_address_required")
    assert_opened(curl.follow(proof, "magiclink", email=ada.email), ada.email)


@pytest.mark.upstreams("embedded")
@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"type": "recovery"}, "/tokenHash"),
        ({"type": "recovery", "email": "ada@example.com"}, "/code"),
        ({"type": "recovery", "code": "123456"}, "/email"),
        ({"type": "recovery", "flow": "a.b.c"}, "/tokenHash"),
        ({"type": "recovery", "tokenHash": "pkce_0", "code": "123456"}, "/code"),
        ({"type": "sms", "tokenHash": "pkce_0"}, "/type"),
        ({"type": "email", "email": "ada@example.com", "code": "12345"}, "/code"),
        ({"type": "email", "email": "ada@example.com", "code": "12345\uff16"}, "/code"),
        ({"tokenHash": "pkce_0"}, "/type"),
    ],
)
def test_a_body_that_is_neither_link_nor_code_names_what_is_missing(visitor: Browser, body: dict[str, str], path: str) -> None:
    response = visitor.verify(**body)
    assert_refused(response, 400, "invalid_request")
    assert [error["path"] for error in response.json()["details"]["errors"]] == [path]


@pytest.mark.thorough
@pytest.mark.upstreams("recorded", "real")
def test_a_second_factor_comes_before_the_new_password(upstream: Upstream, visitor: Browser) -> None:
    ada = upstream.person()
    factor = upstream.factor(upstream.session(ada))
    proof = asked(upstream, visitor, "recovery", ada.email)
    body = visitor.follow(proof, "recovery").json()
    assert (body["next"], body["aal"], body["mfa"]["required"]) == ("mfa", "aal1", True)
    assert [known["id"] for known in body["mfa"]["factors"]] == [factor.id]
    new = {"newPassword": "another-Horse-7-staple"}
    assert_refused(visitor.ask("PUT", "/auth/password", new), 403, "auth_mfa_required")

    raised = visitor.as_user("POST", "/auth/mfa/verify", {"factorId": factor.id, "code": upstream.code(factor.secret)})
    assert (raised.status_code, raised.json()["aal"]) == (200, "aal2")
    assert visitor.ask("PUT", "/auth/password", new).status_code == 200
    assert visitor.refresh().json()["aal"] == "aal2", "and the session goes on"
    visitor.logout()
    assert_refused(visitor.sign_in(ada.email, ada.password), 401, "auth_invalid_credentials")
    assert visitor.sign_in(ada.email, new["newPassword"]).json()["next"] == "mfa"


# --- A change of address -----------------------------------------------------------------------------------------------------


def _change(visitor: Browser, upstream: Upstream, confirm: str = "both") -> tuple[str, str, str]:
    """Somebody who has asked for a new address: the user's id, the old address, and the new one."""
    ada, new = upstream.person(), address("new")
    assert visitor.sign_in(ada.email, ada.password).status_code == 200
    response = visitor.ask("PUT", "/auth/email", {"email": new})
    assert (response.status_code, response.json()) == (202, {"confirm": confirm}), response.text
    return ada.id, ada.email, new


@CONFIRMED
@pytest.mark.upstreams("recorded", "real")
@pytest.mark.parametrize("first", ["old", "new"])
def test_both_addresses_confirm_a_change_in_either_order(upstream: Upstream, visitor: Browser, first: str) -> None:
    user_id, old, new = _change(visitor, upstream)
    before = visitor.access_token
    proofs = {"old": upstream.mail(old), "new": upstream.mail(new)}
    half = visitor.follow(proofs.pop(first), "email_change")
    assert (half.status_code, half.json()) == (200, {"session": None, "next": "confirm_other_address"})
    assert cookies_set(half) == []
    assert visitor.me().json()["user"]["email"] == old
    (last,) = proofs.values()
    assert_opened(visitor.follow(last, "email_change"), new)
    assert visitor.me().json()["user"]["id"] == user_id
    assert claims(visitor.access_token or "")["session_id"] != claims(before or "")["session_id"]


@CONFIRMED
@pytest.mark.upstreams("recorded", "real")
@pytest.mark.parametrize("last", ["old", "new"])
def test_both_codes_do_it_too_where_the_user_is_signed_in(upstream: Upstream, visitor: Browser, last: str) -> None:
    _, old, new = _change(visitor, upstream)
    codes = {"old": (old, upstream.mail(old).code), "new": (new, upstream.mail(new).code)}
    email, code = codes.pop("new" if last == "old" else "old")
    assert visitor.verify(type="email_change", email=email, code=code).json()["next"] == "confirm_other_address"
    email, code = codes[last]
    assert_opened(visitor.verify(type="email_change", email=email, code=code), new)


@CONFIRMED
@pytest.mark.upstreams("recorded", "real")
def test_the_old_mailbox_elsewhere_finishes_a_change_without_a_session(
    upstream: Upstream, served: ServiceProcess, visitor: Browser
) -> None:
    _, old, new = _change(visitor, upstream)
    proof_of_old = upstream.mail(old)
    visitor.follow(upstream.mail(new), "email_change")
    phone = another(served)
    done = phone.follow(proof_of_old, "email_change", email=old)
    assert (done.status_code, done.json()) == (200, {"session": None, "next": "sign_in"})
    assert cookies_set(done) == []
    assert visitor.me().json()["user"]["email"] == new
    assert phone.sign_in(new, PASSWORD).status_code == 200


@pytest.mark.upstreams("recorded", "real")
@ONE_CONFIRMATION
@pytest.mark.settings(EMAIL_CHANGE_CONFIRM="one")
def test_one_confirmation_is_enough_where_the_project_says_so(upstream: Upstream, visitor: Browser) -> None:
    _, _, new = _change(visitor, upstream, confirm="one")
    assert_opened(visitor.follow(upstream.mail(new), "email_change"), new)


@pytest.mark.upstreams("embedded")
def test_the_embedded_one_changes_an_address_by_a_mail_to_the_present_one(upstream: Upstream, visitor: Browser) -> None:
    _, old, new = _change(visitor, upstream)
    assert_opened(visitor.follow(upstream.mail(old), "email_change", email=new), new)

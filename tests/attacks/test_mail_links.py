"""Attacks by mail: links that are planted, codes that are guessed, mailboxes that are filled, accounts that are found out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx
import pytest

from local.keys import Keys
from tests.conftest import StartService
from tests.support.browser import Browser, cookies_set
from tests.support.service import CSRF_TOKEN, ServiceProcess
from tests.support.upstream.base import PASSWORD, Proof, Upstream, address
from tests.support.upstream.recorded import RecordedUpstream

pytestmark = [pytest.mark.thorough, pytest.mark.upstreams("recorded"), pytest.mark.settings(MAIL_ANSWER_AFTER="0.2")]

TYPES: Final = ("signup", "invite", "magiclink", "recovery", "email_change", "email")
QUIET: Final[Mapping[str, Mapping[str, object]]] = {
    "/auth/otp": {},
    "/auth/otp?": {"createUser": False},
    "/auth/password/recover": {},
    "/auth/verify/resend": {"type": "signup"},
    "/auth/verify/resend?": {"type": "email_change"},
}


def browser_at(served: ServiceProcess) -> Browser:
    """A browser as it is after its first page."""
    browser = Browser(served.url)
    browser.fetch_csrf_token()
    return browser


@pytest.fixture
def victim(served: ServiceProcess, upstream: Upstream) -> Browser:
    """Somebody who is signed in, and follows the link that an attacker sent."""
    browser, person = browser_at(served), upstream.person()
    browser.sign_in(person.email, person.password)
    return browser


@pytest.fixture
def attacker(served: ServiceProcess) -> Browser:
    return browser_at(served)


def open_sessions(upstream: Upstream, email: str) -> int:
    """How many sessions the account has at Supabase."""
    assert isinstance(upstream, RecordedUpstream)
    project = upstream.server.project
    user = project.by_email(email)
    return sum(user is not None and session.user_id == user.id for session in project.sessions.values())


def link_of(kind: str, upstream: Upstream, attacker: Browser) -> tuple[str, Proof]:
    """A link to an account of the attacker's own, and its address."""
    email = address("eve")
    match kind:
        case "magiclink" | "recovery":
            eve = upstream.person(email)
            path = "/auth/otp" if kind == "magiclink" else "/auth/password/recover"
            assert attacker.post(path, {"email": eve.email}).status_code == 202
            return eve.email, upstream.mail(eve.email)
        case "invite":
            return email, upstream.link("invite", email)
        case _:
            assert attacker.post("/auth/otp", {"email": email}).status_code == 202
            return email, upstream.mail(email)


def assert_nobody_was_signed_in(victim: Browser, response: httpx.Response, me: object) -> None:
    assert "accessToken" not in response.text
    assert cookies_set(response) == []
    assert victim.me().json() == me
    assert victim.refresh().status_code == 200


# --- Planted links -----------------------------------------------------------------------------------------------------------


@pytest.mark.project(MAILER_AUTOCONFIRM="false")
@pytest.mark.parametrize("claimed", TYPES)
@pytest.mark.parametrize("kind", ["signup", "invite", "magiclink", "recovery"])
def test_a_planted_link_signs_nobody_in_whatever_it_is_called(
    upstream: Upstream, victim: Browser, attacker: Browser, kind: str, claimed: str
) -> None:
    """Not without an address, nor with the victim's, and what Supabase opened by it is ended."""
    me = victim.me().json()
    email, proof = link_of(kind, upstream, attacker)
    before = open_sessions(upstream, email)
    plain = victim.verify(type=claimed, tokenHash=proof.token_hash)
    assert (plain.status_code, plain.json()["code"]) == (403, "auth_address_required")
    flow = victim.verify(type=claimed, tokenHash=proof.token_hash, flow=proof.flow or "a.b.c")
    assert (flow.status_code, flow.json()["code"]) == (403, "auth_address_required")
    typed = victim.follow(proof, claimed, email=victim.email or "")
    assert (typed.status_code, typed.json()["code"]) == (410, "auth_code_invalid")
    assert_nobody_was_signed_in(victim, typed, me)
    assert open_sessions(upstream, email) == before


@pytest.mark.parametrize("kind", ["magiclink", "recovery"])
@pytest.mark.parametrize("claimed", ["magiclink", "recovery", "email"])
def test_a_flow_of_the_victim_s_own_does_not_carry_another_account_s_link(
    upstream: Upstream, victim: Browser, attacker: Browser, kind: str, claimed: str
) -> None:
    me = victim.me().json()
    assert victim.post("/auth/password/recover", {"email": victim.email}).status_code == 202
    own = upstream.mail(victim.email or "")
    email, proof = link_of(kind, upstream, attacker)
    mixed = victim.verify(type=claimed, tokenHash=proof.token_hash, flow=own.flow)
    assert (mixed.status_code, mixed.json()["code"]) == (410, "auth_code_invalid")
    assert_nobody_was_signed_in(victim, mixed, me)
    assert open_sessions(upstream, email) == 0


@pytest.mark.project(MAILER_AUTOCONFIRM="false")
@pytest.mark.parametrize("typed", ["the victim's", "the attacker's old one"])
def test_a_planted_change_of_address_opens_no_session(
    upstream: Upstream, victim: Browser, attacker: Browser, typed: str
) -> None:
    me = victim.me().json()
    eve, new = upstream.person(address("eve")), address("new")
    attacker.sign_in(eve.email, eve.password)
    assert attacker.ask("PUT", "/auth/email", {"email": new}).status_code == 202
    attacker.follow(upstream.mail(new), "email_change")
    proof = upstream.mail(eve.email)
    without = victim.follow(proof, "email_change")
    assert (without.status_code, without.json()["code"]) == (403, "auth_address_required")
    done = victim.follow(proof, "email_change", email=eve.email if typed != "the victim's" else victim.email or "")
    assert (done.status_code, done.json()) == (200, {"session": None, "next": "sign_in"})
    assert_nobody_was_signed_in(victim, done, me)


@pytest.mark.project(MAILER_AUTOCONFIRM="false")
def test_one_mailbox_alone_does_not_move_an_account_by_its_link(upstream: Upstream, attacker: Browser) -> None:
    """Whoever has somebody's session and a mailbox of their own. By the six digits it does: SECURITY.md, "What remains"."""
    ada, new = upstream.person(), address("eve")
    attacker.sign_in(ada.email, ada.password)
    assert attacker.ask("PUT", "/auth/email", {"email": new}).status_code == 202
    proof = upstream.mail(new)
    assert attacker.follow(proof, "email_change").json() == {"session": None, "next": "confirm_other_address"}
    for claimed in TYPES:
        for more in ({}, {"email": new}, {"email": ada.email}):
            again = attacker.follow(proof, claimed, **more)
            assert (again.status_code, again.json()["code"]) == (410, "auth_code_invalid")
    assert attacker.me().json()["user"]["email"] == ada.email


def test_a_planted_cookie_beside_the_own_one_makes_no_flow_good(upstream: Upstream, victim: Browser, attacker: Browser) -> None:
    """A sibling domain can set a second cookie of the same name: neither is believed (RFC 6265 section 8.6)."""
    email, proof = link_of("magiclink", upstream, attacker)
    both = "; ".join(f"latchkey_csrf={browser.http.cookies['latchkey_csrf']}" for browser in (victim, attacker))
    response = httpx.post(
        f"{victim.http.base_url}/auth/verify",
        json={"type": "magiclink", "tokenHash": proof.token_hash, "flow": proof.flow},
        headers={"Cookie": both, "X-CSRF-Token": CSRF_TOKEN},
        trust_env=False,
    )
    assert (response.status_code, response.json()["code"]) == (403, "auth_address_required")
    assert open_sessions(upstream, email) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda flow: flow[:-1], lambda flow: flow[1:], lambda flow: flow.upper(), lambda flow: f"{flow}A",
        lambda flow: flow.split("~")[0], lambda flow: "~".join(reversed(flow.split("~"))), lambda _: "x" * 4096,
        lambda flow: flow.replace("~", "~~", 1),
    ],
)  # fmt: skip
def test_a_spoilt_flow_is_none(upstream: Upstream, attacker: Browser, spoil: Callable[[str], str]) -> None:
    email, proof = link_of("magiclink", upstream, attacker)
    spoilt = attacker.verify(type="magiclink", tokenHash=proof.token_hash, flow=spoil(proof.flow))
    assert (spoilt.status_code, spoilt.json()["code"]) == (403, "auth_address_required")
    assert attacker.follow(proof, "magiclink").json()["user"]["email"] == email


def test_a_flow_of_a_mail_says_more_than_the_type_of_the_request(upstream: Upstream, attacker: Browser) -> None:
    """Supabase takes the hash of either as the other's; what the mail was for is in the flow, which is signed."""
    _, proof = link_of("recovery", upstream, attacker)
    assert attacker.follow(proof, "magiclink").json()["next"] == "set_password"
    _, proof = link_of("magiclink", upstream, attacker)
    assert attacker.follow(proof, "recovery").json()["next"] is None


def test_nothing_is_verified_by_loading_anything(victim: Browser) -> None:
    for method in ("GET", "HEAD"):
        assert victim.http.request(method, "/auth/verify", params={"type": "recovery", "tokenHash": "0"}).status_code == 405


def test_whoever_has_no_csrf_token_plants_nothing(upstream: Upstream, victim: Browser, attacker: Browser) -> None:
    email, proof = link_of("magiclink", upstream, attacker)
    victim.csrf_token = None
    refused = victim.follow(proof, "magiclink", email=email)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")


# --- Where links lead to -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/auth/otp", "/auth/password/recover"])
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}, {"X-Original-Host": "evil.example"},
        {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}, {"Referer": "https://evil.example/"},
        {"redirect_to": "https://evil.example/"}, {"X-Redirect-To": "https://evil.example/"},
    ],
)  # fmt: skip
def test_no_request_says_where_its_link_leads(
    upstream: Upstream, attacker: Browser, path: str, headers: dict[str, str]
) -> None:
    ada = upstream.person()
    assert attacker.post(path, {"email": ada.email}, headers=headers).status_code == 202
    assert _redirect_of_last_mail(upstream).startswith("http://localhost:5173/account/confirm?flow=")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:5173"])
def test_the_host_header_does_not_either(upstream: Upstream, attacker: Browser, host: str) -> None:
    ada = upstream.person()
    asked = attacker.post("/auth/password/recover", {"email": ada.email}, headers={"Host": host})
    assert asked.status_code == 202
    assert _redirect_of_last_mail(upstream).startswith("http://localhost:5173/account/confirm?flow=")


@pytest.mark.parametrize("name", ["redirectTo", "redirect_to", "emailRedirectTo", "code_challenge", "data", "options", "phone"])
def test_no_body_says_it_nor_anything_else(upstream: Upstream, attacker: Browser, name: str) -> None:
    for path, more in QUIET.items():
        body = {"email": upstream.person().email, **more, name: "https://evil.example/"}
        assert attacker.post(path, body).status_code == 400


# --- Guessing ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(start_service: StartService, upstream: Upstream, keys: Keys) -> ServiceProcess:
    """A service whose limits are met soon, and which believes a proxy about addresses."""
    return start_service(
        {
            "SUPABASE_URL": upstream.url,
            "SUPABASE_JWT_SECRET": keys.jwt_secret,
            "RATE_LIMIT_CODES": "5/hour",
            "RATE_LIMIT_MAIL": "4/hour",
            "MAIL_ANSWER_AFTER": "0.05",
            "TRUSTED_PROXIES": "127.0.0.0/8",
        }
    )


def guess(browser: Browser, email: str, number: int) -> httpx.Response:
    """A guess from an address of its own."""
    body = {"type": "email", "email": email, "code": f"{number:06d}"}
    return browser.post("/auth/verify", body, headers={"X-Forwarded-For": f"203.0.113.{number}"})


def test_guesses_at_a_code_are_limited_by_account_however_they_come(upstream: Upstream, limited: ServiceProcess) -> None:
    ada, grace, browser = upstream.person(), upstream.person(), browser_at(limited)
    browser.post("/auth/otp", {"email": ada.email})
    spellings = (ada.email, ada.email.upper(), ada.email.title(), ada.email, ada.email.swapcase())
    for number, email in enumerate(spellings):
        assert guess(browser, email, number).json()["code"] == "auth_code_invalid"
    refused = guess(browser, ada.email, 9)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    right = browser.verify(type="email", email=ada.email, code=upstream.mail(ada.email).code)
    assert right.status_code == 429, "the right one does not tell by its answer that it is"
    assert guess(browser, grace.email, 10).json()["code"] == "auth_code_invalid"


def test_who_is_guessed_at_can_still_use_the_link(upstream: Upstream, limited: ServiceProcess) -> None:
    ada, browser = upstream.person(), browser_at(limited)
    browser.post("/auth/otp", {"email": ada.email})
    for number in range(6):
        guess(browser, ada.email, number)
    assert browser.follow(upstream.mail(ada.email), "magiclink").status_code == 200


@pytest.mark.parametrize("proof", ["nonce", "currentPassword"])
def test_guesses_at_what_a_new_password_needs_are_limited(upstream: Upstream, limited: ServiceProcess, proof: str) -> None:
    ada, browser = upstream.person(), browser_at(limited)
    browser.sign_in(ada.email, ada.password)
    for number in range(5):
        tried = browser.ask("PUT", "/auth/password", {"newPassword": ada.password, proof: f"{number:06d}"})
        assert tried.status_code != 429
    refused = browser.ask("PUT", "/auth/password", {"newPassword": "another-Horse-7-staple", proof: "000000"})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["Retry-After"] == str(refused.json()["details"]["retryAfter"])


def test_unknown_accounts_are_limited_alike(limited: ServiceProcess) -> None:
    browser, nobody = browser_at(limited), address("nobody")
    answers = [guess(browser, nobody, number).status_code for number in range(7)]
    assert answers == [410] * 5 + [429] * 2


# --- Filling mailboxes -------------------------------------------------------------------------------------------------------


def test_mails_to_one_account_are_limited_whichever_kind_and_whoever_asks(upstream: Upstream, limited: ServiceProcess) -> None:
    ada, browser = upstream.person(), browser_at(limited)
    paths = ["/auth/otp", "/auth/password/recover", "/auth/otp", "/auth/password/recover", "/auth/otp"]
    answers = [
        browser.post(path, {"email": ada.email}, headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number, path in enumerate(paths)
    ]
    assert answers == [202] * 4 + [429]


def test_one_address_is_limited_whomever_it_mails(limited: ServiceProcess) -> None:
    browser = browser_at(limited)
    answers = [browser.post("/auth/otp", {"email": address()}).status_code for _ in range(41)]
    assert answers == [202] * 40 + [429]


def test_who_is_signed_in_is_limited_whatever_new_addresses_are_named(upstream: Upstream, limited: ServiceProcess) -> None:
    ada, browser = upstream.person(), browser_at(limited)
    browser.sign_in(ada.email, ada.password)
    answers = [browser.ask("PUT", "/auth/email", {"email": address()}).status_code for _ in range(5)]
    assert answers == [202] * 4 + [429]
    assert browser.ask("POST", "/auth/reauthenticate").status_code == 429


# --- Who has an account ------------------------------------------------------------------------------------------------------

VARYING: Final = {"date", "x-request-id"}


def _banned(upstream: Upstream) -> str:
    ada = upstream.person()
    assert upstream.admin("PUT", f"/admin/users/{ada.id}", {"ban_duration": "24h"}).status == 200
    return ada.email


def _unconfirmed(upstream: Upstream) -> str:
    email = address()
    upstream.link("signup", email, password=PASSWORD)
    return email


ACCOUNTS: Final[Mapping[str, Callable[[Upstream], str]]] = {
    "known": lambda upstream: upstream.person().email,
    "unconfirmed": _unconfirmed,
    "banned": _banned,
    "just mailed": lambda upstream: upstream.person().email,
}


@pytest.mark.project(MAILER_AUTOCONFIRM="false", SMTP_MAX_FREQUENCY="60s")
@pytest.mark.parametrize("path", QUIET)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_no_answer_tells_who_has_an_account(upstream: Upstream, served: ServiceProcess, account: str, path: str) -> None:
    email, nobody = ACCOUNTS[account](upstream), address()
    if account == "just mailed":
        browser_at(served).post("/auth/password/recover", {"email": email})
        browser_at(served).post("/auth/password/recover", {"email": nobody})
    told = [browser_at(served).post(path, {"email": who, **QUIET[path]}) for who in (email, nobody)]
    known, unknown = ((answer.status_code, answer.json(), _told(answer)) for answer in told)
    assert known[0] == 202
    assert known[:2] == unknown[:2]
    assert known[2] == unknown[2]


EVERY_CASE: Final = [
    pytest.param(account, path, marks=() if (account, path) == ("known", "/auth/password/recover") else pytest.mark.thorough)
    for account in ACCOUNTS
    for path in QUIET
]


@pytest.mark.project(MAILER_AUTOCONFIRM="false", SMTP_MAX_FREQUENCY="60s")
@pytest.mark.parametrize(("account", "path"), EVERY_CASE)
def test_no_time_tells_it_either(upstream: Upstream, served: ServiceProcess, account: str, path: str) -> None:
    browser = browser_at(served)
    times: dict[str, list[float]] = {ACCOUNTS[account](upstream): [], address(): []}
    for _ in range(7):
        for email, taken in times.items():
            started = time.perf_counter()
            assert browser.post(path, {"email": email, **QUIET[path]}).status_code == 202
            taken.append(time.perf_counter() - started)
    known, unknown = map(statistics.median, times.values())
    assert abs(known - unknown) < 0.03, "what is left is the noise of a busy machine"


def test_a_wrong_code_of_a_banned_account_is_like_any_other(upstream: Upstream, victim: Browser) -> None:
    banned = victim.verify(type="email", email=_banned(upstream), code="000000")
    unknown = victim.verify(type="email", email=address("nobody"), code="000000")
    assert (banned.status_code, banned.json()) == (unknown.status_code, unknown.json())
    assert banned.json()["code"] == "auth_code_invalid"


def _told(answer: httpx.Response) -> dict[str, str]:
    """The headers, but for those that differ from one answer to the next whoever asks."""
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    headers["ratelimit"] = headers["ratelimit"].split(";t=")[0].split(";r=")[0]
    return headers


def _redirect_of_last_mail(upstream: Upstream) -> str:
    assert isinstance(upstream, RecordedUpstream)
    return upstream.server.project.mails[-1].redirect_to

"""The mailbox and the GitHub beside the embedded Supabase: a person can confirm, recover and come in by a provider, offline."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from local.embedded import Embedded, frontend
from local.keys import Keys
from tests.support import loopback
from tests.support.browser import PASSWORD, new_email
from tests.support.migrated import copy
from tests.support.service import free_port

FRONTEND = "https://app.example.com"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory, migrated: Path, keys: Keys) -> Iterator[Embedded]:
    """All of it, with confirmation on."""
    state = copy(migrated, tmp_path_factory.mktemp("embedded") / "state")
    running = Embedded(state, keys, port=free_port(), mailbox_port=free_port(), frontend=FRONTEND, confirmation=True)
    try:
        running.launch()
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@dataclass(frozen=True, slots=True)
class Mail:
    """What a person sees of one."""

    subject: str
    body: str

    @property
    def link(self) -> str:
        found = re.search(r'href="([^"]+)"', self.body)
        return html.unescape(found[1]) if found else ""

    @property
    def code(self) -> str:
        found = re.search(r">(\d{6})<", self.body)
        assert found
        return found[1]


def _mail(embedded: Embedded, to: str, subject: str) -> Mail:
    """The mail with that subject to that address, once it is there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for mail in loopback.get(f"{embedded.mailbox.url}/email", timeout=10).json():
            if mail["subject"] == subject and to in [recipient["address"] for recipient in mail["to"]]:
                return Mail(subject, mail["html"])
        time.sleep(0.05)
    raise AssertionError(f"no mail {subject!r} to {to}")


def _ask(embedded: Embedded, method: str, path: str, body: object = None, token: str | None = None) -> httpx.Response:
    headers = {"apikey": embedded.supabase.keys.publishable_key}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return loopback.request(method, f"{embedded.supabase.url}/auth/v1{path}", json=body, headers=headers, timeout=30)


def _sign_up(embedded: Embedded, email: str) -> None:
    assert _ask(embedded, "POST", "/signup", {"email": email, "password": PASSWORD}).status_code == 200


def _follow(embedded: Embedded, mail: Mail, kind: str) -> dict[str, Any]:
    """What the page behind a link does, once. The server of that page sees nothing of the fragment."""
    address = urlsplit(mail.link)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{FRONTEND}/account/confirm"
    assert address.query == ""
    fragment = dict(parse_qsl(address.fragment, strict_parsing=True))
    assert fragment.keys() == {"token_hash", "type"}
    assert fragment["type"] == kind
    verified = _ask(embedded, "POST", "/verify", fragment)
    assert verified.status_code == 200
    assert _ask(embedded, "POST", "/verify", fragment).is_error, "once only"
    answer: dict[str, Any] = verified.json()
    return answer


def _confirmed(embedded: Embedded) -> tuple[str, str]:
    """A new user's address and access token."""
    email = new_email()
    _sign_up(embedded, email)
    session = _follow(embedded, _mail(embedded, email, "Confirm your e-mail address"), "signup")
    return email, session["access_token"]


def test_a_sign_up_is_confirmed_from_the_mailbox(embedded: Embedded) -> None:
    email = new_email()
    _sign_up(embedded, email)
    sign_in = {"email": email, "password": PASSWORD}
    assert _ask(embedded, "POST", "/token?grant_type=password", sign_in).is_error
    _follow(embedded, _mail(embedded, email, "Confirm your e-mail address"), "signup")
    assert _ask(embedded, "POST", "/token?grant_type=password", sign_in).status_code == 200


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "subject", "kind"), [("/recover", "Choose a new password", "recovery"), ("/otp", "Sign in", "magiclink")]
)
def test_a_link_or_its_code_opens_a_session(embedded: Embedded, path: str, subject: str, kind: str) -> None:
    email, _ = _confirmed(embedded)
    assert _ask(embedded, "POST", path, {"email": email}).status_code == 200
    assert _follow(embedded, _mail(embedded, email, subject), kind)["user"]["email"] == email

    email, _ = _confirmed(embedded)
    assert _ask(embedded, "POST", path, {"email": email}).status_code == 200
    by_code = {"type": kind, "email": email, "token": _mail(embedded, email, subject).code}
    assert _ask(embedded, "POST", "/verify", by_code).status_code == 200


def test_a_new_address_is_confirmed_by_the_same_kind_of_link(embedded: Embedded) -> None:
    email, token = _confirmed(embedded)
    assert _ask(embedded, "PUT", "/user", {"email": new_email()}, token).status_code == 200
    mail = _mail(embedded, email, "Confirm the new e-mail address")
    _follow(embedded, mail, "email_change")


def test_a_password_change_is_confirmed_by_a_code_without_a_link(embedded: Embedded) -> None:
    email, token = _confirmed(embedded)
    assert _ask(embedded, "GET", "/reauthenticate", token=token).status_code == 200
    mail = _mail(embedded, email, "Confirm Reauthentication")
    change = {"password": f"{PASSWORD} too", "nonce": mail.code}
    assert mail.link == ""
    assert _ask(embedded, "PUT", "/user", change, token).status_code == 200


@pytest.mark.thorough
def test_mails_outlive_the_mailbox(embedded: Embedded) -> None:
    email = new_email()
    _sign_up(embedded, email)
    before = _mail(embedded, email, "Confirm your e-mail address")
    embedded.mailbox.stop()
    embedded.mailbox.launch()
    embedded.mailbox.wait_until_ready()
    assert _mail(embedded, email, "Confirm your e-mail address") == before


def test_the_page_of_the_mailbox_asks_no_other_host(embedded: Embedded) -> None:
    page = loopback.get(embedded.mailbox.url, timeout=10)
    assert page.status_code == 200
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', page.text) == []


# --- GitHub ------------------------------------------------------------------------------------------------------------------


def _begin(embedded: Embedded) -> tuple[str, str]:
    """The address of the consent page, and the PKCE verifier (RFC 7636) of the flow."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = httpx.QueryParams(
        provider="github",
        redirect_to=f"{FRONTEND}/account/return?flow=a.b",
        code_challenge=challenge,
        code_challenge_method="s256",
    )
    answer = _ask(embedded, "GET", f"/authorize?{query}")
    assert answer.status_code == 302
    return answer.headers["Location"], verifier


def _choose(consent_page: str, **choice: str) -> httpx.Response:
    """Press a button of the consent page, as a browser does."""
    page = loopback.get(consent_page, timeout=10)
    assert page.status_code == 200
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    form = {name: html.unescape(value) for name, value in fields} | choice
    action = re.search(r'action="([^"]+)"', page.text)
    assert action
    return loopback.post(str(httpx.URL(consent_page).join(action[1])), data=form, timeout=10)


def _come_back(embedded: Embedded, **choice: str) -> tuple[dict[str, str], str]:
    """What the front end's page gets, and the verifier."""
    consent_page, verifier = _begin(embedded)
    chosen = _choose(consent_page, **choice)
    assert chosen.status_code == 302
    callback = loopback.get(chosen.headers["Location"], timeout=30)
    assert callback.is_redirect
    address = urlsplit(callback.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{FRONTEND}/account/return"
    return dict(parse_qsl(address.query)), verifier


def _exchange(embedded: Embedded, code: str, verifier: str) -> httpx.Response:
    return _ask(embedded, "POST", "/token?grant_type=pkce", {"auth_code": code, "code_verifier": verifier})


def test_who_consents_is_signed_in_by_a_code(embedded: Embedded) -> None:
    answer, verifier = _come_back(embedded, login="grace")
    assert answer["flow"] == "a.b"
    assert _exchange(embedded, answer["code"], secrets.token_urlsafe(48)).is_error
    answer, verifier = _come_back(embedded, login="grace")
    session = _exchange(embedded, answer["code"], verifier).json()
    assert session["user"]["email"] == "grace@example.com"
    assert session["user"]["user_metadata"]["full_name"] == "Grace Hopper"
    assert session["provider_token"].startswith("gho_")
    assert _exchange(embedded, answer["code"], verifier).is_error, "once only"


def test_who_denies_comes_back_without_a_code(embedded: Embedded) -> None:
    answer, _ = _come_back(embedded, deny="1")
    assert answer["error"] == "access_denied"
    assert "code" not in answer


def test_an_account_without_a_verified_address_has_to_confirm_it_first(embedded: Embedded) -> None:
    answer, _ = _come_back(embedded, login="unverified")
    assert (answer["error"], answer["error_code"]) == ("access_denied", "provider_email_needs_verification")
    _follow(embedded, _mail(embedded, "una@example.com", "Confirm your e-mail address"), "signup")
    answer, verifier = _come_back(embedded, login="unverified")
    assert _exchange(embedded, answer["code"], verifier).json()["user"]["email"] == "una@example.com"


def test_another_application_or_address_gets_a_page_and_no_code(embedded: Embedded) -> None:
    consent_page, _ = _begin(embedded)
    for name, value, status in (("client_id", "another", 404), ("redirect_uri", "https://evil.example/", 400)):
        refused = loopback.get(httpx.URL(consent_page).copy_set_param(name, value), timeout=10)
        assert refused.status_code == status
        assert "<form" not in refused.text
        assert _choose(consent_page, login="ada", **{name: value}).status_code == status


def test_a_code_is_exchanged_once_and_by_the_application_only(embedded: Embedded) -> None:
    github = embedded.github
    consent_page, _ = _begin(embedded)
    code = parse_qs(urlsplit(_choose(consent_page, login="ada").headers["Location"]).query)["code"][0]
    form = {"client_id": github.client_id, "client_secret": github.client_secret, "code": code}

    def exchange(**changed: str) -> dict[str, str]:
        answer = loopback.post(
            f"{github.url}/login/oauth/access_token", data=form | changed, headers={"Accept": "application/json"}, timeout=10
        )
        assert answer.status_code == 200
        said: dict[str, str] = answer.json()
        return said

    assert exchange(client_secret="wrong")["error"] == "incorrect_client_credentials"
    assert exchange(redirect_uri="https://evil.example/")["error"] == "redirect_uri_mismatch"
    assert exchange(code="wrong")["error"] == "bad_verification_code"
    token = exchange()["access_token"]
    assert exchange()["error"] == "bad_verification_code"

    def read(path: str, authorization: str) -> httpx.Response:
        return loopback.get(f"{github.url}/api/v3{path}", headers={"Authorization": authorization}, timeout=10)

    assert read("/user", f"Bearer {token}").json()["login"] == "ada"
    assert read("/user/emails", f"token {token}").json()[0] == {
        "email": "ada@example.com", "primary": True, "verified": True, "visibility": "private",
    }  # fmt: skip
    for path in ("/user", "/user/emails"):
        assert read(path, "Bearer wrong").status_code == 401
        assert read(path, f"Basic {token}").status_code == 401


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({}, "http://localhost:5173"),
        ({"CORS_ORIGINS": "http://127.0.0.1:3000, http://localhost:3000"}, "http://127.0.0.1:3000"),
        ({"FRONTEND_URL": "http://localhost:8080/", "CORS_ORIGINS": "http://localhost:3000"}, "http://localhost:8080"),
    ],
)
def test_links_lead_to_the_front_end_that_the_service_knows(settings: dict[str, str], origin: str) -> None:
    assert frontend(settings) == origin

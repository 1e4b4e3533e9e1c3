"""What Schemathesis lacks: a browser that holds real tokens and cookies, so that its requests get past the door."""

from __future__ import annotations

import html
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.support.loopback import TRUST_NOBODY
from tests.support.upstream.mailbox import MailboxReader

PASSWORD = "correct horse battery staple"
REFRESH_COOKIE = "sb_refresh_token"
MAILBOX_URL = "FUZZ_MAILBOX_URL"  # the variable that says where the mails of the fuzzed service's Supabase can be read
CSRF_COOKIE = "latchkey_csrf"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one request carries."""

    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


class BrowserSession:
    """Keeps cookies and tokens as a front end does: it learns them from the service's answers.

    A request that needs a session gets the one that the latest sign-up, sign-in or refresh opened. Where there is none, or
    a sign-out ended it, a user of its own signs in first. So a chain of requests acts as the user whom it created.
    """

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=30, trust_env=False, verify=TRUST_NOBODY)
        mailbox = os.environ.get(MAILBOX_URL)
        self._mailbox = MailboxReader(mailbox) if mailbox else None
        self._signed_in: str | None = None
        self._csrf_token: str | None = None
        self._cookies: dict[str, str] = {}
        self._access_token: str | None = None
        self.start_over()

    def credentials(self, *, csrf: bool, bearer: bool, refresh: bool) -> Credentials:
        """Real ones of the asked kinds, fetched from the service where there are none yet."""
        headers, cookies = {}, {}
        if csrf:
            self._require_csrf()
            headers["X-CSRF-Token"] = self._csrf_token or ""
            cookies[CSRF_COOKIE] = self._cookies[CSRF_COOKIE]
        if (refresh and REFRESH_COOKIE not in self._cookies) or (bearer and self._access_token is None):
            self._sign_in()
        if refresh:
            cookies[REFRESH_COOKIE] = self._cookies[REFRESH_COOKIE]
        if bearer:
            headers["Authorization"] = f"Bearer {self._access_token}"
        return Credentials(headers, cookies)

    def account(self) -> dict[str, str]:
        """What the user of this session signs in with."""
        self._sign_up()
        return {"email": self._email, "password": self._password}

    def code(self) -> dict[str, str] | None:
        """A code that a mail brought to somebody new; None where no mailbox can be read."""
        if self._mailbox is None:
            return None
        email = f"fuzz-{secrets.token_hex(8)}@example.com"
        self._require_csrf()
        self._send("/auth/otp", {"email": email})
        return {"type": "email", "email": email, "code": self._mailbox.newest(email).code}

    def password_changed(self, password: str) -> None:
        """Whoever is signed in has another password from now on."""
        if self._signed_in == self._email:
            self._password = password

    def completion(self, *, consent: bool) -> dict[str, str]:
        """A flow that was begun just now; with the code, where somebody consented at the provider."""
        self._require_csrf()
        started = self._send("/auth/oauth/start", {"provider": "github"}).json()
        flow: dict[str, str] = {"flow": started["flow"]}
        if not consent:
            return flow
        page = self._http.get(self._http.get(started["url"]).headers["Location"])
        fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
        form = {name: html.unescape(value) for name, value in fields} | {"login": "grace"}
        callback = self._http.post(page.url.copy_with(query=None), data=form).headers["Location"]
        back = self._http.get(callback).headers["Location"]
        return flow | {"code": dict(parse_qsl(urlsplit(back).query))["code"]}

    def learn(self, set_cookies: Iterable[str], body: Any) -> None:
        """Take over what an answer brought: cookies set and cleared, tokens in the body."""
        for value in set_cookies:
            for name, morsel in SimpleCookie(value).items():
                if morsel.value:
                    self._cookies[name] = morsel.value
                else:
                    self._cookies.pop(name, None)
                if name == REFRESH_COOKIE:
                    self._access_token = None  # it belonged to the session that the cookie was for
        if isinstance(body, dict):
            self._csrf_token = body.get("csrfToken", self._csrf_token)
            self._access_token = body.get("accessToken", self._access_token)
            if isinstance(user := body.get("user"), dict):
                self._signed_in = user.get("email")

    def enroll(self) -> Any:
        """What is answered to who begins a second factor; an error where there is none to be had."""
        sent = self.credentials(csrf=True, bearer=True, refresh=False)
        cookies = "; ".join(f"{name}={value}" for name, value in sent.cookies.items())
        body = {"type": "totp", "name": secrets.token_hex(8)}
        return self._http.post("/auth/mfa/factors", json=body, headers={**sent.headers, "Cookie": cookies}).json()

    def listed_sessions(self) -> Any:
        """What is answered to who asks for the own sessions, on a second device."""
        self._sign_in()
        return self._http.get("/auth/sessions", headers=self.credentials(csrf=False, bearer=True, refresh=False).headers).json()

    def is_own(self, authorization: str | None) -> bool:
        """Whether that is how a request says who is signed in."""
        return self._access_token is not None and authorization == f"Bearer {self._access_token}"

    def start_over(self) -> None:
        """With a user who is yet to be made: the one before is gone."""
        self._email = f"fuzz-{secrets.token_hex(8)}@example.com"
        self._password = PASSWORD
        self._registered = False
        self.forget_session()

    def forget_session(self) -> None:
        """After a refusal of the session, as a front end would."""
        self._cookies.pop(REFRESH_COOKIE, None)
        self._access_token = None

    def _require_csrf(self) -> None:
        if self._csrf_token is None or CSRF_COOKIE not in self._cookies:
            self._take(self._http.get("/auth/csrf"))

    def _sign_up(self) -> None:
        self._require_csrf()
        if not self._registered:
            self._post("/auth/signup", profile={"displayName": "Fuzz"})
            self._registered = True

    def _sign_in(self) -> None:
        self._sign_up()
        self._post("/auth/signin")

    def _post(self, path: str, **more: Any) -> None:
        self._take(self._send(path, {"email": self._email, "password": self._password, **more}))

    def _send(self, path: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"X-CSRF-Token": self._csrf_token or "", "Cookie": f"{CSRF_COOKIE}={self._cookies[CSRF_COOKIE]}"}
        return self._http.post(path, json=body, headers=headers).raise_for_status()

    def _take(self, response: httpx.Response) -> None:
        response.raise_for_status()
        self.learn(response.headers.get_list("set-cookie"), response.json())
        self._http.cookies.clear()

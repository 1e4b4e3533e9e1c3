"""A client that does what a browser app does: keeps cookies, sends the CSRF token, holds the access token in memory."""

from __future__ import annotations

import secrets
import ssl
from typing import Any

import httpx

from tests.support import leaks
from tests.support.loopback import TRUST_NOBODY
from tests.support.service import CSRF_TOKEN
from tests.support.upstream.base import Proof

PASSWORD = "correct horse battery staple"


def new_email() -> str:
    """An address that no other test uses."""
    return f"user-{secrets.token_hex(8)}@example.com"


def cookies_set(response: httpx.Response) -> list[str]:
    """The names of the cookies that a response sets or clears: a test that fails shows no value."""
    return [value.partition("=")[0] for value in response.headers.get_list("set-cookie")]


class Browser:
    """One browser with one page open. `csrf_token` None sends no token."""

    def __init__(
        self, base_url: str, *, csrf_token: str | None = CSRF_TOKEN, timeout: float = 30, trust: ssl.SSLContext = TRUST_NOBODY
    ) -> None:
        hooks = {"response": [_holds_no_secret]}
        self.http = httpx.Client(base_url=base_url, timeout=timeout, trust_env=False, verify=trust, event_hooks=hooks)
        self.csrf_token = csrf_token
        self.access_token: str | None = None
        self.email: str | None = None

    def post(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        """POST with the CSRF token."""
        headers = dict(kwargs.pop("headers", {}))
        if isinstance(body, dict) and isinstance(body.get("password"), str):
            leaks.remember("password", body["password"])
        if self.csrf_token is not None:
            headers.setdefault("X-CSRF-Token", self.csrf_token)
        if body is not None:
            kwargs["json"] = body
        response = self.http.post(path, headers=headers, **kwargs)
        leaks.remember("refresh token", *(value for name, value in response.cookies.items() if "refresh" in name))
        return response

    def fetch_csrf_token(self) -> str:
        """Fetch a real token, as an app does at its start, and send it from now on."""
        token: str = self.http.get("/auth/csrf").raise_for_status().json()["csrfToken"]
        self.csrf_token = token
        return token

    def sign_up(self, email: str, password: str = PASSWORD, display_name: str | None = None) -> httpx.Response:
        profile = {} if display_name is None else {"profile": {"displayName": display_name}}
        return self.post("/auth/signup", {"email": email, "password": password, **profile})

    def sign_in(self, email: str, password: str = PASSWORD, **more: object) -> httpx.Response:
        self.email = email
        return self._keep(self.post("/auth/signin", {"email": email, "password": password, **more}))

    def refresh(self) -> httpx.Response:
        return self._keep(self.post("/auth/refresh"))

    def me(self, token: str | None = None) -> httpx.Response:
        token = token or self.access_token
        leaks.remember("access token", token)
        return self.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"} if token else {})

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request with the CSRF token, and the access token where there is one."""
        for name in ("newPassword", "currentPassword") if isinstance(body, dict) else ():
            leaks.remember("password", *([body[name]] if isinstance(body.get(name), str) else []))
        headers = {"X-CSRF-Token": self.csrf_token or ""}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        return self.http.request(method, path, json=body, headers=headers)

    def verify(self, **body: str) -> httpx.Response:
        """Use a link or a code up."""
        return self._keep(self.post("/auth/verify", body))

    def follow(self, proof: Proof, kind: str, **more: str) -> httpx.Response:
        """What the page behind a mail's link does on a click."""
        leaks.remember("mail link", proof.token_hash, proof.flow or None)
        flow = {"flow": proof.flow} if proof.flow else {}
        return self.verify(type=kind, tokenHash=proof.token_hash, **flow, **more)

    def logout(self, scope: str | None = None, *, with_token: bool = True) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {self.access_token}"} if with_token and self.access_token else {}
        return self.post("/auth/logout", None if scope is None else {"scope": scope}, headers=bearer)

    def reload(self) -> None:
        """What a page reload does: everything in memory is gone, the cookies stay."""
        self.access_token = None

    @property
    def refresh_token(self) -> str | None:
        """The refresh cookie's value, as only the test can see it."""
        values = [cookie.value for cookie in self.http.cookies.jar if cookie.name.endswith("sb_refresh_token")]
        return values[0] if values else None

    def _keep(self, response: httpx.Response) -> httpx.Response:
        if response.is_success and "accessToken" in (body := response.json()):
            self.access_token = body["accessToken"]
        return response


def _holds_no_secret(response: httpx.Response) -> None:
    """No body holds one but the access token in the answer to who has just got it, and examples in the contract."""
    response.read()
    path = response.request.url.path.removeprefix("/api")  # where some tests mount the service
    if path.startswith(("/openapi.", "/ui/")):
        return
    given = response.is_success and path in {"/auth/signin", "/auth/refresh", "/auth/verify", "/auth/oauth/complete"}
    assert set(leaks.kinds_found(response.text)) <= ({"JWT", "access token"} if given else set())

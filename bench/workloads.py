"""The requests that are measured."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.backend import Backend
from service.security.flow import Flows, Intent
from service.security.signing import Signing

REFRESH_COOKIE: Final = "sb_refresh_token"
CSRF_COOKIE: Final = "latchkey_csrf"

# Each request's name in the JSON and on the command line, and its title.
TITLES: Final = {
    "me": "GET /auth/me",
    "me_hs256": "GET /auth/me, one token by HS256",
    "signin": "POST /auth/signin",
    "refresh": "POST /auth/refresh",
    "verify": "POST /auth/verify",
    "complete": "POST /auth/oauth/complete",
    "mfa_verify": "POST /auth/mfa/verify",
    "sessions": "GET /auth/sessions",
    "refusal": "GET /auth/me without a token",
    "healthz": "GET /healthz",
}

# What the peers have not: it is measured beside the service's own sign-in.
OWN: Final = ("verify", "complete", "mfa_verify", "sessions")


@dataclass(frozen=True)
class Request:
    """One request, sent over and over, and the status that is its right answer. `bearers` are access tokens that take turns."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    status: int = 200
    bearers: Sequence[str] = ()


def through_service(backend: Backend) -> dict[str, Request]:
    """The measured requests as a browser app sends them to Latchkey or to a peer."""
    csrf = {"X-CSRF-Token": backend.csrf_token}
    credentials = json.dumps({"email": backend.email, "password": backend.password})
    json_body = {"Content-Type": "application/json"}
    cookie = {"Cookie": f"{REFRESH_COOKIE}={backend.refresh_token}"}
    hs256 = {"me_hs256": Request("GET", "/auth/me", _bearer(backend.hs256_token))} if backend.hs256_token else {}
    return {
        "me": Request("GET", "/auth/me", bearers=backend.tokens or [backend.access_token]),
        **hs256,
        "signin": Request("POST", "/auth/signin", csrf | json_body, credentials),
        "refresh": Request("POST", "/auth/refresh", csrf | cookie, ""),
        "refusal": Request("GET", "/auth/me", status=401),
        "healthz": Request("GET", "/healthz"),
    }


def own(backend: Backend) -> dict[str, Request]:
    """What only Latchkey answers."""
    posted = {"X-CSRF-Token": backend.csrf_token, "Content-Type": "application/json"}
    browser = secrets.token_urlsafe(32)
    # A mail's flow and no provider's, which is good for ten minutes: its code is exchanged in the same way.
    flow = Flows(Signing([backend.signing_secret])).begin(browser, Intent.sign_up, subject=backend.email).value
    code = {"type": "email", "email": backend.email, "code": "123456"}
    step_up = {"factorId": backend.factor_id, "code": "123456"}
    bearer = _bearer(backend.access_token)
    return {
        "verify": Request("POST", "/auth/verify", posted, json.dumps(code)),
        "complete": Request(
            "POST",
            "/auth/oauth/complete",
            posted | {"Cookie": f"{CSRF_COOKIE}={browser}"},
            json.dumps({"flow": flow, "code": "0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11"}),
        ),
        "mfa_verify": Request("POST", "/auth/mfa/verify", posted | bearer, json.dumps(step_up)),
        "sessions": Request("GET", "/auth/sessions", bearer),
    }


def straight_to_upstream(backend: Backend) -> dict[str, Request]:
    """What Supabase itself does for each of them: the limit of any server in front of it."""
    key = {"apikey": backend.publishable_key}
    json_key = key | {"Content-Type": "application/json"}
    credentials = json.dumps({"email": backend.email, "password": backend.password})
    return {
        "me": Request("GET", "/auth/v1/user", key, bearers=backend.tokens or [backend.access_token]),
        "signin": Request("POST", "/auth/v1/token?grant_type=password", json_key, credentials),
        "refresh": Request(
            "POST",
            "/auth/v1/token?grant_type=refresh_token",
            json_key,
            json.dumps({"refresh_token": backend.refresh_token}),
        ),
        "refusal": Request("GET", "/auth/v1/user", key, status=401),
        "healthz": Request("GET", "/auth/v1/health", key),
    }


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

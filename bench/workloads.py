"""The requests that are measured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bench.backend import Backend

REFRESH_COOKIE: Final = "sb_refresh_token"

# Each request's name in the JSON and on the command line, and its title.
TITLES: Final = {
    "me": "GET /auth/me",
    "signin": "POST /auth/signin",
    "refresh": "POST /auth/refresh",
    "refusal": "GET /auth/me without a token",
    "healthz": "GET /healthz",
}


@dataclass(frozen=True)
class Request:
    """One request, sent over and over, and the status that is its right answer."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    status: int = 200


def through_service(backend: Backend) -> dict[str, Request]:
    """The measured requests as a browser app sends them to Latchkey or to a peer."""
    bearer = {"Authorization": f"Bearer {backend.access_token}"}
    csrf = {"X-CSRF-Token": backend.csrf_token}
    credentials = json.dumps({"email": backend.email, "password": backend.password})
    json_body = {"Content-Type": "application/json"}
    cookie = {"Cookie": f"{REFRESH_COOKIE}={backend.refresh_token}"}
    return {
        "me": Request("GET", "/auth/me", bearer),
        "signin": Request("POST", "/auth/signin", csrf | json_body, credentials),
        "refresh": Request("POST", "/auth/refresh", csrf | cookie, ""),
        "refusal": Request("GET", "/auth/me", status=401),
        "healthz": Request("GET", "/healthz"),
    }


def straight_to_upstream(backend: Backend) -> dict[str, Request]:
    """What Supabase itself does for each of them: the limit of any server in front of it."""
    key = {"apikey": backend.publishable_key}
    json_key = key | {"Content-Type": "application/json"}
    credentials = json.dumps({"email": backend.email, "password": backend.password})
    return {
        "me": Request("GET", "/auth/v1/user", key | {"Authorization": f"Bearer {backend.access_token}"}),
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

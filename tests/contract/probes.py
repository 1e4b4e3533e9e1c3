"""Requests that a fuzzer seldom makes, each with the answer that is promised for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.contract.exchange import Exchange
from tests.contract.rules import ALLOWED_ORIGINS, FOREIGN_ORIGIN, Finding, findings
from tests.support.loopback import TRUST_NOBODY
from tests.support.service import CSRF_TOKEN

JSON: Final = {"Content-Type": "application/json"}
CSRF: Final = {"X-CSRF-Token": CSRF_TOKEN}
PREFLIGHT: Final = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrf-token"}
CREDENTIALS: Final = b'{"email":"nobody@example.com","password":"not the password"}'


@dataclass(frozen=True, slots=True)
class Probe:
    """A request, and the status and the code (None for a success) of its answer."""

    name: str
    method: str
    path: str
    status: int
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def send(self, http: httpx.Client) -> Exchange:
        """Send it."""
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        return Exchange.from_httpx(http.request(self.method, self.path, headers=headers, content=self.body))

    def findings(self, exchange: Exchange) -> Iterator[Finding]:
        """What is wrong with the answer."""
        yield from findings(exchange)
        body = exchange.json()
        code = body.get("code") if isinstance(body, dict) else None
        if (exchange.status, code) != (self.status, self.code):
            yield Finding("expected_answer", self.name, f"{exchange.status} {code} and not {self.status} {self.code}")


def _sign_in(name: str, status: int, code: str, body: bytes = CREDENTIALS, **headers: str) -> Probe:
    sent = JSON | CSRF | {header.replace("_", "-"): value for header, value in headers.items()}
    return Probe(name, "POST", "/auth/signin", status, code, sent, body)


def _body(**properties: Any) -> bytes:
    return json.dumps(properties).encode()


PROBES: Final[tuple[Probe, ...]] = (
    Probe("a CSRF token", "GET", "/auth/csrf", 200),
    Probe("a CSRF token, for a page of an allowed origin", "GET", "/auth/csrf", 200, None, {"Origin": ALLOWED_ORIGINS[0]}),
    Probe("a CSRF token, for a page of another origin", "GET", "/auth/csrf", 200, None, {"Origin": FOREIGN_ORIGIN}),
    Probe("a request id of the caller's", "GET", "/auth/csrf", 200, None, {"X-Request-ID": "trace-1.a_B"}),
    Probe("a request id that cannot be one", "GET", "/auth/csrf", 200, None, {"X-Request-ID": "a b\t<script>"}),
    Probe("no such path", "GET", "/auth/nothing", 404, "not_found"),
    Probe("no such path, at the root", "POST", "/nothing", 404, "not_found"),
    Probe("no such method", "DELETE", "/auth/me", 405, "method_not_allowed"),
    Probe("no such method, where there is POST", "PUT", "/auth/signin", 405, "method_not_allowed", JSON, CREDENTIALS),
    Probe("no access token", "GET", "/auth/me", 401, "unauthorized"),
    Probe("an access token that is none", "GET", "/auth/me", 401, "unauthorized", {"Authorization": "Bearer a.b.c"}),
    Probe("an error, for a page of an allowed origin", "GET", "/auth/me", 401, "unauthorized", {"Origin": ALLOWED_ORIGINS[1]}),
    Probe("an error, for a page of another origin", "GET", "/auth/me", 401, "unauthorized", {"Origin": FOREIGN_ORIGIN}),
    Probe("an illegal Cookie header", "GET", "/auth/me", 401, "unauthorized", {"Cookie": "a[b]=1; c d=\u00ff; ;;=; \"'"}),
    Probe("no refresh cookie", "POST", "/auth/refresh", 401, "auth_refresh_missing", CSRF),
    Probe("a made-up refresh cookie", "POST", "/auth/refresh", 401, "auth_refresh_invalid",
          CSRF | {"Cookie": "sb_refresh_token=made-up"}),
    Probe("no CSRF token at sign-out", "POST", "/auth/logout", 403, "csrf_failed"),
    Probe("sign-out with nothing to sign out of", "POST", "/auth/logout", 200, None, CSRF),
    Probe("a page of another origin", "POST", "/auth/logout", 403, "csrf_failed", CSRF | {"Origin": FOREIGN_ORIGIN}),
    Probe("no CSRF token at sign-in", "POST", "/auth/signin", 403, "csrf_failed", JSON, CREDENTIALS),
    _sign_in("wrong credentials", 401, "auth_invalid_credentials"),
    _sign_in("wrong credentials, from a page of an allowed origin", 401, "auth_invalid_credentials", Origin=ALLOWED_ORIGINS[0]),
    _sign_in("another media type", 415, "unsupported_media_type", Content_Type="text/plain"),
    _sign_in("an unknown charset", 415, "unsupported_media_type", Content_Type="application/json; charset=klingon"),
    _sign_in("a compressed body", 415, "unsupported_media_type", Content_Encoding="gzip"),
    _sign_in("no body", 400, "invalid_request", b""),
    _sign_in("half a body", 400, "invalid_request", CREDENTIALS[:-5]),
    _sign_in("invalid UTF-8", 400, "invalid_request", b'{"email":"a@example.com","password":"\xff\xfe"}'),
    _sign_in("a lone surrogate", 400, "invalid_request", rb'{"email":"a@example.com","password":"\ud800"}'),
    _sign_in("a NUL", 400, "invalid_request", rb'{"email":"a@example.com","password":"\u0000"}'),
    _sign_in("deep nesting", 400, "invalid_request", b"[" * 5000 + b"]" * 5000),
    _sign_in("a number beyond all bounds", 400, "invalid_request", b'{"email":1e999,"password":' + b"9" * 5000 + b"}"),
    _sign_in("a property that the contract does not have", 400, "invalid_request",
             _body(email="a@example.com", password="12345678", admin=True)),
    _sign_in("a body that is too large", 413, "payload_too_large", _body(email="a@example.com", password="x" * 20_000)),
)  # fmt: skip


def check_service(base_url: str) -> list[Finding]:
    """Send every probe and two preflights; everything that is wrong."""
    with httpx.Client(base_url=base_url, timeout=30, trust_env=False, verify=TRUST_NOBODY) as http:
        found = [finding for probe in PROBES for finding in probe.findings(probe.send(http))]
        for origin in (*ALLOWED_ORIGINS, FOREIGN_ORIGIN):
            found += findings(Exchange.from_httpx(http.options("/auth/signin", headers=PREFLIGHT | {"Origin": origin})))
    return found

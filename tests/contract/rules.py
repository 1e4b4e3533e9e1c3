"""What every answer of the service keeps to, beyond what an OpenAPI document can say of a single operation.

A rule is a generator: it yields what is wrong, without quoting a token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http.cookies import SimpleCookie
from typing import Any, Final, NamedTuple

from service.contract.documents import Document, read_document, resolve
from tests.contract.exchange import Exchange
from tools.error_codes import documented_codes

Rule = Callable[[Exchange], Iterator[str]]

ALLOWED_ORIGINS: Final = ("http://localhost:5173", "http://127.0.0.1:5173")
FOREIGN_ORIGIN: Final = "https://evil.example"
CACHEABLE: Final = re.compile(r"public, max-age=[0-9]+")
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
REQUIRED_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


class Finding(NamedTuple):
    """A broken rule."""

    rule: str
    where: str
    what: str


def findings(exchange: Exchange) -> list[Finding]:
    """Everything that is wrong with one answer."""
    where = f"{exchange.method} {exchange.path} -> {exchange.status}"
    return [Finding(rule.__name__, where, what) for rule in RULES for what in rule(exchange)]


def request_id(exchange: Exchange) -> Iterator[str]:
    """Every answer names its request once; a sound id that the caller sent comes back."""
    ids = exchange.got("x-request-id")
    if len(ids) != 1 or not REQUEST_ID.fullmatch(ids[0]):
        yield f"expected one X-Request-ID, got {len(ids)}"
    sent = exchange.sent("x-request-id")
    if len(sent) == 1 and REQUEST_ID.fullmatch(sent[0]) and ids != sent:
        yield "the request's own X-Request-ID did not come back"


def error_shape(exchange: Exchange) -> Iterator[str]:
    """Every error is application/json with code, message and details, and the code is one of this status."""
    if exchange.status < 400 or exchange.method == "HEAD":
        return
    if exchange.got("content-type") != ["application/json"]:
        yield f"an error came as {exchange.got('content-type')}"
    body = exchange.json()
    if not isinstance(body, dict) or body.keys() != {"code", "message", "details"}:
        yield f"an error has the properties {sorted(body) if isinstance(body, dict) else 'of no object'}"
        return
    if not isinstance(body["message"], str) or not body["message"] or not isinstance(body["details"], dict):
        yield "message must be a text, and details an object"
    if exchange.status != statuses().get(body["code"]):
        yield f"{body['code']} does not belong to {exchange.status}"


def documented_properties(exchange: Exchange) -> Iterator[str]:
    """A body has the properties that the contract names. Clients must bear with more; the service sends none unsaid."""
    operation = contract()["paths"].get(exchange.path, {}).get(exchange.method.lower())
    response = operation["responses"].get(str(exchange.status)) if operation else None
    body = exchange.json()
    if response is not None and isinstance(body, dict):
        schema = resolve(contract(), response)["content"]["application/json"]["schema"]
        yield from _unknown(schema, body, "the body")


def details(exchange: Exchange) -> Iterator[str]:
    """What details and headers both say is the same."""
    body = exchange.json()
    known = body.get("details") if exchange.status >= 400 and isinstance(body, dict) else None
    if not isinstance(known, dict):
        return
    if "retryAfter" in known and exchange.got("retry-after") != [str(known["retryAfter"])]:
        yield "Retry-After and details.retryAfter differ"
    if "requestId" in known and exchange.got("x-request-id") != [known["requestId"]]:
        yield "X-Request-ID and details.requestId differ"


def allow(exchange: Exchange) -> Iterator[str]:
    """405 says which methods there are (RFC 9110 section 15.5.6)."""
    if exchange.status != 405:
        return
    methods = {method.strip() for value in exchange.got("allow") for method in value.split(",")}
    expected = {method.upper() for method in contract()["paths"].get(exchange.path, {})}
    expected |= {"HEAD"} if "GET" in expected else set()  # RFC 9110 section 9.3.2: where there is GET, there is HEAD
    if not methods or (expected and methods != expected):
        yield f"Allow is {sorted(methods)}, and the contract has {sorted(expected)}"


def challenge(exchange: Exchange) -> Iterator[str]:
    """401 carries a challenge (RFC 9110 section 15.5.2)."""
    if exchange.status == 401 and not any(value.startswith("Bearer ") for value in exchange.got("www-authenticate")):
        yield "no WWW-Authenticate"


def no_store(exchange: Exchange) -> Iterator[str]:
    """What carries a token, sets a cookie or says who is signed in is kept by no cache; errors are not either."""
    if exchange.path == "/auth/config" and exchange.status == 200:
        if not CACHEABLE.fullmatch(exchange.got("cache-control")[0]) or exchange.got("vary") != ["Origin"]:
            yield "what is the same for everybody is not kept by caches, or not for each origin"
        return
    private = exchange.got("set-cookie") or exchange.status >= 400 or exchange.path.startswith("/auth/")
    if private and exchange.method != "OPTIONS" and exchange.got("cache-control") != ["no-store"]:
        yield f"Cache-Control is {exchange.got('cache-control')}"


def cookies(exchange: Exchange) -> Iterator[str]:
    """Every cookie is HttpOnly, SameSite=Lax, Path=/, for this host only, and says how long it lives.

    A session's cookies live as long as the browser's own session where sign-in said so.
    """
    may_end_with_the_browser = exchange.path in {"/auth/signin", "/auth/refresh"}
    for value in exchange.got("set-cookie"):
        attributes = {part.strip().partition("=")[0].lower(): part.strip().partition("=")[2] for part in value.split(";")[1:]}
        if "httponly" not in attributes:
            yield "a cookie without HttpOnly"
        if attributes.get("samesite") != "Lax" or attributes.get("path") != "/":
            yield "a cookie without SameSite=Lax or Path=/"
        if "max-age" not in attributes and not may_end_with_the_browser:
            yield "a cookie without Max-Age"
        if "domain" in attributes:
            yield "a cookie with a Domain"


def refresh_token_stays_in_its_cookie(exchange: Exchange) -> Iterator[str]:
    """The refresh token is in no body."""
    sent = SimpleCookie()
    for value in exchange.got("set-cookie"):
        sent.load(value)
    for name, morsel in sent.items():
        if name.endswith("sb_refresh_token") and morsel.value and morsel.value.encode() in exchange.body:
            yield "the body holds the refresh token"


def cross_origin(exchange: Exchange) -> Iterator[str]:
    """Only configured origins see CORS headers, and each sees its own name."""
    origins = exchange.sent("origin")
    answered = [value for name, value in exchange.headers if name.startswith("access-control-")]
    known = len(origins) == 1 and origins[0] in ALLOWED_ORIGINS
    if answered and not known:
        yield "CORS headers for an origin that is not configured"
    if known and exchange.got("access-control-allow-origin") != origins:
        yield f"Access-Control-Allow-Origin is {exchange.got('access-control-allow-origin')}"


def security_headers(exchange: Exchange) -> Iterator[str]:
    """Headers that narrow what a browser may do are on every answer."""
    for name, value in REQUIRED_HEADERS.items():
        if exchange.got(name) != [value]:
            yield f"{name} is {exchange.got(name)}"
    if len(exchange.got("content-security-policy")) != 1:
        yield "no Content-Security-Policy"


def no_server_error(exchange: Exchange) -> Iterator[str]:
    """Nothing that a caller sends makes the service fail."""
    if exchange.status >= 500:
        yield "the service failed"


RULES: Final[tuple[Rule, ...]] = (
    request_id,
    error_shape,
    documented_properties,
    details,
    allow,
    challenge,
    no_store,
    cookies,
    refresh_token_stays_in_its_cookie,
    cross_origin,
    security_headers,
    no_server_error,
)


@cache
def contract() -> Document:
    """openapi/auth.yaml."""
    return read_document("auth.yaml")


@cache
def statuses() -> Mapping[str, int]:
    """The status of each error code."""
    return {code.code: code.status for code in documented_codes(contract())}


def _unknown(schema: Document, value: Any, place: str) -> Iterator[str]:
    """Where a value has properties that its schema does not name."""
    schema = resolve(contract(), schema)
    if value is None:
        return
    for option in schema.get("oneOf", []):
        known = resolve(contract(), option)["properties"]
        if value.get("code") in known["code"]["enum"] if "code" in known else value.keys() <= known.keys():
            yield from _unknown(option, value, place)
    if "properties" in schema:
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from _unknown(schema["properties"][name], inner, f"{place}/{name}")
            else:
                yield f"{place} has a property too many"
    for index, item in enumerate(value if "items" in schema else []):
        yield from _unknown(schema["items"], item, f"{place}/{index}")

"""Input that nobody means well with: never a 5xx, and 400 where it breaks the contract."""

from __future__ import annotations

import json
import socket
import time
from itertools import product

import pytest

from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess

GOOD = {"email": "ada@example.com", "password": PASSWORD, "profile": {"displayName": "Ada"}}
FIELDS = ("email", "password", "displayName")


def with_value(field: str, literal: str) -> bytes:
    """The good body with one string replaced by a JSON literal."""
    marker = "@@"
    body = {**GOOD, "profile": {"displayName": marker}} if field == "displayName" else {**GOOD, field: marker}
    return json.dumps(body).replace(json.dumps(marker), literal).encode()


def post_raw(browser: Browser, body: bytes, content_type: str = "application/json", path: str = "/auth/signup") -> int:
    response = browser.post(path, content=body, headers={"Content-Type": content_type})
    assert response.headers["Content-Type"] == "application/json"
    assert response.json().keys() == {"code", "message", "details"}
    return response.status_code


LITERALS = (
    r'"\ud800"', r'"ab\udfff12345678"', r'"ab\u0000c12345678"', "123", "NaN", "Infinity", "-Infinity", "null", "true",
    "[]", "{}", '""', '"' + "x" * 300 + '"', "1e400", '"\\x"', '"tab\tinside1"',
)  # fmt: skip
ABSENT = {("displayName", "null"), ("displayName", '""')}  # taken for no name at all


@pytest.mark.parametrize(
    ("field", "literal"),
    [case for case in product(FIELDS, LITERALS) if case not in ABSENT],
    ids=lambda value: value[:14],
)
def test_a_value_that_breaks_the_contract_is_a_400(browser: Browser, field: str, literal: str) -> None:
    assert post_raw(browser, with_value(field, literal)) == 400


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{}", b'{"email":"\xc3\x28@example.com"}', b"[" * 10_000, b"[" * 8_000 + b"]" * 8_000, b'{"a":' * 2_000,
        b"null", b"[]", b'"string"', b"1", b"{}", b"NaN", b"\x00", b"{} {}", b'{"email":1,"email":2}', "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
def test_a_body_that_is_no_such_object_is_a_400(browser: Browser, body: bytes) -> None:
    assert post_raw(browser, body) == 400


@pytest.mark.parametrize("extra", ["role", "app_metadata", "id", "__proto__", "email_confirmed_at", ""])
def test_extra_properties_are_a_400(browser: Browser, extra: str) -> None:
    for body in ({**GOOD, extra: "x"}, {**GOOD, "profile": {extra: "x"}}):
        assert post_raw(browser, json.dumps(body).encode()) == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=made-up", "application/json; charset=utf-16", "application/json; charset=",
        "application/json;charset=utf-7", "text/json", "application/xml", "application/problem+json", ";", "",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "\xff/\xfe", "application/json, text/plain",
    ],
)  # fmt: skip
def test_any_other_content_type_is_a_415(browser: Browser, content_type: str) -> None:
    response = browser.post(
        "/auth/signup", content=json.dumps(GOOD).encode(), headers={"Content-Type": content_type.encode("latin-1")}
    )
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/json;"]
)
def test_json_in_utf_8_may_be_spelled_in_several_ways(browser: Browser, content_type: str) -> None:
    body = json.dumps({**GOOD, "email": new_email()}).encode()
    response = browser.post("/auth/signup", content=body, headers={"Content-Type": content_type})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "cookie",
    [
        'a b=c; "', "=; ;;; =", "name with space=1; @=2", "caf\xe9=1", "a=" + "x" * 3000, "theme={dark: [1,2]}; x,y=z",
        "sb_refresh_token", "$Version=1; $Path=/", "a\tb=c",
    ],
    ids=repr,
)  # fmt: skip
def test_cookies_of_other_programs_change_nothing(signed_in: Browser, cookie: str) -> None:
    token = signed_in.refresh_token
    signed_in.http.cookies.clear()
    headers = {"Cookie": f"{cookie}; sb_refresh_token={token}; {cookie}".encode("latin-1")}
    response = signed_in.post("/auth/refresh", headers=headers)
    assert response.status_code == 200, response.text
    csrf = signed_in.http.get("/auth/csrf", headers=[(b"Cookie", cookie.encode("latin-1"))])
    assert csrf.status_code == 200


def test_a_body_of_ten_megabytes_is_refused_before_it_is_read(service: ServiceProcess) -> None:
    head = (
        f"POST /auth/signup HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nX-CSRF-Token: {CSRF_TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        started = time.monotonic()
        connection.sendall(head.encode())  # and not one byte of the body
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"payload_too_large"' in answer
    assert time.monotonic() - started < 5, "it waited for the body"

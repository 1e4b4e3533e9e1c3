"""Heads that are refused, and who may read the refusal."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from service.server.refusal import Refusals
from tests.support import raw
from tests.unit.server.serving import serving, tell

OWN = "https://app.example.com"
GET = b"GET / HTTP/1.1\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(tell, header_timeout=1, refusals=Refusals((), frozenset({OWN.encode()}))) as port:
        yield port


HOSTS = [
    "localhost", "localhost:8000", "app.example.com.", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80",
    "[fe80::1%25eth0]", "[v1.fe80::a]", "xn--bcher-kva.example", "under_score.example", "a%20b.example", "!$&'()*+;=~-.example",
    "localhost:", "",
]  # fmt: skip
NO_HOSTS = [
    "a b", "a/b", "a\\b", "user@example.com", "user:password@example.com", "a?b", "a#b", "a<b>", 'a"b"', "a|b", "a^b", "a`b",
    "{a}", "http://example.com", "a:b", "a:80:80", "[::1", "::1]", "[::1]a", "a[b]", "[a/b]", "a%", "a%2", "a%zz",
    "b\u00fccher.example", "a\tb", "[]", "localhost\x7f",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_accepted(port: int, host: str) -> None:
    [response] = raw.send(port, GET + f"Host: {host}\r\nConnection: close\r\n\r\n".encode())
    assert response.status == 200


@pytest.mark.parametrize("host", NO_HOSTS)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_what_no_host_can_be_is_refused(port: int, host: str, version: str) -> None:
    [response] = raw.send(port, f"GET / HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert (response.status, response.code) == (400, "invalid_request")


def cookies(count: int, origin: str = f"Origin: {OWN}\r\n") -> bytes:
    jar = "; ".join(f"program-{number}={'c' * 80}" for number in range(count))
    return GET + f"Host: localhost\r\n{origin}Cookie: {jar}\r\n\r\n".encode()


@pytest.mark.parametrize("count", [190, 400, 4_000])
def test_too_many_cookies_are_a_431_that_the_page_can_read(port: int, count: int) -> None:
    [response] = raw.send(port, cookies(count))
    assert (response.status, response.code) == (431, "headers_too_large")
    assert response.header("access-control-allow-origin") == OWN
    assert response.header("access-control-allow-credentials") == "true"
    assert "X-Request-ID" in (response.header("access-control-expose-headers") or "")
    assert response.header("vary") == "Origin"
    assert response.header("connection") == "close"


@pytest.mark.parametrize("headers", [b"X: y\r\n" * 101, b"X: " + b"y" * 17_000 + b"\r\n", b"x" * 17_000 + b": y\r\n"])
def test_too_many_or_too_long_header_lines_are_a_431(port: int, headers: bytes) -> None:
    [response] = raw.send(port, GET + b"Host: localhost\r\n" + headers + b"\r\n")
    assert (response.status, response.code) == (431, "headers_too_large")


def test_a_request_line_that_is_too_long_is_no_request(port: int) -> None:
    [response] = raw.send(port, b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (response.status, response.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    "origin",
    ["", "Origin: https://evil.example\r\n", f"Origin: {OWN}\r\n" * 2, f"Origin: {OWN}.evil\r\n", "Origin: null\r\n"],
)
def test_nobody_else_can_read_it(port: int, origin: str) -> None:
    [response] = raw.send(port, cookies(400, origin))
    assert response.status == 431
    assert response.header("access-control-allow-origin") is None


@pytest.mark.thorough
def test_the_page_can_read_that_its_head_took_too_long(port: int) -> None:
    with raw.connect(port) as connection:
        connection.sendall(GET + f"Host: localhost\r\nOrigin: {OWN}\r\nX-Slow".encode())
        time.sleep(0.1)
        [response] = raw.parse(raw.receive_all(connection))
    assert (response.status, response.code) == (408, "request_timeout")
    assert response.header("access-control-allow-origin") == OWN


def test_the_origin_of_an_earlier_request_on_the_connection_does_not_count(port: int) -> None:
    first = GET + f"Host: localhost\r\nOrigin: {OWN}\r\n\r\n".encode()
    with raw.connect(port) as connection:
        connection.sendall(first)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(cookies(400, ""))
        [response] = raw.parse(raw.receive_all(connection))
    assert response.status == 431
    assert response.header("access-control-allow-origin") is None

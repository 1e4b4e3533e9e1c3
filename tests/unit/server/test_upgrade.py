"""A request that asks for another protocol is answered as it is (RFC 9110 section 7.8), with its body, and that is all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.support import raw
from tests.unit.server.serving import serving, tell

pytestmark = pytest.mark.thorough

JAVA = (
    b"Connection: Upgrade, HTTP2-Settings",
    b"Upgrade: h2c",
    b"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAA",
)
CURL = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
ASKS = {
    "java": JAVA,
    "curl": CURL,
    "websocket": (b"Upgrade: websocket", b"Connection: keep-alive, Upgrade", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    "many": (b"Upgrade: h2c", b"upgrade: TLS/1.0", b"Connection: UPGRADE", b"Connection: upgrade"),
    "closing": (b"Connection: close, Upgrade", b"Upgrade: h2c"),
}
BODY = b'{"email": "ada@example.com"}'
BODIES = {
    "length": (b"Content-Length: %d" % len(BODY), BODY),
    "chunked": (
        b"Transfer-Encoding: chunked",
        b"5;a=b\r\n%b\r\n%x\r\n%b\r\n0\r\nX: y\r\n\r\n" % (BODY[:5], len(BODY[5:]), BODY[5:]),
    ),
    "none": (b"X: y", b""),
}  # fmt: skip
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(tell, header_timeout=5) as port:
        yield port


def request(asks: tuple[bytes, ...], framing: bytes, body: bytes, method: bytes = b"POST") -> bytes:
    lines = [method + b" /told?a=1 HTTP/1.1", b"Host: localhost", *asks, b"X-First: 1", framing, b"", b""]
    return b"\r\n".join(lines) + body


def cut(data: bytes, seed: int) -> list[bytes]:
    """At once, byte by byte, or at random places."""
    if seed == 0:
        return [data]
    if seed == 1:
        return [bytes([byte]) for byte in data]
    chance = random.Random(seed)  # noqa: S311 - no secret
    cuts = sorted({0, len(data), *(chance.randrange(len(data)) for _ in range(5))})
    return [data[start:end] for start, end in pairwise(cuts)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("asks", ASKS)
def test_it_is_served_with_its_body_and_without_the_upgrade(port: int, asks: str, body: str, seed: int) -> None:
    framing, content = BODIES[body]
    responses, _ = raw.send_slowly(port, cut(request(ASKS[asks], framing, content), seed), 0.001)
    [response] = responses
    assert response.header("connection") == "close"
    for method, path, query, headers in response.json()["told"]:
        assert (method, path, query) == ("POST", "/told", "a=1")
        names = [name for name, _ in headers]
        assert "upgrade" not in names
        assert [value for name, value in headers if name == "x-first"] == ["1"]
        assert names.count("host") == 1
        assert "x" not in names or body == "none"  # no trailer
    assert response.json()["body"].encode() == (BODY if content else b"")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("body", BODIES)
def test_what_is_pipelined_before_it_is_served_and_what_is_pipelined_behind_it_is_not(port: int, body: str, seed: int) -> None:
    before = b"POST /before HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
    framing, content = BODIES[body]
    responses, _ = raw.send_slowly(port, cut(before + request(JAVA, framing, content) + SMUGGLED * 3, seed), 0.001)
    assert [response.json()["told"][0][1] for response in responses] == ["/before", "/told"]


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: 4\r\nTransfer-Encoding: chunked", id="both"),
        pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 4", id="both_the_other_way"),
        pytest.param(b"Content-Length: 4\r\nContent-Length: 5", id="two_lengths"),
        pytest.param(b"Transfer-Encoding: identity", id="identity"),
        pytest.param(b"Transfer-Encoding: xchunked", id="unknown"),
        pytest.param(b"Content-Length: 4\r\nX: a\r\n folded", id="folded"),
        pytest.param(b"Content-Length: 4\r\nHost: evil.example", id="two_hosts"),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_an_upgrade_makes_no_ambiguous_message_acceptable(port: int, framing: bytes, seed: int) -> None:
    data = request(JAVA, framing, b"0\r\n\r\n" + SMUGGLED)
    responses, _ = raw.send_slowly(port, cut(data, seed), 0.001)
    assert [response.status for response in responses] == [400]


def test_a_malformed_body_of_such_a_request_is_refused(port: int) -> None:
    [response] = raw.send(port, request(JAVA, b"Transfer-Encoding: chunked", b"no chunk\r\n"))
    assert response.status == 400


def test_http_1_0_knows_no_upgrade(port: int) -> None:
    framing, content = BODIES["length"]
    [response] = raw.send(port, request(CURL, framing, content).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert response.json()["body"].encode() == BODY

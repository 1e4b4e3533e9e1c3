"""What an application is told of a request, whatever comes after the request's head."""

from __future__ import annotations

import random
import socket
import time
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

import pytest

from service.server.head import MAX_HEAD_BYTES
from tests.support import raw
from tests.unit.server.serving import serving, tell

HEAD = b"POST /told?a=1 HTTP/1.1\r\nHost: localhost\r\nX-First: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
TRAILERS = (
    b"X-CSRF-Token: forged", b"X-Forwarded-For: 192.0.2.99", b"Authorization: Bearer forged", b"Cookie: a=forged",
    b"Host: evil.example", b"Expect: 100-continue", b"X-First: 2", b"X-Empty:", b"Origin: https://evil.example",
    b"Upgrade: h2c", b"X-HTTP-Method-Override: DELETE", b"x: " + b"y" * 3_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(tell) as port:
        yield port


def segments(data: bytes, chance: random.Random) -> list[bytes]:
    """The bytes, cut at random places; in every tenth case between any two of them."""
    if chance.random() < 0.1:
        return [bytes([byte]) for byte in data]
    cuts = sorted({0, len(data), *(chance.randrange(len(data)) for _ in range(chance.choice([0, 1, 3, 20])))})
    return [data[start:end] for start, end in pairwise(cuts)]


def chunked(body: bytes, trailers: list[bytes], chance: random.Random) -> bytes:
    chunks = []
    while body:
        size = chance.randint(1, len(body))
        extension = chance.choice([b"", b";a=b", b';c="d"'])
        chunks.append(b"%x%b\r\n%b\r\n" % (size, extension, body[:size]))
        body = body[size:]
    return b"".join([*chunks, b"0\r\n", *(line + b"\r\n" for line in trailers), b"\r\n"])


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(40))
def test_no_trailer_reaches_the_scope_of_its_request_or_of_the_next(port: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    trailers = chance.sample(TRAILERS, chance.randint(1, len(TRAILERS)))
    first = HEAD + chunked(b"b" * chance.choice([0, 1, 50]), trailers, chance)
    second = raw.request("GET", "/next", ["X-Second: 2"])
    responses, _ = raw.send_slowly(port, segments(first + second, chance), 0.001)
    told = [request for response in responses for request in response.json()["told"]]
    of_first = ["POST", "/told", "a=1", [["host", "localhost"], ["x-first", "1"], ["transfer-encoding", "chunked"]]]
    of_second = ["GET", "/next", "", [["host", "localhost"], ["connection", "close"], ["x-second", "2"]]]
    assert told == [of_first, of_first, of_second, of_second]


def test_a_body_in_chunks_of_one_byte_is_no_excess(port: int) -> None:
    body = b"1\r\nb\r\n" * MAX_HEAD_BYTES
    [response] = raw.send(port, HEAD.replace(b"Host", b"Connection: close\r\nHost") + body + b"0\r\n\r\n")
    assert response.json()["body"] == "b" * MAX_HEAD_BYTES


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["Connection", "Proxy-Connection"])
@pytest.mark.parametrize("pause", [0.001, 1])
def test_a_trailer_that_ends_the_connection_leaves_no_request_waiting(port: int, name: str, pause: float) -> None:
    message = HEAD.replace(b"/told", b"/slow") + f"0\r\n{name}: close\r\n\r\n".encode()
    responses, seconds = raw.send_slowly(port, [message, raw.request("GET", "/next")], pause)
    assert [response.header("connection") for response in responses] == ["close"]
    assert seconds < 4


@pytest.mark.thorough
@pytest.mark.parametrize(
    "last",
    [
        pytest.param("Connection: close", id="close"),
        pytest.param("Connection: Upgrade\r\nUpgrade: h2c", id="upgrade"),
        pytest.param("Connection: Upgrade\r\nUpgrade: websocket", id="websocket"),
    ],
)
@pytest.mark.parametrize("rest", [b"garbage", b"\r\n", b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /next"])
def test_what_follows_the_last_request_of_a_connection_does_not_cost_its_answer(port: int, last: str, rest: bytes) -> None:
    message = f"GET /slow HTTP/1.1\r\nHost: localhost\r\n{last}\r\n\r\n".encode()
    responses, _ = raw.send_slowly(port, [message, rest, rest], 0.1)
    assert [response.json()["told"][0][1] for response in responses] == ["/slow"]
    assert responses[0].header("connection") == "close"


def send_for_ever(connection: socket.socket, data: bytes) -> None:
    """Until the other side has hung up; the socket buffers take megabytes before that is noticed."""
    while True:
        connection.sendall(data)
        time.sleep(0.05)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"0\r\n" + b"X-Line: y\r\n" * 800_000, id="lines"),
        pytest.param(b"0\r\nX-Line: " + b"y" * 8_000_000, id="value"),
        pytest.param(b"0\r\n" + b"x" * 8_000_000, id="name"),
        pytest.param(b"1;" + b"x" * 8_000_000, id="chunk_extension"),
    ],
)
def test_eight_megabytes_that_frame_a_body_do_not_stay_in_memory(port: int, endless: bytes) -> None:
    tracemalloc.start()
    try:
        with raw.connect(port) as connection:
            connection.sendall(HEAD)
            before, _ = tracemalloc.get_traced_memory()
            with pytest.raises(ConnectionError):
                send_for_ever(connection, endless)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 2_000_000

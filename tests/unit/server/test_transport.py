"""An answer arrives whole, however much of its request is still on its way; and nobody is waited for without bounds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from service.server import transport
from tests.support import raw
from tests.unit.server.serving import hung_up, large, refuse, serving

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(refuse, header_timeout=2) as port:
        yield port


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def send_until_it_breaks(connection: socket.socket, data: bytes, pause: float = 0) -> int:
    """The number of bytes sent until the other side had hung up."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while True:
            sent += connection.send(data)
            time.sleep(pause)
    return sent


async def write_all_and_then_read(port: int, data: bytes) -> bytes:
    """As clients do that write the whole request before they read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        return await asyncio.wait_for(reader.readuntil(b'{"refused": true}'), 30)
    finally:
        writer.close()


@pytest.mark.parametrize("path", ["/close", "/stay"])
@pytest.mark.parametrize("size", [60_000, MEGABYTE, 10 * MEGABYTE])
async def test_the_refusal_of_a_body_of_declared_length_is_received_whole(port: int, path: str, size: int) -> None:
    data = head(path, f"Content-Length: {size}") + b"x" * size
    answers = await asyncio.gather(*(write_all_and_then_read(port, data) for _ in range(5)))
    assert all(answer.startswith(b"HTTP/1.1 413 ") for answer in answers)


@pytest.mark.parametrize("path", ["/close", "/stay"])
async def test_the_refusal_of_a_body_in_chunks_is_received_whole(port: int, path: str) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    data = head(path, "Transfer-Encoding: chunked") + chunk * 300 + b"0\r\n\r\n"
    answers = await asyncio.gather(*(write_all_and_then_read(port, data) for _ in range(5)))
    assert all(answer.startswith(b"HTTP/1.1 413 ") for answer in answers)


async def test_the_refusal_of_what_is_no_request_is_received_whole(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"no request at all\r\n" * 500_000)
    await writer.drain()
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_client_learns_at_once_that_the_connection_ends(port: int) -> None:
    with raw.connect(port) as connection:
        connection.sendall(head("/close", "Content-Length: 1000000"))
        started = time.monotonic()
        [response] = raw.parse(raw.receive_all(connection))
    assert response.status == 413
    assert time.monotonic() - started < transport.LINGER_SECONDS


@pytest.mark.thorough
def test_a_client_that_sends_for_ever_is_hung_up_on(port: int) -> None:
    with raw.connect(port, 30) as connection:
        connection.sendall(head("/close", "Content-Length: 1000000000000"))
        started = time.monotonic()
        sent = send_until_it_breaks(connection, b"x" * 65_536, pause=0.01)
    assert sent > 0
    assert time.monotonic() - started >= transport.LINGER_SECONDS - 1


@pytest.mark.thorough
def test_of_a_client_that_sends_as_fast_as_it_can_a_bounded_number_of_bytes_is_read(port: int) -> None:
    with raw.connect(port, 30) as connection:
        connection.sendall(head("/close", "Content-Length: 1000000000000"))
        sent = send_until_it_breaks(connection, b"x" * MEGABYTE)
    assert sent < transport.MAX_DISCARDED_BYTES + 20 * MEGABYTE  # what both sides buffer


@pytest.mark.thorough
def test_the_rest_of_a_body_that_was_answered_early_is_waited_for_within_bounds(port: int) -> None:
    for rest in (b"", b"x", b"x" * 50):
        with raw.connect(port, 30) as connection:
            connection.sendall(head("/stay", "Content-Length: 100"))
            connection.sendall(rest)
            assert hung_up(connection, 20)


def test_a_connection_serves_on_once_the_refused_body_has_arrived(port: int) -> None:
    with raw.connect(port) as connection:
        connection.sendall(head("/stay", "Content-Length: 5") + b"hello")
        time.sleep(0.2)
        connection.sendall(head("/close", "Content-Length: 5") + b"hello")
        assert [response.status for response in raw.parse(raw.receive_all(connection))] == [413, 413]


@pytest.mark.thorough
def test_a_client_that_does_not_read_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.server.protocol.UNREAD_SECONDS", 1)
    with serving(large) as port, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(4)
        connection.settimeout(20)
        assert len(raw.receive_all(connection)) < 32_000_000

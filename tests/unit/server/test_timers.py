"""Whatever a client leaves undone, its connection ends by itself."""

from __future__ import annotations

import gc
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from service.server.protocol import LimitedHttpProtocol
from tests.support import raw
from tests.unit.server.serving import hung_up, refuse, serving, tell

HEADER_TIMEOUT = 1
KEEP_ALIVE = 2
SOON = 15  # seconds in which even a busy machine has noticed
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def reading() -> Iterator[int]:
    with serving(tell, header_timeout=HEADER_TIMEOUT, keep_alive=KEEP_ALIVE) as port:
        yield port


@pytest.fixture(scope="module")
def refusing() -> Iterator[int]:
    with serving(refuse, header_timeout=HEADER_TIMEOUT, keep_alive=KEEP_ALIVE) as port:
        yield port


@pytest.mark.thorough
@pytest.mark.parametrize(
    "said",
    [
        pytest.param([], id="nothing"),
        pytest.param([b"\r\n"], id="an_empty_line"),
        pytest.param([b"GET / HT"], id="half_a_request_line"),
        pytest.param([GET[:-2]], id="half_a_head"),
        pytest.param([GET], id="a_request"),
        pytest.param([GET, b"\r\n"], id="a_request_and_an_empty_line"),
        pytest.param([GET, b"\r"], id="a_request_and_half_an_empty_line"),
        pytest.param([GET, b"GET"], id="a_request_and_a_method"),
        pytest.param([GET * 3, b"\r\n\r\n\r\n"], id="pipelined_requests_and_empty_lines"),
        pytest.param([POST + b"x" * 10, b"\r\n"], id="a_body_and_an_empty_line"),
        pytest.param([GET + b"\r\n"], id="an_empty_line_together_with_the_request"),
    ],
)
def test_after_a_request_that_was_read(reading: int, said: list[bytes]) -> None:
    with raw.connect(reading) as connection:
        for part in said:
            connection.sendall(part)
            time.sleep(0.3)
        assert hung_up(connection, SOON)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "said",
    [
        pytest.param([POST], id="silence"),
        pytest.param([POST, b"x" * 5], id="half_of_the_rest"),
        pytest.param([POST, b"x" * 10], id="all_of_the_rest"),
        pytest.param([POST, b"x" * 10, b"\r\n"], id="all_of_the_rest_and_an_empty_line"),
        pytest.param([CHUNKED, b"5\r\nhel"], id="half_a_chunk"),
        pytest.param([CHUNKED, b"0\r\nX: "], id="half_a_trailer"),
        pytest.param([CHUNKED, b"0\r\n\r\n"], id="the_last_chunk"),
        pytest.param([CHUNKED, b"no chunk"], id="what_is_no_chunk"),
    ],
)
def test_after_a_request_that_was_answered_early(refusing: int, said: list[bytes]) -> None:
    with raw.connect(refusing) as connection:
        for part in said:
            connection.sendall(part)
            time.sleep(0.3)
        assert hung_up(connection, SOON)


@pytest.mark.thorough
@pytest.mark.parametrize("dribble", [b"\r\n", b"\r"])
def test_empty_lines_keep_no_connection_open(reading: int, dribble: bytes) -> None:
    with raw.connect(reading) as connection:
        connection.sendall(GET)
        connection.settimeout(0.2)
        started = time.monotonic()
        while time.monotonic() - started < SOON:
            try:
                connection.sendall(dribble)
                if not connection.recv(65_536):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
        pytest.fail("it is still open")


@pytest.mark.parametrize("said", [b"", b"GET / HT", GET, POST])
def test_a_client_that_closes_its_half_is_gone(reading: int, said: bytes) -> None:
    with raw.connect(reading) as connection:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        assert hung_up(connection, SOON)


@pytest.mark.thorough
def test_a_connection_that_is_used_again_stays(reading: int) -> None:
    with raw.connect(reading) as connection:
        for _ in range(6):
            connection.sendall(GET)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            time.sleep(KEEP_ALIVE / 3)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_nothing_is_left_of_a_connection_that_the_client_ended_between_two_requests(reset: bool) -> None:
    with serving(tell, keep_alive=10 * SOON) as port:
        before = _protocols()
        for _ in range(20):
            with raw.connect(port) as connection:
                connection.sendall(GET)
                assert connection.recv(65_536)
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        deadline = time.monotonic() + SOON
        while _protocols() > before:
            assert time.monotonic() < deadline, "its memory waits for the end of keep-alive"
            time.sleep(0.1)


def _protocols() -> int:
    gc.collect()
    return sum(isinstance(thing, LimitedHttpProtocol) for thing in gc.get_objects())

"""Requests that are sent before the earlier ones are answered wait at the client, and not in memory."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from tests.support import raw
from tests.unit.server.serving import serving, tell

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = raw.request("GET", "/last")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(tell, header_timeout=2) as port:
        yield port


def send_all(connection: socket.socket, data: bytes) -> threading.Thread:
    """Sends in a thread: who does not read meanwhile may not be able to send it all."""

    def send() -> None:
        with contextlib.suppress(OSError):
            connection.sendall(data)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_every_pipelined_request_is_answered_in_its_order(port: int) -> None:
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(3_000))
    with raw.connect(port, 60) as connection:
        thread = send_all(connection, requests + LAST)
        responses = raw.parse(raw.receive_all(connection))
        thread.join()
    assert [response.json()["told"][0][1] for response in responses] == [*(f"/{n}" for n in range(3_000)), "/last"]


def test_pipelined_bodies_belong_to_their_requests(port: int) -> None:
    posts = [
        b"POST /%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (n, n * 100) + b"%d" % (n % 10) * (n * 100)
        for n in range(100)
    ]
    with raw.connect(port, 60) as connection:
        thread = send_all(connection, b"".join(posts) + LAST)
        responses = raw.parse(raw.receive_all(connection))
        thread.join()
    assert [response.json()["body"] for response in responses] == [*(str(n % 10) * (n * 100) for n in range(100)), ""]


@pytest.mark.thorough
@pytest.mark.parametrize("size", [1, 30, 70, 5_000])
def test_slow_answers_cost_no_request_behind_them_although_its_head_takes_longer_than_it_may(port: int, size: int) -> None:
    slow = raw.request("GET", "/slow").replace(b"Connection: close\r\n", b"")
    behind = GET + LAST
    with raw.connect(port, 30) as connection:
        connection.sendall(slow * 5 + behind[:size])  # 2.5 seconds of work
        time.sleep(0.1)
        connection.sendall(behind[size:])
        assert [response.status for response in raw.parse(raw.receive_all(connection))] == [200] * 7


@pytest.mark.thorough
def test_eight_megabytes_of_pipelined_requests_do_not_stay_in_memory(port: int) -> None:
    requests = GET * (8_000_000 // len(GET))
    with raw.connect(port, 60) as connection:
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            thread = send_all(connection, requests)
            for _ in range(10):  # reads some of the answers only
                connection.recv(65_536)
                time.sleep(0.05)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    thread.join()
    assert peak - before < 2_000_000


@pytest.mark.thorough
def test_others_are_served_while_a_connection_floods(port: int) -> None:
    connections = [raw.connect(port, 60) for _ in range(5)]
    threads = [send_all(connection, GET * 100_000) for connection in connections]
    try:
        time.sleep(0.5)
        started = time.monotonic()
        [response] = raw.send(port, LAST, timeout=30)
        assert response.status == 200
        assert time.monotonic() - started < 10
    finally:
        for connection in connections:
            connection.close()
        for thread in threads:
            thread.join()

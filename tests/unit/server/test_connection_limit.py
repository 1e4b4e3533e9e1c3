"""How many connections there may be, and what happens to the next one."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from service.server.connection_limit import RESERVE, ConnectionLimit, connection_limit
from tests.support import raw
from tests.unit.server.serving import hung_up, serving, tell

LIMIT = 5


@pytest.fixture
def port() -> Iterator[int]:
    with serving(tell, header_timeout=20, limit=ConnectionLimit(LIMIT)) as port:
        yield port


SLOW = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def open_connections(port: int, count: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        connections = [stack.enter_context(raw.connect(port)) for _ in range(count)]
        for connection in connections:
            connection.sendall(said)
        time.sleep(0.2)
        yield connections


def ask(port: int, path: str) -> raw.RawResponse:
    with raw.connect(port) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        [response] = raw.parse(raw.receive_all(connection))
    return response


def test_where_all_are_worked_for_the_next_one_is_told_so(port: int) -> None:
    with open_connections(port, LIMIT, SLOW) as connections:
        response = ask(port, "/auth/me")
        assert (response.status, response.code) == (503, "upstream_unavailable")
        assert response.header("retry-after") == "5"
        assert response.header("connection") == "close"
        assert all(connection.recv(65_536).startswith(b"HTTP/1.1 200 ") for connection in connections)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_an_orchestrator_gets_its_answer_all_the_same(port: int, path: str) -> None:
    with open_connections(port, LIMIT, SLOW):
        response = ask(port, path)
    assert response.status == 200
    assert response.header("connection") == "close"


@pytest.mark.thorough
def test_one_that_is_refused_and_says_nothing_is_closed_soon(port: int) -> None:
    with open_connections(port, LIMIT), raw.connect(port) as connection:
        assert hung_up(connection, 15)


@pytest.mark.thorough
@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET / HTT"])
def test_whoever_has_idled_longest_makes_room(port: int, said: bytes) -> None:
    with open_connections(port, LIMIT, said) as connections:
        time.sleep(1.2)
        with raw.connect(port) as newest:
            newest.sendall(b"GET /newest HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert newest.recv(65_536).startswith(b"HTTP/1.1 200 ")
            assert hung_up(connections[0], 15)
            for connection in connections[1:]:
                assert not hung_up(connection, 0.1)


@pytest.mark.thorough
def test_a_flood_keeps_nobody_out(port: int) -> None:
    with open_connections(port, LIMIT + RESERVE + 100):
        assert ask(port, "/healthz").status == 200
        time.sleep(1.2)
        [response] = raw.send(port, raw.request("GET", "/"))
        assert response.status == 200


def test_there_is_room_again_once_somebody_has_left(port: int) -> None:
    with open_connections(port, LIMIT) as connections:
        connections[2].close()
        time.sleep(0.3)
        [response] = raw.send(port, raw.request("GET", "/"))
        assert response.status == 200


@pytest.mark.parametrize(
    ("files", "connections"),
    [(256, 53), (1_024, 416), (8_192, 4_000), (resource.RLIM_INFINITY, 4_000), (100, 1)],
)
def test_the_limit_leaves_files_for_supabase(monkeypatch: pytest.MonkeyPatch, files: int, connections: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (files, files))
    assert connection_limit(4_000, 512) == connections

"""How many connections there may be, and what happens to the next one."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator

import pytest

from service.server.connection_limit import RESERVE, ConnectionLimit, connection_limit
from tests.support import raw
from tests.unit.server.serving import hung_up, serving, tell

LIMIT = 5


@pytest.fixture
def port() -> Iterator[int]:
    with serving(tell, header_timeout=20, limit=ConnectionLimit(LIMIT)) as port:
        yield port


@pytest.fixture
def full(port: int) -> Iterator[list[socket.socket]]:
    """As many silent connections as there may be."""
    connections = [raw.connect(port) for _ in range(LIMIT)]
    time.sleep(0.3)
    yield connections
    for connection in connections:
        connection.close()


def test_one_connection_too_many_is_told_so_and_closed(port: int, full: list[socket.socket]) -> None:
    with raw.connect(port) as connection:
        connection.sendall(b"GET /auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n")
        [response] = raw.parse(raw.receive_all(connection))
    assert (response.status, response.code) == (503, "upstream_unavailable")
    assert response.header("retry-after") == "5"
    assert response.header("connection") == "close"
    full[0].sendall(b"GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert full[0].recv(65_536).startswith(b"HTTP/1.1 200 "), "those who were there first are served"


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_an_orchestrator_gets_its_answer_all_the_same(port: int, path: str) -> None:
    with raw.connect(port) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        [response] = raw.parse(raw.receive_all(connection))
    assert response.status == 200
    assert response.header("connection") == "close"


@pytest.mark.usefixtures("full")
def test_one_connection_too_many_that_says_nothing_is_closed_soon(port: int) -> None:
    with raw.connect(port) as connection:
        assert hung_up(connection, 15)


@pytest.mark.usefixtures("full")
def test_what_has_no_room_for_a_refusal_is_closed_at_once(port: int) -> None:
    connections = [raw.connect(port) for _ in range(RESERVE)]
    with raw.connect(port) as connection:
        started = time.monotonic()
        assert hung_up(connection, 15)
        assert time.monotonic() - started < 1.5
    for other in connections:
        other.close()


def test_there_is_room_again_once_somebody_has_left(port: int, full: list[socket.socket]) -> None:
    full.pop().close()
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

"""Clients that send slowly, do not read, or go away: they cost the others nothing, and the service is not to blame."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.support import loopback, raw
from tests.support.browser import Browser, new_email
from tests.support.metrics import scrape
from tests.support.service import CSRF_TOKEN, ServiceProcess, development_env, free_port

pytestmark = pytest.mark.thorough

HEAD = (
    b"POST /auth/signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-CSRF-Token: " + CSRF_TOKEN.encode()
)
SOON = 20  # seconds in which even a busy machine has done it


@contextlib.contextmanager
def connections(port: int, count: int, said: bytes) -> Iterator[list[socket.socket]]:
    """So many clients that said that much."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(raw.connect(port, 30)) for _ in range(count)]
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.sendall(said)
        time.sleep(0.3)
        yield opened


def test_slow_bodies_keep_nobody_out(start_service: StartService) -> None:
    service = start_service({"MAX_CONCURRENT_REQUESTS": "5", "BODY_TIMEOUT": "60"})
    email = new_email()
    Browser(service.url).sign_up(email)
    with connections(service.port, 60, HEAD + b"\r\nContent-Length: 200\r\n\r\n{") as slow:
        for _ in range(5):
            assert Browser(service.url).sign_in(email).status_code == 200
        [response] = raw.parse(raw.receive_all(slow[0]))
        assert (response.status, response.code) == (408, "request_timeout")


def test_who_leaves_in_mid_body_counts_as_no_bad_request(service: ServiceProcess) -> None:
    before, logged = scrape(service.url), len(service.log)
    with connections(service.port, 3, HEAD + b"\r\nContent-Length: 200\r\n\r\n{"):
        pass
    deadline = time.monotonic() + SOON
    gone = ("latchkey_requests_total", "none", "signIn", "none")
    while scrape(service.url).get(gone, 0) < before.get(gone, 0) + 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    bad = ("latchkey_requests_total", "invalid_request", "signIn", "400")
    assert scrape(service.url).get(bad) == before.get(bad)
    lines = [line for line in service.log[logged:].splitlines() if '"client_gone"' in line]
    assert len(lines) == 3
    assert all('"status": null' in line and '"code": null' in line for line in lines)


def test_who_does_not_read_or_goes_away_sets_off_no_alert(start_service: StartService) -> None:
    service = start_service({"REQUEST_TIMEOUT": "2", "UPSTREAM_TIMEOUT": "1", "UPSTREAM_READ_TIMEOUT": "1"})
    pages = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(("127.0.0.1", service.port))
        deaf.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            deaf.send(pages)
        for said in (HEAD + b"\r\nContent-Length: 200\r\n\r\n{", pages, HEAD + b"\r\nContent-Length: 2\r\n\r\n{}", b"GET"):
            with connections(service.port, 3, said):
                pass
        time.sleep(5)
        assert loopback.get(f"{service.url}/healthz").status_code == 200
    time.sleep(0.5)
    assert "unhandled_exception" not in service.log
    assert '"level": "error"' not in service.log
    statuses = {sample[-1] for sample in scrape(service.url) if sample[0] == "latchkey_requests_total"}
    assert not [status for status in statuses if status.startswith("5")]


@pytest.fixture
def few_files(tmp_path: Path, supabase: LocalSupabase, keys: Keys) -> Iterator[ServiceProcess]:
    """A service that may have 256 files open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard > 256
    command = ["/bin/sh", "-c", f'ulimit -n 256; exec "{sys.executable}" -m service']
    env = development_env(supabase.url, keys, free_port()) | {"HEADER_TIMEOUT": "2", "KEEP_ALIVE_TIMEOUT": "4"}
    with ServiceProcess(env, tmp_path / "service.log", command=command) as running:
        yield running


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n", id="an_empty_line_behind_a_request"),
        pytest.param(
            b"POST /auth/logout HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n", id="a_body_that_was_refused"
        ),
    ],
)
def test_three_hundred_idle_connections_where_256_files_may_be_open(few_files: ServiceProcess, said: bytes) -> None:
    with connections(few_files.port, 300, said):
        assert loopback.get(f"{few_files.url}/healthz", timeout=SOON).status_code == 200, "an orchestrator gets its answer"
        deadline = time.monotonic() + SOON
        while loopback.get(f"{few_files.url}/auth/csrf").status_code != 200:
            assert time.monotonic() < deadline, "nobody else gets in"
            time.sleep(0.2)
    assert '"event": "open_files_limit_low"' in few_files.log
    assert '"event": "too_many_connections"' in few_files.log
    samples = scrape(few_files.url)
    assert samples["latchkey_connections_refused_total",] > 100
    assert samples["latchkey_connections",] < 60
    assert len(os.listdir(f"/proc/{few_files.pid}/fd")) < 200  # noqa: PTH208 - names are enough


@pytest.mark.thorough
def test_without_a_file_left_it_hangs_up_on_newcomers_and_goes_on(few_files: ServiceProcess) -> None:
    """What opens the others does not matter: the limit is lowered to what is open, so that no connection can be accepted."""
    pid = few_files.pid
    connected = Browser(few_files.url).http  # over one connection, which stays
    assert connected.get("/healthz").status_code == 200
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()), 256))
    before = _cpu_seconds(pid)
    with connections(few_files.port, 40, b"GET /healthz HTTP/1.1\r\n"):
        for _ in range(10):
            assert connected.get("/healthz").status_code == 200, "who is connected is served"
            time.sleep(0.1)
    assert _cpu_seconds(pid) - before < 0.5, "to accept in vain costs next to nothing"
    assert len(few_files.log.splitlines()) < 100
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (256, 256))
    assert loopback.get(f"{few_files.url}/healthz").status_code == 200


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_busy_service_says_so_to_the_next_client(start_service: StartService) -> None:
    service = start_service({"MAX_CONNECTIONS": "10"})
    busy = HEAD + b"\r\nContent-Length: 200\r\n\r\n{"
    with connections(service.port, 10, busy):
        response = loopback.get(f"{service.url}/auth/csrf")
        assert (response.status_code, response.json()["code"]) == (503, "upstream_unavailable")
        assert response.headers["Retry-After"] == "5"
    time.sleep(0.5)
    assert loopback.get(f"{service.url}/auth/csrf").status_code == 200

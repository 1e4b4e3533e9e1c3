"""What SIGTERM does: a load balancer can notice, requests in flight finish, and the process ends in time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local.keys import Keys
from local.ports import PortTakenError, require_free
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.faults.conftest import sign_in
from tests.support import faults, loopback
from tests.support.browser import Browser
from tests.support.faulty_proxy import Exchange, Fault, FaultyProxy
from tests.support.service import ServiceProcess, development_env, free_port

# Seconds that a connection which was accepted last gets to send its request.
LINGER = 0.5
# Seconds that a test may wait beyond what is promised: for a busy machine.
SLACK = 15
# The same for the end of a process, so little that it cannot be taken for the end of what the process waits for.
END_SLACK = 5


def slow(seconds: float) -> Fault:
    """The right answer, after a while."""

    async def fault(exchange: Exchange) -> None:
        response = await exchange.forward()
        await asyncio.sleep(seconds)
        await exchange.answer(response.status_code, response.content, {"Content-Type": "application/json"})

    return fault


def _wait_for_calls(proxy: FaultyProxy, count: int) -> None:
    deadline = time.monotonic() + SLACK
    while len(proxy.requests) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.thorough), "2"])
def test_after_sigterm_it_is_not_ready_and_still_answers_for_a_while(
    start_service: StartService, proxy: FaultyProxy, account: str, workers: str
) -> None:
    service = start_service(
        {"SUPABASE_URL": proxy.url, "DRAIN_DELAY": "3", "GRACEFUL_TIMEOUT": "10", "WEB_CONCURRENCY": workers}
    )
    browser = sign_in(service, account)
    assert browser.http.get("/readyz").status_code == 200
    started = time.monotonic()
    os.kill(service.pid, signal.SIGTERM)
    unready = _wait_until_unready(service)
    assert unready.json()["checks"]["draining"] == "failed"
    assert unready.headers["Connection"] == "close", "so that the proxy in front opens its next connection elsewhere"
    answer = Browser(service.url).me(browser.access_token)
    assert answer.status_code == 200
    assert answer.headers["Connection"] == "close"
    assert 3 <= _ended(service) - started < 10
    with pytest.raises(httpx.ConnectError):
        loopback.get(f"{service.url}/healthz")


def _wait_until_unready(service: ServiceProcess) -> httpx.Response:
    deadline = time.monotonic() + SLACK
    while True:
        response = loopback.get(f"{service.url}/readyz", timeout=10)
        if response.status_code == 503:
            return response
        assert time.monotonic() < deadline


def _ended(service: ServiceProcess) -> float:
    """When the process ended."""
    service.wait(30)
    return time.monotonic()


@pytest.mark.thorough
@pytest.mark.parametrize("drain_delay", ["0", "3"])
def test_a_request_in_flight_is_answered_after_sigterm(
    start_service: StartService, proxy: FaultyProxy, account: str, drain_delay: str
) -> None:
    service = start_service({"SUPABASE_URL": proxy.url, "DRAIN_DELAY": drain_delay, "GRACEFUL_TIMEOUT": "10"})
    browser = sign_in(service, account)
    asked = len(proxy.requests)
    with proxy.failing(slow(1.5), "/auth/v1/user"), ThreadPoolExecutor(1) as thread:
        answer = thread.submit(browser.me)
        _wait_for_calls(proxy, asked + 1)
        os.kill(service.pid, signal.SIGTERM)
        answered = answer.result(SLACK)
    assert answered.status_code == 200
    assert answered.headers["Connection"] == "close", "it arrived before, and is answered after the signal"
    _ended(service)


@pytest.mark.thorough
def test_the_process_ends_in_time_when_a_request_does_not(
    start_service: StartService, proxy: FaultyProxy, account: str
) -> None:
    service = start_service(
        {
            "SUPABASE_URL": proxy.url,
            "GRACEFUL_TIMEOUT": "4",
            "UPSTREAM_READ_TIMEOUT": "50",
            "UPSTREAM_TIMEOUT": "50",
            "REQUEST_TIMEOUT": "60",
        }
    )
    browser = sign_in(service, account)
    asked = len(proxy.requests)
    with proxy.failing(faults.stall()), ThreadPoolExecutor(1) as thread:
        thread.submit(browser.me)
        _wait_for_calls(proxy, asked + 1)
        started = time.monotonic()
        os.kill(service.pid, signal.SIGTERM)
        took = _ended(service) - started
    assert took >= 2, "the request got some time"
    assert took < 4 + END_SLACK, "and no more than there was"


@pytest.mark.thorough
def test_a_connection_that_the_kernel_accepted_last_is_still_served(start_service: StartService) -> None:
    """What arrives in the moment between the event loop's last look and the end of listening."""
    service = start_service({"DRAIN_DELAY": "1", "GRACEFUL_TIMEOUT": "10"})
    address = ("127.0.0.1", service.port)
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    os.kill(service.pid, signal.SIGTERM)
    answered, refused = 0, False
    deadline = time.monotonic() + SLACK
    while not refused:
        assert time.monotonic() < deadline
        try:
            connection = socket.create_connection(address, timeout=SLACK)
        except ConnectionRefusedError:
            refused = True
            continue
        connected = time.monotonic()
        with connection:
            connection.sendall(request)
            if time.monotonic() - connected > LINGER / 2:
                continue  # this test was held up for so long that the service need not have waited
            assert connection.recv(4096).startswith(b"HTTP/1.1 200"), "every accepted connection is answered"
            answered += 1
    assert answered
    _ended(service)


@pytest.mark.thorough
def test_workers_do_not_outlive_a_supervisor_that_was_killed(start_service: StartService) -> None:
    service = start_service({"WEB_CONCURRENCY": "2"})
    workers = service.worker_pids
    assert len(workers) == 2
    os.kill(service.pid, signal.SIGKILL)
    try:
        _wait_until_free(service.port)
    finally:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.thorough
def test_a_worker_that_was_killed_is_replaced(start_service: StartService) -> None:
    service = start_service({"WEB_CONCURRENCY": "2"})
    before = set(service.worker_pids)
    os.kill(min(before), signal.SIGKILL)
    deadline = time.monotonic() + SLACK
    while len(set(service.worker_pids) - before) != 1 or len(service.worker_pids) != 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert loopback.get(f"{service.url}/healthz", timeout=SLACK).status_code == 200


def test_ctrl_c_ends_every_worker_at_once(start_service: StartService) -> None:
    service = start_service({"WEB_CONCURRENCY": "2", "DRAIN_DELAY": "20", "GRACEFUL_TIMEOUT": "25"})
    workers = service.worker_pids
    started = time.monotonic()
    for pid in (service.pid, *workers):  # as a terminal does
        os.kill(pid, signal.SIGINT)
    assert service.wait(SLACK) == 0
    assert time.monotonic() - started < SLACK
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


@pytest.mark.thorough
def test_workers_that_cannot_start_are_not_started_again(tmp_path: Path, supabase: LocalSupabase, keys: Keys) -> None:
    settings = development_env(supabase.url, keys, free_port())
    missing = {"WEB_CONCURRENCY": "2", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "missing")}
    service = ServiceProcess({**settings, **missing}, tmp_path / "service.log")
    with pytest.raises(AssertionError, match="the service ended"):
        service.start()
    assert service.wait(SLACK) > 0


def _wait_until_free(port: int) -> None:
    deadline = time.monotonic() + SLACK
    while True:
        try:
            require_free(port)
        except PortTakenError:
            assert time.monotonic() < deadline, "somebody still listens"
            time.sleep(0.1)
        else:
            return

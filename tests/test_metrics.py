"""What Prometheus is told: the right thing, and of everything a bounded number."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from service.models import ErrorCode
from tests.conftest import StartService
from tests.support import loopback
from tests.support.browser import Browser, new_email
from tests.support.loopback import TRUST_NOBODY
from tests.support.metrics import scrape
from tests.support.service import ServiceProcess


@pytest.fixture
def service(start_service: StartService) -> ServiceProcess:
    """A service of its own, so that what others do is not counted."""
    return start_service()


def test_requests_are_counted_by_operation_status_and_code(service: ServiceProcess) -> None:
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email)
    browser.sign_in(email, "a wrong password")
    browser.me()
    browser.me("nonsense")
    samples = scrape(service.url)
    assert samples["latchkey_requests_total", "none", "signUp", "200"] == 1
    assert samples["latchkey_requests_total", "none", "signIn", "200"] == 1
    assert samples["latchkey_requests_total", "auth_invalid_credentials", "signIn", "401"] == 1
    assert samples["latchkey_requests_total", "none", "getMe", "200"] == 1
    assert samples["latchkey_requests_total", "unauthorized", "getMe", "401"] == 1
    assert samples["latchkey_request_duration_seconds_count", "signIn"] == 2
    assert samples["latchkey_refusals_total", "token_shape"] == 1


def test_calls_to_supabase_are_counted_by_target_call_and_outcome(service: ServiceProcess) -> None:
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email, "a wrong password")
    browser.sign_in(email)
    browser.me()
    samples = scrape(service.url)
    assert samples["latchkey_upstream_calls_total", "sign_up", "ok", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "sign_in", "refused", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "sign_in", "ok", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "get_user", "ok", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "get_profile", "ok", "data_api"] == 1
    assert samples["latchkey_upstream_call_duration_seconds_count", "get_profile", "data_api"] == 1
    assert samples["latchkey_upstream_connections", "idle"] >= 1
    assert samples["latchkey_upstream_connections_max",] == 100


def test_refusals_are_counted_by_reason(start_service: StartService) -> None:
    service = start_service({"RATE_LIMIT_ACCOUNT": "1/minute"})
    browser = Browser(service.url)
    browser.csrf_token = None
    browser.refresh()
    browser.csrf_token = "forged"
    browser.refresh()
    browser.fetch_csrf_token()
    browser.sign_in("somebody@example.com")
    browser.sign_in("somebody@example.com")
    browser.post("/auth/signin", content=b"x" * 20_000)
    samples = scrape(service.url)
    reasons = ("csrf_missing", "csrf_invalid", "limit_account", "payload_too_large")
    assert [samples["latchkey_refusals_total", reason] for reason in reasons] == [1, 1, 1, 1]


def test_readiness_shows_in_the_metrics(service: ServiceProcess) -> None:
    assert loopback.get(f"{service.url}/readyz").status_code == 200
    samples = scrape(service.url)
    assert [samples["latchkey_supabase_up", part] for part in ("auth", "data_api", "migration")] == [1, 1, 1]


def test_labels_stay_few_whatever_is_asked_for(service: ServiceProcess) -> None:
    with httpx.Client(base_url=service.url, trust_env=False, verify=TRUST_NOBODY) as http:
        http.get("/auth/me")
        before = {sample for sample in scrape(service.url) if sample[0] == "latchkey_requests_total"}
        for number in range(200):
            http.get(f"/auth/{number}")
            http.get(f"/auth/me?number={number}", headers={"Authorization": f"Bearer {number}.{number}.{number}"})
            http.request(("PUT", "DELETE", "PATCH", "TRACE")[number % 4], f"/auth/me?{number}")
            http.post("/auth/refresh", headers={"X-CSRF-Token": f"{number}", "X-Request-ID": f"{number}"})
            http.post("/auth/signin", json={"email": f"{number}@example.com", "password": "x"})
        samples = scrape(service.url)
    after = {sample for sample in samples if sample[0] == "latchkey_requests_total"}
    new = {sample[1:] for sample in after - before}
    assert new == {
        ("not_found", "none", "404"),
        ("method_not_allowed", "none", "405"),
        ("csrf_failed", "refreshSession", "403"),
        ("csrf_failed", "signIn", "403"),
        ("none", "getMetrics", "200"),
    }
    assert {sample[1] for sample in after} <= {"none", *ErrorCode}
    assert len([sample for sample in samples if sample[0].startswith("latchkey_")]) < 200


def test_the_workers_of_one_service_are_counted_together(start_service: StartService) -> None:
    service = start_service({"WEB_CONCURRENCY": "2"})
    for _ in range(40):  # a new connection each, so that both workers get some
        assert loopback.get(f"{service.url}/auth/me").status_code == 401
    samples = scrape(service.url)
    assert samples["latchkey_requests_total", "unauthorized", "getMe", "401"] == 40
    assert samples["latchkey_upstream_connections_max",] == 200


def test_the_gauges_of_a_killed_worker_are_forgotten(start_service: StartService) -> None:
    service = start_service({"WEB_CONCURRENCY": "2"})
    _wait_for_connections_max(service, 200)
    os.kill(_workers(service)[0], signal.SIGKILL)
    _wait_for_connections_max(service, 100)
    _wait_for_connections_max(service, 200)  # another worker took its place


def _workers(service: ServiceProcess) -> list[int]:
    pids = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    return [int(pid) for pid in pids if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]


def _wait_for_connections_max(service: ServiceProcess, value: float) -> None:
    deadline = time.monotonic() + 30
    seen = None
    while time.monotonic() < deadline:
        try:
            seen = scrape(service.url)["latchkey_upstream_connections_max",]
        except httpx.TransportError:
            continue
        if seen == value:
            return
        time.sleep(0.02)
    raise AssertionError(f"{seen} instead of {value}")

"""What Prometheus is told: the right thing, and of everything a bounded number."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict

import httpx
import pytest

from local.supabase import LocalSupabase
from service.error_codes import ErrorCode
from tests.conftest import StartModuleService, StartService
from tests.support import faults, loopback
from tests.support.browser import Browser, new_email
from tests.support.faulty_proxy import FaultyProxy
from tests.support.loopback import TRUST_NOBODY
from tests.support.metrics import Sample, scrape
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def service(start_module_service: StartModuleService) -> ServiceProcess:
    """A service of its own, so that what others do is not counted."""
    return start_module_service({"RATE_LIMIT_ACCOUNT": "4/day"})


@pytest.fixture(scope="module")
def workers(start_module_service: StartModuleService) -> ServiceProcess:
    """A service of two processes."""
    return start_module_service({"WEB_CONCURRENCY": "2"})


class Growth:
    """By how much the samples of a service have grown since this was made. One that is not there has not grown."""

    def __init__(self, service: ServiceProcess) -> None:
        self._url = service.url
        self._before = scrape(self._url)
        self.size = len(self._before)

    def measure(self) -> defaultdict[Sample, float]:
        grown = {sample: value - self._before.get(sample, 0) for sample, value in scrape(self._url).items()}
        return defaultdict(float, grown)


def test_requests_are_counted_by_operation_status_and_code(service: ServiceProcess) -> None:
    growth = Growth(service)
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email)
    browser.sign_in(email, "a wrong password")
    browser.me()
    browser.me("nonsense")
    samples = growth.measure()
    assert samples["latchkey_requests_total", "none", "signUp", "200"] == 1
    assert samples["latchkey_requests_total", "none", "signIn", "200"] == 1
    assert samples["latchkey_requests_total", "auth_invalid_credentials", "signIn", "401"] == 1
    assert samples["latchkey_requests_total", "none", "getMe", "200"] == 1
    assert samples["latchkey_requests_total", "unauthorized", "getMe", "401"] == 1
    assert samples["latchkey_request_duration_seconds_count", "signIn"] == 2
    assert samples["latchkey_refusals_total", "token_shape"] == 1


def test_calls_to_supabase_are_counted_by_target_call_and_outcome(service: ServiceProcess) -> None:
    growth = Growth(service)
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email, "a wrong password")
    browser.sign_in(email)
    browser.me()
    samples = growth.measure()
    assert samples["latchkey_upstream_calls_total", "sign_up", "ok", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "sign_in", "refused", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "sign_in", "ok", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "get_user", "ok", "auth"] == 1
    assert samples["latchkey_upstream_calls_total", "get_profile", "ok", "data_api"] == 1
    assert samples["latchkey_upstream_call_duration_seconds_count", "get_profile", "data_api"] == 1
    now = scrape(service.url)
    assert now["latchkey_upstream_connections", "idle"] >= 1
    assert now["latchkey_upstream_connections_max",] == 512


def test_refusals_are_counted_by_reason(service: ServiceProcess) -> None:
    growth = Growth(service)
    browser, email = Browser(service.url), new_email()
    browser.csrf_token = None
    browser.refresh()
    browser.csrf_token = "forged"
    browser.refresh()
    browser.fetch_csrf_token()
    for _ in range(5):
        browser.sign_in(email)
    browser.post("/auth/signin", content=b"x" * 20_000)
    samples = growth.measure()
    reasons = ("csrf_missing", "csrf_invalid", "limit_account", "payload_too_large")
    assert [samples["latchkey_refusals_total", reason] for reason in reasons] == [1, 1, 1, 1]


def test_readiness_shows_in_the_metrics(service: ServiceProcess) -> None:
    assert loopback.get(f"{service.url}/readyz").status_code == 200
    samples = scrape(service.url)
    assert [samples["latchkey_supabase_up", part] for part in ("auth", "data_api", "migration")] == [1, 1, 1]


@pytest.mark.thorough
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_outage_shows_in_the_metrics_though_nobody_asks_for_readiness(
    start_service: StartService, supabase: LocalSupabase, workers: str
) -> None:
    with FaultyProxy(supabase.url) as proxy:
        service = start_service({"SUPABASE_URL": proxy.url, "WEB_CONCURRENCY": workers})
        assert [sample for sample in scrape(service.url) if sample[0] == "latchkey_supabase_up"] == []
        with proxy.failing(faults.stall(), "/rest/v1/"):
            _wait_for_sample(service, ("latchkey_supabase_up", "data_api"), 0)
            assert scrape(service.url)["latchkey_supabase_up", "auth"] == 1
            assert scrape(service.url)["latchkey_event_loop_lag_seconds",] < 1, "what stalls holds up nothing else"
        _wait_for_sample(service, ("latchkey_supabase_up", "data_api"), 1)
        _wait_for_sample(service, ("latchkey_supabase_up", "migration"), 1)


def test_labels_stay_few_whatever_is_asked_for(service: ServiceProcess) -> None:
    growth = Growth(service)
    with httpx.Client(base_url=service.url, trust_env=False, verify=TRUST_NOBODY) as http:
        for number in range(200):
            http.get(f"/auth/{number}")
            http.get(f"/auth/me?number={number}", headers={"Authorization": f"Bearer {number}.{number}.{number}"})
            http.request(("PUT", "DELETE", "LINK", "TRACE")[number % 4], f"/auth/me?{number}")
            http.post("/auth/refresh", headers={"X-CSRF-Token": f"{number}", "X-Request-ID": f"{number}"})
            http.post("/auth/signin", json={"email": f"{number}@example.com", "password": "x"})
    samples = growth.measure()
    counted = {sample for sample in samples if sample[0] == "latchkey_requests_total"}
    assert {sample[1:] for sample in counted if samples[sample]} == {
        ("not_found", "none", "404"),
        ("method_not_allowed", "none", "405"),
        ("csrf_failed", "refreshSession", "403"),
        ("csrf_failed", "signIn", "403"),
        ("unauthorized", "getMe", "401"),
        ("none", "getMetrics", "200"),
    }
    assert {sample[1] for sample in counted} <= {"none", *ErrorCode}
    assert len(samples) - growth.size < 100, "a thousand requests, and what is new of each operation and code"


def test_the_workers_of_one_service_are_counted_together(workers: ServiceProcess) -> None:
    _wait_for_connections_max(workers, 1024)
    growth = Growth(workers)
    for _ in range(40):  # a new connection each, so that both workers get some
        assert loopback.get(f"{workers.url}/auth/me").status_code == 401
    assert growth.measure()["latchkey_requests_total", "unauthorized", "getMe", "401"] == 40


@pytest.mark.thorough
def test_the_gauges_of_a_killed_worker_are_forgotten(workers: ServiceProcess) -> None:
    _wait_for_connections_max(workers, 1024)
    os.kill(workers.worker_pids[0], signal.SIGKILL)
    _wait_for_connections_max(workers, 512)
    _wait_for_connections_max(workers, 1024)  # another worker took its place


def _wait_for_connections_max(service: ServiceProcess, value: float) -> None:
    _wait_for_sample(service, ("latchkey_upstream_connections_max",), value)


def _wait_for_sample(service: ServiceProcess, sample: Sample, value: float) -> None:
    deadline = time.monotonic() + 40
    seen = None
    while time.monotonic() < deadline:
        try:
            seen = scrape(service.url).get(sample)
        except httpx.TransportError:
            continue
        if seen == value:
            return
        time.sleep(0.02)
    raise AssertionError(f"{sample} is {seen} instead of {value}")

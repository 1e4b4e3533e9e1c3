"""More requests than the service works on at once, while Supabase stalls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.faults.conftest import IDLE_TASKS, assert_nothing_leaked, sign_in
from tests.support import faults
from tests.support.browser import Browser
from tests.support.faulty_proxy import FaultyProxy
from tests.support.metrics import scrape

pytestmark = pytest.mark.thorough


@pytest.fixture
def own_proxy(supabase: LocalSupabase) -> Iterator[FaultyProxy]:
    """One that nobody else has connections to."""
    with FaultyProxy(supabase.url) as running:
        yield running


def test_one_request_too_many_is_refused_at_once_and_what_needs_no_supabase_answers(
    start_service: StartService, own_proxy: FaultyProxy, account: str
) -> None:
    service = start_service({"SUPABASE_URL": own_proxy.url, "MAX_CONCURRENT_REQUESTS": "4"})
    browser = sign_in(service, account)

    def me(_number: int) -> int:
        return Browser(service.url).me(browser.access_token).status_code

    with own_proxy.failing(faults.stall()), ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(me, number) for number in range(4)]
        deadline = time.monotonic() + 4  # they wait for five seconds
        while own_proxy.open_connections < 8:  # user and profile, each
            assert time.monotonic() < deadline
            time.sleep(0.02)
        samples = scrape(service.url)
        # The gauges by which other tests find that nothing leaked do move.
        assert samples["latchkey_upstream_connections", "in_use"] >= 8
        assert samples["latchkey_upstream_calls_in_progress",] >= 8
        assert samples["latchkey_requests_in_progress",] == 5  # this one is for the metrics
        assert samples["latchkey_asyncio_tasks",] >= IDLE_TASKS + 8
        with pytest.raises(AssertionError):
            assert_nothing_leaked(browser, tries=1)
        refused = Browser(service.url).me(browser.access_token)
        assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")
        assert refused.headers["Retry-After"] == "5"
        assert not any(request.done() for request in waiting), "it did not wait for the others"
        assert browser.http.get("/healthz").status_code == 200
        browser.fetch_csrf_token()
        assert [request.result() for request in waiting] == [504] * 4
    assert browser.me().status_code == 200
    assert scrape(service.url)["latchkey_refusals_total", "limit_concurrency"] == 1
    assert_nothing_leaked(browser)
    deadline = time.monotonic() + 10
    while own_proxy.open_connections != scrape(service.url)["latchkey_upstream_connections", "idle"]:
        assert time.monotonic() < deadline, "Supabase's side counts other connections than the service"
        time.sleep(0.02)


def test_logout_clears_the_cookie_however_many_requests_wait(
    start_service: StartService, proxy: FaultyProxy, account: str
) -> None:
    service = start_service({"SUPABASE_URL": proxy.url, "MAX_CONCURRENT_REQUESTS": "1"})
    browser = sign_in(service, account)
    with proxy.failing(faults.stall(), "/auth/v1/user"), ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(Browser(service.url).me, browser.access_token)
        while scrape(service.url)["latchkey_requests_in_progress",] < 2:
            assert not waiting.done()
        assert browser.logout().json() == {"ok": True}
        assert browser.refresh_token is None
        assert waiting.result().status_code in (401, 504)

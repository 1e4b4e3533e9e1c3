"""A service behind which everything can go wrong, shared by the tests of a module."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.faulty_proxy import FaultyProxy
from tests.support.metrics import scrape
from tests.support.service import ServiceProcess, development_env, free_port

# When the operations answer that must not tell how long Supabase took.
ANSWER_SOON = {"MAIL_ANSWER_AFTER": "0.2"}
# Short enough for a test to wait for, long enough for a healthy answer on a busy machine.
SHORT_TIMEOUTS = {
    "UPSTREAM_CONNECT_TIMEOUT": "0.5",
    "UPSTREAM_READ_TIMEOUT": "0.6",
    "UPSTREAM_TIMEOUT": "0.9",
    "MAIL_TIMEOUT": "0.9",
    "REQUEST_TIMEOUT": "5",
    **ANSWER_SOON,
}


@pytest.fixture(scope="session")
def proxy(supabase: LocalSupabase) -> Iterator[FaultyProxy]:
    with FaultyProxy(supabase.url) as running:
        yield running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, proxy: FaultyProxy, keys: Keys) -> Iterator[ServiceProcess]:
    """The service with Supabase behind a faulty proxy, and timeouts as they come."""
    env = development_env(proxy.url, keys, free_port()) | ANSWER_SOON
    with ServiceProcess(env, tmp_path_factory.mktemp("faults") / "service.log") as running:
        yield running


@pytest.fixture(scope="session")
def impatient_service(tmp_path_factory: pytest.TempPathFactory, proxy: FaultyProxy, keys: Keys) -> Iterator[ServiceProcess]:
    """The same with short timeouts, for faults that consist in waiting."""
    env = development_env(proxy.url, keys, free_port()) | SHORT_TIMEOUTS
    with ServiceProcess(env, tmp_path_factory.mktemp("faults") / "impatient.log") as running:
        yield running


@pytest.fixture(scope="session")
def account(service: ServiceProcess) -> str:
    """The e-mail address of a user whose password is PASSWORD."""
    email = new_email()
    assert Browser(service.url).sign_up(email).status_code == 200
    return email


@pytest.fixture(scope="session")
def shared_browser(service: ServiceProcess, account: str) -> Browser:
    return sign_in(service, account)


@pytest.fixture
def signed_in(shared_browser: Browser, account: str) -> Browser:
    """A browser that is signed in, the same for all tests: hashing a password is slow. One that a test broke is mended."""
    if shared_browser.access_token is None or shared_browser.refresh().status_code != 200:
        shared_browser.sign_in(account, PASSWORD).raise_for_status()
    return shared_browser


@pytest.fixture(scope="session")
def impatient_browser(impatient_service: ServiceProcess, account: str) -> Browser:
    return sign_in(impatient_service, account)


def sign_in(service: ServiceProcess, account: str) -> Browser:
    """A browser that the account is signed in with."""
    browser = Browser(service.url)
    for _ in range(3):  # where timeouts are short, a busy machine may need more than one try
        if browser.sign_in(account, PASSWORD).status_code == 200:
            return browser
    raise AssertionError("cannot sign in")


# The server, the lifespan, the measuring of vital signs and the request for the metrics itself: what runs when nothing does.
IDLE_TASKS = 4


def assert_nothing_leaked(browser: Browser, *, tries: int = 50) -> None:
    """No connection to Supabase is held and no task runs, now or in a moment: what a timeout cut off may take its time."""
    for _ in range(tries):
        samples = scrape(str(browser.http.base_url))
        leaked = {
            "connections": samples["latchkey_upstream_connections", "in_use"],
            "calls": samples["latchkey_upstream_calls_in_progress",],
            "requests": samples["latchkey_requests_in_progress",] - 1,
            "tasks": max(0, samples["latchkey_asyncio_tasks",] - IDLE_TASKS),
        }
        if not any(leaked.values()):
            return
        time.sleep(0.1)
    raise AssertionError(leaked)

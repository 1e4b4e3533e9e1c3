"""Two replicas behind the nginx configuration of deploy/, with Redis for limits and no sticky sessions."""

from __future__ import annotations

import itertools
import os
import signal
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.browser import Browser, new_email
from tests.support.certificates import CertificateAuthority
from tests.support.metrics import scrape
from tests.support.nginx import Nginx
from tests.support.redis import RedisServer
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = [pytest.mark.replicas, pytest.mark.timeout(180)]

WORKERS = 6
GRACEFUL_TIMEOUT = 15
SLACK = 15  # seconds that a busy machine may take on top
END_SLACK = 5  # the same for the end of a process
SIGN_OUT_EVERY = 10  # rounds
SIGN_UP_EVERY = 30


@dataclass
class Site:
    """What a browser meets, and what stands behind it."""

    url: str
    replicas: list[ServiceProcess]
    trust: ssl.SSLContext
    nginx: Nginx

    def browser(self) -> Browser:
        """A browser with a real CSRF token."""
        browser = Browser(self.url, csrf_token=None, trust=self.trust)
        browser.fetch_csrf_token()
        return browser

    def signed_in(self) -> Browser:
        """A browser with a new user signed in."""
        browser, email = self.browser(), new_email()
        assert browser.sign_up(email).status_code == 200
        assert browser.sign_in(email).status_code == 200
        return browser


@pytest.fixture(scope="module")
def build_site(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys
) -> Iterator[Callable[[ExitStack, dict[str, str]], Site]]:
    folder = tmp_path_factory.mktemp("replicas")
    authority = CertificateAuthority(folder / "authority")
    certificate = authority.issue("localhost")
    with RedisServer(folder) as redis:

        def build(stack: ExitStack, settings: dict[str, str]) -> Site:
            here = tmp_path_factory.mktemp("site")
            replicas = []
            for number in (1, 2):
                env: dict[str, str | None] = {
                    **development_env(supabase.url, keys, free_port()),
                    "CSRF_STATIC_TOKEN": None,
                    "COOKIE_SECURE": "true",
                    "TRUSTED_PROXIES": "127.0.0.0/8",
                    "RATE_LIMIT_STORAGE": redis.url,
                    "DRAIN_DELAY": "4",
                    "GRACEFUL_TIMEOUT": str(GRACEFUL_TIMEOUT),
                    "UPSTREAM_KEEPALIVE": "1",
                    **settings,
                }
                replicas.append(stack.enter_context(ServiceProcess(env, here / f"replica-{number}" / "service.log")))
            nginx = stack.enter_context(Nginx(here / "nginx", [replica.port for replica in replicas], certificate, certificate))
            return Site(nginx.url, replicas, authority.trust(), nginx)

        yield build


@pytest.fixture(scope="module")
def site(build_site: Callable[[ExitStack, dict[str, str]], Site]) -> Iterator[Site]:
    """Two replicas of one process each."""
    with ExitStack() as stack:
        yield build_site(stack, {})


@pytest.fixture
def start_site(build_site: Callable[[ExitStack, dict[str, str]], Site]) -> Iterator[Callable[[dict[str, str]], Site]]:
    """Starts two replicas with other settings."""
    with ExitStack() as stack:
        yield lambda settings: build_site(stack, settings)


@dataclass
class Load:
    """Browsers that do what users do, without a pause. `failures` are the responses that no user should see.

    `counts` are those that a round begins with; `seldom` what users do in some rounds only.
    """

    counts: Counter[str] = field(default_factory=Counter)
    seldom: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@contextmanager
def load(site: Site) -> Iterator[Load]:
    """Users at work while the block lasts; in the end each of them must still be signed in."""
    running, stopping = Load(), threading.Event()
    browsers = [site.signed_in() for _ in range(WORKERS)]

    def attempt(name: str, perform: Callable[[], httpx.Response | str], counts: Counter[str]) -> bool:
        try:
            response = perform()
        except httpx.HTTPError as error:
            running.failures.append(f"{name}: {type(error).__name__}")
            return False
        counts[name] += 1
        if isinstance(response, httpx.Response) and response.status_code != 200:
            running.failures.append(f"{name}: {response.status_code} {response.text[:200]}")
            return False
        return True

    def sign_in_again(browser: Browser) -> None:
        email = browser.email
        assert email is not None
        attempt("logout", browser.logout, running.seldom)
        # Whatever became of that one: the next rounds, and the end, are about a browser that is signed in.
        while not attempt("sign-in", lambda: browser.sign_in(email), running.seldom):
            assert len(running.failures) < 1000

    def work(browser: Browser, number: int) -> None:
        # Each begins elsewhere, so that not all sign in at the same time.
        for count in itertools.count(number):
            if stopping.is_set():
                return
            attempt("csrf", browser.fetch_csrf_token, running.counts)
            attempt("me", browser.me, running.counts)
            attempt("refresh", browser.refresh, running.counts)
            if count % SIGN_OUT_EVERY == 0:
                sign_in_again(browser)
            if count % SIGN_UP_EVERY == 0:
                attempt("sign-up", lambda: site.browser().sign_up(new_email()), running.seldom)

    with ThreadPoolExecutor(WORKERS) as threads:
        working: list[Future[None]] = [
            threads.submit(work, browser, number * SIGN_OUT_EVERY // WORKERS) for number, browser in enumerate(browsers)
        ]
        try:
            yield running
        finally:
            stopping.set()
        for done in working:
            done.result(30)
    for browser in browsers:
        assert browser.refresh().status_code == 200, "nobody was signed out"
        assert browser.me().status_code == 200


def assert_busy(running: Load) -> None:
    """Enough was asked for to notice a replica that goes away."""
    assert min(running.counts.values()) > 20, running.counts
    assert running.seldom.keys() == {"sign-up", "sign-in", "logout"}, running.seldom


def assert_unharmed(running: Load) -> None:
    """The users were busy, and no request of theirs failed."""
    assert running.failures == []
    assert_busy(running)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_whole_flow_hops_between_replicas(start_site: Callable[[dict[str, str]], Site], workers: str) -> None:
    site = start_site({"WEB_CONCURRENCY": workers})
    browser, email = site.browser(), new_email()
    for _ in range(4):
        email = new_email()
        assert browser.sign_up(email, display_name="Ada").status_code == 200
        assert browser.sign_in(email).status_code == 200
        assert browser.me().json()["user"]["profile"] == {"displayName": "Ada"}
        browser.reload()
        assert browser.refresh().status_code == 200
        assert browser.me().status_code == 200
        assert browser.logout().json() == {"ok": True}
        assert browser.refresh().status_code == 401
        assert browser.http.get("/auth/me").status_code == 401
        browser.fetch_csrf_token()  # nine requests: the next round starts at the other replica
    asked = [line.split()[0] for line in site.nginx.access_log.splitlines()]
    assert set(asked) == {f"127.0.0.1:{replica.port}" for replica in site.replicas}
    assert len(asked) > 30
    assert all(one != next_one for one, next_one in itertools.pairwise(asked)), "it stayed at one replica"
    for replica in site.replicas:
        samples = scrape(replica.url)
        for operation in ("signUp", "signIn", "getMe", "refreshSession", "logout"):
            assert samples["latchkey_requests_total", "none", operation, "200"] >= 1, f"{operation} never met this replica"


def test_limits_hold_across_replicas(start_site: Callable[[dict[str, str]], Site]) -> None:
    site = start_site({"RATE_LIMIT_ACCOUNT": "4/minute"})
    browser, email = site.browser(), new_email()
    statuses = [browser.sign_in(email, "a wrong password").status_code for _ in range(8)]
    assert statuses == [401] * 4 + [429] * 4


def test_nginx_hides_what_is_for_operators_and_keeps_the_error_schema(site: Site) -> None:
    browser = site.browser()
    for path in ("/metrics", "/healthz", "/readyz"):
        response = browser.http.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    response = browser.post("/auth/signin", content=b"x" * 100_000)
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")


def test_no_request_fails_while_the_replicas_are_restarted_one_after_the_other(site: Site) -> None:
    with load(site) as running:
        time.sleep(1)
        for replica in site.replicas:
            started = time.monotonic()
            replica.stop(GRACEFUL_TIMEOUT + SLACK)
            assert time.monotonic() - started < GRACEFUL_TIMEOUT + END_SLACK
            time.sleep(0.5)
            replica.start()
            time.sleep(6)  # nginx's fail_timeout, so that it comes back before the other one goes
    assert_unharmed(running)


def test_no_request_fails_while_a_replica_of_several_processes_is_restarted(
    start_site: Callable[[dict[str, str]], Site],
) -> None:
    site = start_site({"WEB_CONCURRENCY": "2"})
    with load(site) as running:
        time.sleep(1)
        site.replicas[0].stop(GRACEFUL_TIMEOUT + SLACK)
        time.sleep(0.5)
        site.replicas[0].start()
        time.sleep(1)
    assert_unharmed(running)


def test_a_killed_replica_costs_at_most_its_requests_in_flight(site: Site) -> None:
    with load(site) as running:
        time.sleep(1)
        os.kill(site.replicas[0].pid, signal.SIGKILL)
        site.replicas[0].wait(10)
        time.sleep(3)
        site.replicas[0].start()
        time.sleep(1)
    assert_busy(running)
    assert len(running.failures) <= WORKERS, running.failures
    assert all(" 503 " in failure for failure in running.failures), running.failures


def test_with_every_replica_down_the_error_is_the_contracts(start_site: Callable[[dict[str, str]], Site]) -> None:
    site = start_site({"DRAIN_DELAY": "0"})
    browser = site.signed_in()
    cookie = browser.refresh_token
    for replica in site.replicas:
        replica.stop()
    response = browser.refresh()
    assert (response.status_code, response.json()["code"]) == (503, "upstream_unavailable")
    assert response.headers["Retry-After"] == "5"
    assert browser.refresh_token == cookie
    for replica in site.replicas:
        replica.start()
    deadline = time.monotonic() + SLACK
    while browser.refresh().status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)

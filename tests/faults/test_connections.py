"""Faults below HTTP: names, connections, certificates, the pool, and an answer that is lost on its way back."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import httpx
import jwt
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService, StartSupabase
from tests.faults.conftest import ANSWER_SOON, SHORT_TIMEOUTS, assert_nothing_leaked, sign_in
from tests.faults.operations import ME, ME_PROFILE, OPERATIONS, QUIET, REAUTHENTICATE, SIGN_UP, UPDATE_ME, Operation
from tests.faults.table import QUICK_DEADLINE, SLOW_DEADLINE
from tests.support import faults
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.certificates import CertificateAuthority
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.metrics import scrape
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = pytest.mark.thorough

UPSTREAM_TIMEOUT = 8  # seconds; the default


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls_proxy(supabase: LocalSupabase, authority: CertificateAuthority) -> Iterator[FaultyProxy]:
    with FaultyProxy(supabase.url, authority.server()) as running:
        yield running


@pytest.fixture(scope="module")
def tls_service(
    tmp_path_factory: pytest.TempPathFactory, tls_proxy: FaultyProxy, authority: CertificateAuthority, keys: Keys
) -> Iterator[ServiceProcess]:
    url = f"https://localhost:{tls_proxy.port}"
    env = development_env(url, keys, free_port()) | {"SSL_CERT_FILE": str(authority.path)}
    with ServiceProcess(env, tmp_path_factory.mktemp("tls") / "service.log") as running:
        yield running


Certificate = Callable[[CertificateAuthority, CertificateAuthority], ssl.SSLContext | None]
CERTIFICATES: dict[str, Certificate] = {
    "of-an-unknown-authority": lambda _trusted, other: other.server(),
    "of-another-host": lambda trusted, _other: trusted.server("supabase.example.com"),
    "expired": lambda trusted, _other: trusted.server(expired=True),
    "none-at-all": lambda _trusted, _other: None,
}


@pytest.mark.parametrize("certificate", CERTIFICATES.values(), ids=CERTIFICATES.keys())
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_nothing_is_sent_where_the_certificate_is_wrong(
    certificate: Certificate,
    operation: Operation,
    tls_service: ServiceProcess,
    tls_proxy: FaultyProxy,
    authority: CertificateAuthority,
    account: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    browser = sign_in(tls_service, account)
    cookie = browser.refresh_token
    other = CertificateAuthority(tmp_path_factory.mktemp("other"))
    with tls_proxy.speaking(certificate(authority, other)):
        asked = len(tls_proxy.requests)
        response, took = timed(operation.perform, browser)
        assert len(tls_proxy.requests) == asked
    assert_told_of_the_outage(operation, response, took)
    assert took < UPSTREAM_TIMEOUT
    assert cookies_set(response) == []
    assert browser.refresh_token == cookie
    assert operation.perform(browser).status_code == operation.success
    assert_nothing_leaked(browser)


def assert_outage(service: ServiceProcess, keys: Keys) -> None:
    """Whatever a browser asks for is answered in time, and it stays signed in until it signs out."""
    browser = Browser(service.url)
    browser.email = new_email()
    # Nobody can sign in here. The service looks into no refresh token, and knows the embedded Supabase's secret.
    browser.http.cookies.set("sb_refresh_token", "refresh-token", domain="127.0.0.1")
    claims = {"sub": str(uuid4()), "aud": "authenticated", "exp": int(time.time()) + 600}
    browser.access_token = jwt.encode(claims, keys.jwt_secret, "HS256")
    for operation in OPERATIONS:
        response, took = timed(operation.perform, browser)
        assert_told_of_the_outage(operation, response, took)
        assert took < SLOW_DEADLINE, operation
        assert cookies_set(response) == [], operation
        assert browser.refresh_token is not None, operation
    response, took = timed(Browser.logout, browser)
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert took < SLOW_DEADLINE
    assert browser.refresh_token is None
    assert browser.http.get("/healthz").status_code == 200
    assert browser.http.get("/readyz").status_code == 503
    assert_nothing_leaked(browser)


def assert_told_of_the_outage(operation: Operation, response: httpx.Response, took: float) -> None:
    """What must not tell who has an account answers at its own moment, never sooner, where the outage is not known by then."""
    if operation in QUIET and response.status_code == operation.success:
        assert took >= float(ANSWER_SOON["MAIL_ANSWER_AFTER"]), operation
        return
    assert (response.status_code, response.json()["code"]) == (503, "upstream_unavailable"), operation


def timed(perform: Callable[[Browser], httpx.Response], browser: Browser) -> tuple[httpx.Response, float]:
    """The response, and the seconds that it took."""
    started = time.monotonic()
    return perform(browser), time.monotonic() - started


def test_a_host_name_that_does_not_resolve_is_an_outage(start_service: StartService, keys: Keys) -> None:
    url = "http://supabase.invalid"  # RFC 2606: never resolves
    assert_outage(start_service(SHORT_TIMEOUTS | {"SUPABASE_URL": url}), keys)


def test_a_connection_that_nobody_accepts_is_given_up_after_the_connect_timeout(
    start_service: StartService, keys: Keys
) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # its queue holds one, and the packets of whoever comes next are dropped
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        assert_outage(start_service(SHORT_TIMEOUTS | {"SUPABASE_URL": url}), keys)


def test_a_refresh_whose_answer_was_lost_can_be_repeated_by_the_browser(signed_in: Browser, proxy: FaultyProxy) -> None:
    """Supabase rotated the token and the browser never heard of it: the old one is good for the reuse window."""
    cookie = signed_in.refresh_token
    with proxy.failing(faults.lost_answer(), "/auth/v1/token"):
        lost = signed_in.refresh()
    assert (lost.status_code, lost.json()["code"]) == (503, "upstream_unavailable")
    assert signed_in.refresh_token == cookie
    again = signed_in.refresh()
    assert again.status_code == 200
    assert signed_in.refresh_token != cookie
    assert signed_in.me().status_code == 200
    assert signed_in.refresh().status_code == 200


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_what_is_not_idempotent_is_never_sent_twice(operation: Operation, signed_in: Browser, proxy: FaultyProxy) -> None:
    """The service cannot know whether a lost POST was carried out. A GET may be repeated once."""
    most = 2 if operation in (ME, ME_PROFILE, UPDATE_ME, REAUTHENTICATE) else 1
    for fault in (faults.reset(), faults.close(), faults.lost_answer(), faults.status_html(503)):
        asked = len(proxy.requests)
        with proxy.failing(fault, operation.upstream):
            assert operation.perform(signed_in).status_code == 503
        sent = [request for request in proxy.requests[asked:] if request.endswith(operation.upstream)]
        assert 1 <= len(sent) <= most, sent
        signed_in.refresh()


def test_a_sign_up_whose_answer_was_lost_happened_once(signed_in: Browser, proxy: FaultyProxy) -> None:
    email = new_email()
    browser = Browser(str(signed_in.http.base_url))
    with proxy.failing(faults.lost_answer(), SIGN_UP.upstream):
        assert browser.sign_up(email).status_code == 503
    assert browser.sign_up(email).json()["code"] == "auth_email_taken"
    assert browser.sign_in(email).status_code == 200


def test_requests_beyond_the_pool_wait_and_are_refused_in_time(
    start_service: StartService, proxy: FaultyProxy, account: str
) -> None:
    """What holds the pool hangs until the end, so that whoever comes next can only wait for a connection."""
    patient = {"UPSTREAM_READ_TIMEOUT": "40", "UPSTREAM_TIMEOUT": "50", "REQUEST_TIMEOUT": "60"}
    pool = {"UPSTREAM_CONNECT_TIMEOUT": "0.5", "UPSTREAM_MAX_CONNECTIONS": "2"}
    service = start_service(patient | pool | {"SUPABASE_URL": proxy.url})
    browser = sign_in(service, account)
    cookie = browser.refresh_token

    def me(_number: int) -> tuple[httpx.Response, float]:
        return timed(lambda other: other.me(browser.access_token), Browser(service.url))

    with ThreadPoolExecutor(17) as threads:
        with proxy.failing(faults.stall()):
            holding = threads.submit(me, 0)
            deadline = time.monotonic() + 15
            while scrape(service.url)["latchkey_upstream_connections", "in_use"] < 2:
                assert time.monotonic() < deadline
            others = list(threads.map(me, range(16)))
            own = [(operation, *timed(operation.perform, browser)) for operation in OPERATIONS]
            assert not holding.done()
        proxy.drop_connections()
        holding.result()
    for operation, response, seconds in [*((ME, *other) for other in others), *own]:
        assert_told_of_the_outage(operation, response, seconds)
        assert seconds < QUICK_DEADLINE
        assert cookies_set(response) == []
    assert browser.refresh_token == cookie
    assert browser.refresh().status_code == 200
    with ThreadPoolExecutor(4) as threads:
        assert 200 in {response.status_code for response, _ in threads.map(me, range(4))}
    assert_nothing_leaked(browser)


@dataclass(frozen=True)
class Timed:
    """An answer, and when it was asked for and had."""

    started: float
    ended: float
    status: int
    code: str


def test_a_restart_of_supabase_under_load_costs_only_the_requests_of_its_outage(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    supabase = start_supabase()
    browsers = [Browser(own_service.url) for _ in range(4)]
    email = new_email()
    assert browsers[0].sign_up(email).status_code == 200
    for browser in browsers:
        assert browser.sign_in(email, PASSWORD).status_code == 200
    answers: list[Timed] = []
    stopping = threading.Event()

    def work(browser: Browser) -> None:
        while not stopping.is_set():
            for perform in (Browser.me, Browser.refresh):
                started = time.monotonic()
                response = perform(browser)
                answers.append(Timed(started, time.monotonic(), response.status_code, response.json().get("code", "")))

    with ThreadPoolExecutor(len(browsers)) as threads:
        working = [threads.submit(work, browser) for browser in browsers]
        time.sleep(1)
        stopped = time.monotonic()
        supabase.stop(grace=30)
        time.sleep(0.5)
        supabase.start()
        ready = time.monotonic()
        time.sleep(2.5)
        stopping.set()
        for done in working:
            done.result(30)
    failed = [answer for answer in answers if answer.status != 200]
    assert (503, "upstream_unavailable") in {(answer.status, answer.code) for answer in failed}
    assert {answer.status for answer in failed} <= {502, 503, 504}
    outside = [answer for answer in failed if answer.ended < stopped or answer.started > ready + 1]
    assert outside == [], f"stopped at {stopped}, ready at {ready}"
    assert any(answer.ended < stopped for answer in answers)
    assert any(answer.started > ready + 1 for answer in answers)
    for browser in browsers:
        assert browser.refresh().status_code == 200, "nobody was signed out"
        assert browser.me().status_code == 200
    assert_nothing_leaked(browsers[0])


SIGNED_BY_AN_UNKNOWN_KEY = (
    "eyJhbGciOiJFUzI1NiIsImtpZCI6InVua25vd24iLCJ0eXAiOiJKV1QifQ"
    ".eyJzdWIiOiIwYjlkMmU1Mi02YjZjLTRiN2UtOWEwZS02ZjFmM2YwYzhmMTEiLCJhdWQiOiJhdXRoZW50aWNhdGVkIiwiZXhwIjo0MTAyNDQ0ODAwfQ"
    ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
KEY_FAULTS = {
    "reset": (faults.reset(), 503, "upstream_unavailable"),
    "stall": (faults.stall(), 504, "upstream_timeout"),
    "500-html": (faults.status_html(500), 502, "upstream_error"),
    "200-not-keys": (faults.status_json(200, b"[]"), 502, "upstream_error"),
}


@pytest.mark.parametrize(("fault", "status", "code"), KEY_FAULTS.values(), ids=KEY_FAULTS.keys())
def test_a_token_is_not_refused_because_the_keys_cannot_be_fetched(
    fault: Fault, status: int, code: str, start_service: StartService, proxy: FaultyProxy
) -> None:
    service = start_service(SHORT_TIMEOUTS | {"SUPABASE_URL": proxy.url})
    browser = Browser(service.url)
    with proxy.failing(fault, "/auth/v1/.well-known/"):
        response = browser.me(SIGNED_BY_AN_UNKNOWN_KEY)
        assert (response.status_code, response.json()["code"]) == (status, code)
    assert_nothing_leaked(browser)


def test_readiness_says_which_part_is_down_and_comes_back(start_service: StartService, proxy: FaultyProxy) -> None:
    service = start_service(SHORT_TIMEOUTS | {"SUPABASE_URL": proxy.url})
    http = Browser(service.url).http
    with proxy.failing(faults.stall(), "/rest/v1/"):
        unready = http.get("/readyz")
        assert unready.status_code == 503
        assert unready.json()["checks"] | {"rateLimits": "ok"} == {
            "auth": "ok", "dataApi": "failed", "migration": "unknown", "tokens": "unknown", "rateLimits": "ok",
            "draining": "ok", "captcha": "ok",
        }  # fmt: skip
        assert int(unready.headers["Retry-After"]) >= 1
        assert http.get("/healthz").status_code == 200
    deadline = time.monotonic() + 20
    while http.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)

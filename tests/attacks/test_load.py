"""Load as a weapon: bodies that are too large or too slow, floods, and guessing from one address and from many."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest

from tests.conftest import StartModuleService
from tests.support import loopback, raw
from tests.support.browser import PASSWORD, Browser, cookies_set, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess

pytestmark = pytest.mark.thorough

HEAD = b"GET /auth/csrf HTTP/1.1\r\nHost: localhost\r\n"
WRONG = "not the password"
SIGN_IN = (
    b"POST /auth/signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-CSRF-Token: " + CSRF_TOKEN.encode()
)
TOO_LARGE = 431, "headers_too_large"
NO_REQUEST = 400, "invalid_request"
TRICKLE = 0.1  # seconds between two bytes


@pytest.fixture(scope="module")
def limited(start_module_service: StartModuleService) -> ServiceProcess:
    """A service with low limits behind a proxy on this host. By the day, so that no window ends during a test."""
    return start_module_service(
        {
            "HEADER_TIMEOUT": "1",
            "BODY_TIMEOUT": "1",
            "RATE_LIMIT_ADDRESS": "12/day",
            "RATE_LIMIT_CREDENTIALS": "8/day",
            "RATE_LIMIT_ACCOUNT": "4/day",
            "TRUSTED_PROXIES": "127.0.0.1/32",
        }
    )


def attempt(service: ServiceProcess, email: str, forwarded_for: str, password: str = WRONG) -> int:
    headers = {"X-CSRF-Token": CSRF_TOKEN, "X-Forwarded-For": forwarded_for}
    body = {"email": email, "password": password}
    return loopback.post(f"{service.url}/auth/signin", json=body, headers=headers, timeout=60).status_code


# Guessing


def test_guessing_one_account_s_password_from_one_address(limited: ServiceProcess) -> None:
    email = new_email()
    assert [attempt(limited, email, "192.0.2.1") for _ in range(6)] == [401] * 4 + [429] * 2


def test_guessing_one_account_s_password_from_many_addresses(limited: ServiceProcess) -> None:
    email = new_email()
    assert [attempt(limited, email, f"198.51.100.{n}") for n in range(6)] == [401] * 4 + [429] * 2


def test_the_right_password_does_not_get_through_once_the_limit_is_used_up(
    limited: ServiceProcess, service: ServiceProcess
) -> None:
    email = new_email()
    Browser(service.url).sign_up(email)
    for n in range(4):
        attempt(limited, email, f"198.51.100.{20 + n}")
    assert attempt(limited, email, "198.51.100.99", PASSWORD) == 429


def test_another_spelling_of_the_account_is_the_same_account(limited: ServiceProcess) -> None:
    email = new_email()
    spellings = [email, email.upper(), email.title(), email.swapcase(), email.capitalize()]
    assert [attempt(limited, spelling, f"198.51.100.{40 + n}") for n, spelling in enumerate(spellings)] == [401] * 4 + [429]


def test_many_accounts_from_one_address(limited: ServiceProcess) -> None:
    assert [attempt(limited, new_email(), "192.0.2.2") for _ in range(10)] == [401] * 8 + [429] * 2


def test_sign_up_and_sign_in_count_together(limited: ServiceProcess) -> None:
    headers = {"X-CSRF-Token": CSRF_TOKEN, "X-Forwarded-For": "192.0.2.3"}
    statuses = []
    for path in ["signup", "signin"] * 5:
        body = {"email": new_email(), "password": PASSWORD}
        statuses.append(loopback.post(f"{limited.url}/auth/{path}", json=body, headers=headers).status_code)
    assert statuses[:8] == [200, 401] * 4
    assert statuses[8:] == [429, 429]


def test_an_office_behind_one_address_is_not_locked_out_by_one_forgetful_user(limited: ServiceProcess) -> None:
    forgetful = new_email()
    assert [attempt(limited, forgetful, "192.0.2.4") for _ in range(5)] == [401] * 4 + [429]
    assert attempt(limited, new_email(), "192.0.2.4") == 401


@pytest.mark.thorough
def test_a_subscriber_s_many_ipv6_addresses_are_one(limited: ServiceProcess) -> None:
    addresses = [f"2001:db8:1:1::{n:x}" for n in range(10)]
    assert [attempt(limited, new_email(), address) for address in addresses] == [401] * 8 + [429] * 2
    assert attempt(limited, new_email(), "2001:db8:1:2::1") == 401


def test_an_ipv4_address_written_as_ipv6_is_the_same(limited: ServiceProcess) -> None:
    spellings = ["192.0.2.5", "::ffff:192.0.2.5", "192.0.2.5:4711", "[::ffff:c000:205]:80"] * 3
    assert [attempt(limited, new_email(), spelling) for spelling in spellings[:10]] == [401] * 8 + [429] * 2


def test_a_forged_address_in_front_of_the_proxy_s_own_changes_nothing(limited: ServiceProcess) -> None:
    forged = [f"203.0.113.{n}, 192.0.2.6" for n in range(10)]
    assert [attempt(limited, new_email(), value) for value in forged] == [401] * 8 + [429] * 2


@pytest.mark.thorough
def test_no_header_of_a_stranger_changes_the_address(start_module_service: StartModuleService) -> None:
    names = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"]
    service = start_module_service({"RATE_LIMIT_CREDENTIALS": f"{len(names) - 1}/day"})
    statuses = []
    for number, name in enumerate(names):
        address = f"203.0.113.{number}"
        headers = {"X-CSRF-Token": CSRF_TOKEN, name: f"for={address}" if name == "Forwarded" else address}
        body = {"email": new_email(), "password": WRONG}
        statuses.append(loopback.post(f"{service.url}/auth/signin", json=body, headers=headers).status_code)
    assert statuses == [401] * (len(names) - 1) + [429]


@pytest.mark.parametrize("path", ["/auth/csrf", "/auth/me"])
def test_a_flood_of_requests_that_need_no_account(limited: ServiceProcess, path: str) -> None:
    address = {"/auth/csrf": "192.0.2.7", "/auth/me": "192.0.2.8"}[path]
    headers = {"X-Forwarded-For": address}
    responses = [loopback.get(limited.url + path, headers=headers) for _ in range(14)]
    assert [response.status_code for response in responses[12:]] == [429, 429]
    assert int(responses[-1].headers["retry-after"]) >= 1
    assert cookies_set(responses[-1]) == []


def test_a_flood_of_refused_tokens_is_counted_too(limited: ServiceProcess) -> None:
    headers = {"X-Forwarded-For": "192.0.2.9", "X-CSRF-Token": "forged"}
    statuses = [loopback.post(f"{limited.url}/auth/refresh", headers=headers).status_code for _ in range(14)]
    assert statuses == [403] * 12 + [429] * 2


def test_requests_at_the_same_moment_do_not_slip_past_the_limit(limited: ServiceProcess) -> None:
    email = new_email()
    addresses = [f"198.51.100.{100 + n}" for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(attempt, repeat(limited), repeat(email), addresses))
    assert statuses == [401] * 4 + [429] * 12


# Bodies and heads


def test_a_body_that_is_announced_as_too_large_is_refused_before_it_comes(service: ServiceProcess) -> None:
    [response] = raw.send(service.port, SIGN_IN + b"\r\nContent-Length: 1000000000\r\n\r\n")
    assert (response.status, response.code) == (413, "payload_too_large")
    assert response.header("connection") == "close"


def test_a_chunked_body_that_never_ends_is_cut_at_the_limit(service: ServiceProcess) -> None:
    chunk = b"1000\r\n" + b" " * 4_096 + b"\r\n"
    [response] = raw.send(service.port, SIGN_IN + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 16)
    assert (response.status, response.code) == (413, "payload_too_large")


def test_a_body_of_one_byte_chunks_with_long_extensions(limited: ServiceProcess) -> None:
    head = SIGN_IN + b"\r\nX-Forwarded-For: 192.0.2.22\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"1;" + b"x" * 4_000 + b"\r\n \r\n"
    responses, _ = raw.send_slowly(limited.port, [head + chunk * 40], 1)
    assert [response.status for response in responses] in ([400], [408])


def test_a_body_that_unpacks_to_more_is_not_unpacked(service: ServiceProcess) -> None:
    for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip"):
        headers = [f"X-CSRF-Token: {CSRF_TOKEN}", "Content-Type: application/json", f"Content-Encoding: {encoding}"]
        [response] = raw.send(service.port, raw.request("POST", "/auth/signin", headers, b"\x1f\x8b\x08\x00"))
        assert (response.status, response.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 8_000, id="open_brackets"),
        pytest.param(b'{"a":' * 2_500 + b"1" + b"}" * 2_500, id="nested_objects"),
        pytest.param(b'{"email": ' + b"9" * 10_000 + b"}", id="number_of_ten_thousand_digits"),
        pytest.param(b'{"email": 1e999999999}', id="number_without_bounds"),
        pytest.param(b'{"' + b'x": 1, "' * 1_500 + b'email": 1}', id="one_name_a_thousand_times"),
        pytest.param(b'{"email": "' + b"a." * 5_000 + b'@", "password": "x"}', id="address_that_makes_a_pattern_backtrack"),
        pytest.param(b'{"email": "' + b"\\ud83d\\ude00" * 1_000 + b'"}', id="escapes"),
    ],
)
def test_a_body_that_is_costly_to_read_is_a_400(service: ServiceProcess, body: bytes) -> None:
    headers = [f"X-CSRF-Token: {CSRF_TOKEN}", "Content-Type: application/json"]
    [response] = raw.send(service.port, raw.request("POST", "/auth/signin", headers, body))
    assert (response.status, response.code) == (400, "invalid_request")


@pytest.mark.thorough
def test_slowloris_a_head_that_comes_a_line_at_a_time(limited: ServiceProcess) -> None:
    parts = [b"GET /auth/csrf HTTP/1.1\r\n", *(f"X-{n}: y\r\n".encode() for n in range(200))]
    [response], seconds = raw.send_slowly(limited.port, parts, TRICKLE)
    assert (response.status, response.code) == (408, "request_timeout")
    assert seconds >= 1


@pytest.mark.thorough
def test_slowloris_a_head_that_comes_a_byte_at_a_time_on_a_used_connection(limited: ServiceProcess) -> None:
    first = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    parts = [first, *(bytes([byte]) for byte in b"GET /auth/csrf HTTP/1.1\r\nX-Header: " + b"y" * 200)]
    responses, _ = raw.send_slowly(limited.port, parts, TRICKLE)
    assert [response.status for response in responses] == [200, 408]


@pytest.mark.thorough
def test_a_connection_that_says_nothing_is_closed(limited: ServiceProcess) -> None:
    with raw.connect(limited.port, 20) as connection:
        assert raw.receive_all(connection) == b""


@pytest.mark.thorough
def test_a_connection_that_sends_empty_lines_only_is_closed(limited: ServiceProcess) -> None:
    responses, _ = raw.send_slowly(limited.port, [b"\r\n"] * 200, TRICKLE)
    assert responses == []


@pytest.mark.thorough
def test_a_body_that_comes_a_byte_at_a_time(limited: ServiceProcess) -> None:
    parts = [SIGN_IN + b"\r\nX-Forwarded-For: 192.0.2.20\r\nContent-Length: 1000\r\n\r\n", *([b" "] * 200)]
    [response], _ = raw.send_slowly(limited.port, parts, TRICKLE)
    assert (response.status, response.code) == (408, "request_timeout")


@pytest.mark.thorough
def test_a_body_that_goes_on_after_it_was_answered(limited: ServiceProcess) -> None:
    head = b"POST /auth/logout HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.21\r\nContent-Length: 1000\r\n\r\n"
    responses, seconds = raw.send_slowly(limited.port, [head, *([b" "] * 200)], TRICKLE)
    assert [response.status for response in responses] == [403]
    assert seconds < 20


@pytest.mark.thorough
def test_trailers_that_come_a_byte_at_a_time(limited: ServiceProcess) -> None:
    head = SIGN_IN + b"\r\nX-Forwarded-For: 192.0.2.23\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\nX: "
    [response], seconds = raw.send_slowly(limited.port, [head, *([b"y"] * 200)], TRICKLE)
    assert (response.status, response.code) == (408, "request_timeout")
    assert 1 <= seconds < 20


@pytest.mark.thorough
def test_trailers_that_go_on_after_the_request_was_answered(limited: ServiceProcess) -> None:
    head = b"POST /auth/logout HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.24\r\n"
    start = head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    responses, seconds = raw.send_slowly(limited.port, [start, *([b"X: y\r\n"] * 200)], TRICKLE)
    assert [response.status for response in responses] == [403]
    assert seconds < 20


@pytest.mark.parametrize(
    ("head", "refusal"),
    [
        pytest.param(HEAD + b"X: y\r\n" * 100 + b"\r\n", TOO_LARGE, id="a_hundred_and_one_lines"),
        pytest.param(HEAD + b"X: " + b"y" * 16_384 + b"\r\n\r\n", TOO_LARGE, id="one_long_line"),
        pytest.param(HEAD + b"X: " + b"y" * 200_000, TOO_LARGE, id="one_line_that_does_not_end"),
        pytest.param(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", NO_REQUEST, id="long_path"),
        pytest.param(b"GET /auth/csrf?" + b"a=b&" * 5_000 + b" HTTP/1.1\r\n" + b"\r\n", NO_REQUEST, id="long_query"),
        pytest.param(HEAD + b"X-Forwarded-For: 192.0.2.1\r\n" * 5_000, TOO_LARGE, id="header_flood"),
        pytest.param(HEAD + b"a" * 20_000 + b": x\r\n\r\n", TOO_LARGE, id="long_name"),
    ],
)
def test_a_head_that_is_too_large(service: ServiceProcess, head: bytes, refusal: tuple[int, str]) -> None:
    [response] = raw.send(service.port, head)
    assert (response.status, response.code) == refusal


@pytest.mark.thorough
def test_a_hundred_silent_connections_keep_nobody_out(limited: ServiceProcess) -> None:
    connections = [raw.connect(limited.port, 20) for _ in range(100)]
    try:
        for connection in connections[::2]:
            connection.sendall(b"GET /auth/csrf HTTP/1.1\r\n")
        assert loopback.get(f"{limited.url}/healthz", timeout=30).status_code == 200
        started = time.monotonic()
        assert {raw.receive_all(connection)[:12] for connection in connections} == {b"", b"HTTP/1.1 408"}
        assert time.monotonic() - started < 60
    finally:
        for connection in connections:
            connection.close()

"""The table of faults, and what each test does with a row of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import httpx
import pytest

from tests.faults.conftest import assert_nothing_leaked
from tests.faults.operations import OPERATIONS, Operation
from tests.support import faults
from tests.support.browser import Browser, cookies_set
from tests.support.faulty_proxy import Fault, FaultyProxy

UNAVAILABLE = (503, "upstream_unavailable")
TIMEOUT = (504, "upstream_timeout")
ERROR = (502, "upstream_error")
LIMITED = (429, "rate_limited")


@dataclass(frozen=True)
class Row:
    """A fault, and what every operation answers to it. `retry_after` is in seconds, where the answer names some."""

    name: str
    fault: Fault
    answer: tuple[int, str]
    retry_after: int | None = None

    def __str__(self) -> str:
        return self.name


# A fault that would wait for the service's own timeouts.
SLOW = (
    Row("stall", faults.stall(), TIMEOUT),
    Row("stall-in-body", faults.stall_in_body(), TIMEOUT),
    Row("drip", faults.drip(), TIMEOUT),
    Row("drip-of-the-head", faults.drip_head(), TIMEOUT),
)
QUICK = (
    Row("reset", faults.reset(), UNAVAILABLE, 5),
    Row("close", faults.close(), UNAVAILABLE, 5),
    Row("reset-in-body", faults.reset_in_body(), UNAVAILABLE, 5),
    Row("close-in-body", faults.close_in_body(), UNAVAILABLE, 5),
    Row("not-http", faults.garbage(), ERROR),
    Row("500-html", faults.status_html(500), ERROR),
    Row("502-html", faults.status_html(502), UNAVAILABLE, 5),
    Row("503-html", faults.status_html(503), UNAVAILABLE, 5),
    Row("503-html-with-retry-after", faults.status_html(503, {"Retry-After": "120"}), UNAVAILABLE, 120),
    Row("504-html", faults.status_html(504), TIMEOUT),
    Row("520-html", faults.status_html(520), UNAVAILABLE, 5),
    Row("500-json", faults.status_json(500, b'{"code": "unexpected_failure", "message": "no"}'), ERROR),
    Row("503-json-without-code", faults.status_json(503, b'{"message": "name resolution failed"}'), UNAVAILABLE, 5),
    Row("504-json-without-code", faults.status_json(504, b"{}"), TIMEOUT),
    # A server in trouble does not know whose session is over, whatever it says.
    Row("500-session-not-found", faults.status_json(500, b'{"code": "session_not_found", "message": "no"}'), ERROR),
    Row("404-html", faults.status_html(404), ERROR),
    Row("401-html", faults.status_html(401), ERROR),
    Row("403-html", faults.status_html(403), ERROR),
    Row("401-gateway", faults.status_json(401, b'{"message": "Invalid API key"}'), ERROR),
    Row("redirect", faults.redirect("http://127.0.0.1:9/"), ERROR),
    Row("200-html", faults.status_html(200), ERROR),
    Row("200-empty", faults.status_json(200, b""), ERROR),
    Row("200-truncated-json", faults.status_json(200, b'{"access_token": "ey'), ERROR),
    Row("200-not-json", faults.status_json(200, b"\xff\xfe{]"), ERROR),
    Row("200-null", faults.status_json(200, b"null"), ERROR),
    Row("200-empty-object", faults.status_json(200, b"{}"), ERROR),
    Row("200-wrong-types", faults.status_json(200, b'[{"id": 7, "display_name": {}, "access_token": []}]'), ERROR),
    Row("200-deep", faults.status_json(200, b"[" * 200_000), ERROR),
    Row("200-enormous", faults.enormous(), ERROR),
    Row("200-bomb", faults.bomb(), ERROR),
    Row("429", faults.status_html(429), LIMITED, 60),
    Row("429-json", faults.status_json(429, b'{"message": "slow down"}'), LIMITED, 60),
    Row("429-with-retry-after", faults.status_html(429, {"Retry-After": "17"}), LIMITED, 17),
    Row("429-with-a-date-gone-by", faults.status_html(429, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}), LIMITED, 1),
    Row("429-with-nonsense", faults.status_html(429, {"Retry-After": "soon"}), LIMITED, 60),
)
QUICK_DEADLINE = 5.0  # seconds; none of these waits for anything, so it only has to outlast a busy machine
SLOW_DEADLINE = 4.0  # seconds; UPSTREAM_TIMEOUT is 0.9, REQUEST_TIMEOUT 5


def cases(rows: tuple[Row, ...], everyday: Operation | None = None) -> list[object]:
    """All rows with all operations; thorough but those with the `everyday` one."""

    def marks(operation: Operation) -> tuple[pytest.MarkDecorator, ...]:
        return () if operation is everyday else (pytest.mark.thorough,)

    return [
        pytest.param(row, operation, id=f"{row}-{operation}", marks=marks(operation))
        for row, operation in product(rows, OPERATIONS)
    ]


def assert_answer(response: httpx.Response, row: Row) -> None:
    """The response is what the row documents."""
    error = response.json()
    assert (response.status_code, error["code"]) == row.answer, response.text
    assert response.headers["Content-Type"] == "application/json"
    if row.retry_after is None:
        assert "Retry-After" not in response.headers
        assert error["details"] == {}
    else:
        assert response.headers["Retry-After"] == str(row.retry_after)
        assert error["details"] == {"retryAfter": row.retry_after}


def fails_and_recovers(
    row: Row, operation: Operation, browser: Browser, proxy: FaultyProxy, *, deadline: float, tries: int
) -> None:
    cookie = browser.refresh_token
    assert cookie is not None
    with proxy.failing(row.fault, operation.upstream):
        started = time.monotonic()
        response = operation.perform(browser)
        took = time.monotonic() - started
    if row.name in operation.untold:
        assert response.status_code == operation.success, response.text
    else:
        assert_answer(response, row)
    assert took < deadline
    assert cookies_set(response) == [], "an outage touches no cookie"
    assert browser.refresh_token == cookie

    _succeeds(operation.perform, browser, tries, operation.success)
    _succeeds(Browser.refresh, browser, tries)  # the session outlived the outage
    assert_nothing_leaked(browser)


def _succeeds(perform: Callable[[Browser], httpx.Response], browser: Browser, tries: int, status: int = 200) -> None:
    for left in reversed(range(tries)):
        response = perform(browser)
        if response.status_code == status or not left:
            break
    assert response.status_code == status, response.text

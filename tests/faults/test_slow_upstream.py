"""Faults that consist in waiting, and logout, which must not wait for three of them in a row."""

from __future__ import annotations

import time

import pytest

from tests.faults.conftest import assert_nothing_leaked, sign_in
from tests.faults.operations import Operation
from tests.faults.table import (
    QUICK,
    SLOW,
    SLOW_DEADLINE,
    Row,
    cases,
    fails_and_recovers,
)
from tests.support.browser import Browser
from tests.support.faulty_proxy import FaultyProxy
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(("row", "operation"), cases(SLOW))
def test_a_slow_answer_is_given_up_in_time_and_the_next_request_is_fine(
    row: Row, operation: Operation, impatient_browser: Browser, proxy: FaultyProxy
) -> None:
    # With timeouts this short a healthy answer may come too late on a busy machine, so it gets more than one try.
    fails_and_recovers(row, operation, impatient_browser, proxy, deadline=SLOW_DEADLINE, tries=3)


LOGOUT_ROWS = (
    "reset",
    "stall",
    "drip",
    "500-html",
    "503-html",
    "401-gateway",
    "redirect",
    "200-not-json",
    "200-enormous",
    "429",
)


@pytest.mark.parametrize("row", [row for row in QUICK + SLOW if row.name in LOGOUT_ROWS], ids=str)
def test_logout_signs_out_here_whatever_supabase_does(
    row: Row, impatient_service: ServiceProcess, account: str, proxy: FaultyProxy
) -> None:
    browser = sign_in(impatient_service, account)
    with proxy.failing(row.fault):
        started = time.monotonic()
        response = browser.logout()
        took = time.monotonic() - started
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert browser.refresh_token is None
    assert_nothing_leaked(browser)
    assert took < SLOW_DEADLINE, "three calls together take no longer than one may"

"""One row for each way in which Supabase fails, one test for each row and operation."""

from __future__ import annotations

import time

import pytest

from tests.faults.conftest import assert_nothing_leaked
from tests.faults.operations import ME, OPERATIONS, REFRESH, Operation
from tests.faults.table import (
    QUICK,
    QUICK_DEADLINE,
    UNAVAILABLE,
    Row,
    assert_answer,
    cases,
    fails_and_recovers,
)
from tests.support import faults
from tests.support.browser import Browser
from tests.support.faulty_proxy import FaultyProxy

pytestmark = pytest.mark.thorough


# Every fault strikes one operation in `make test`, and every other one in `make test-thorough`.
@pytest.mark.parametrize(("row", "operation"), cases(QUICK, everyday=ME))
def test_a_broken_answer_is_told_as_documented_and_the_next_request_is_fine(
    row: Row, operation: Operation, signed_in: Browser, proxy: FaultyProxy
) -> None:
    fails_and_recovers(row, operation, signed_in, proxy, deadline=QUICK_DEADLINE, tries=1)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_refused_connection_is_told_as_documented_and_the_next_request_is_fine(
    operation: Operation, signed_in: Browser, proxy: FaultyProxy
) -> None:
    cookie = signed_in.refresh_token
    with proxy.refusing():
        response = operation.perform(signed_in)
    assert_answer(response, Row("refused", faults.reset(), UNAVAILABLE, 5))
    assert signed_in.refresh_token == cookie
    assert operation.perform(signed_in).status_code == operation.success
    assert signed_in.refresh().status_code == 200
    assert_nothing_leaked(signed_in)


def test_me_answers_without_the_data_api_in_the_same_way_as_without_auth(signed_in: Browser, proxy: FaultyProxy) -> None:
    with proxy.failing(faults.reset(), "/rest/v1/"):
        assert signed_in.me().status_code == 503
        assert signed_in.refresh().status_code == 200, "Auth works, and so does what needs only Auth"
    assert signed_in.me().status_code == 200


@pytest.mark.parametrize("operation", [ME, REFRESH], ids=str)
def test_a_stale_connection_of_the_pool_costs_nobody_a_request(
    operation: Operation, signed_in: Browser, proxy: FaultyProxy
) -> None:
    assert operation.perform(signed_in).status_code == 200
    proxy.drop_connections()
    time.sleep(0.1)  # for the end of the connections to arrive
    assert operation.perform(signed_in).status_code == 200

"""What the log and the metrics hear of a call that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conftest import StartModuleService
from tests.support import loopback
from tests.support.fixed_answers import FixedAnswers
from tests.support.service import CSRF_TOKEN, ServiceProcess

pytestmark = pytest.mark.thorough

Fixed = tuple[ServiceProcess, FixedAnswers]


@pytest.fixture(scope="module")
def upstream() -> Iterator[FixedAnswers]:
    with FixedAnswers({}) as running:
        yield running


@pytest.fixture(scope="module")
def fixed(start_module_service: StartModuleService, upstream: FixedAnswers) -> Fixed:
    return start_module_service({"SUPABASE_URL": upstream.url}), upstream


def told(fixed: Fixed, status: int, code: str) -> dict[str, object]:
    """What the log says of a sign-in to which Supabase answers this."""
    service, upstream = fixed
    upstream.answers["POST /auth/v1/token"] = (status, {"error_code": code, "msg": "m"})
    logged = len(service.log)
    credentials = {"email": "ada@example.com", "password": "correct horse"}
    answer = loopback.post(service.url + "/auth/signin", json=credentials, headers={"X-CSRF-Token": CSRF_TOKEN})
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_error")
    events = [json.loads(line) for line in service.log[logged:].splitlines()]
    [failure] = [event for event in events if event["event"] == "upstream_failed"]
    return dict(failure)


@pytest.mark.parametrize(
    ("status", "code"), [(413, "request_entity_too_large"), (500, "unexpected_failure"), (400, "a_code_of_tomorrow")]
)
def test_the_log_names_supabases_own_code(fixed: Fixed, status: int, code: str) -> None:
    failure = told(fixed, status, code)
    assert (failure["call"], failure["reason"], failure["supabase_code"]) == ("sign_in", f"HTTP {status}", code)


@pytest.mark.parametrize("code", ['x","event":"refresh_token_reuse', "a\n{}", "a" * 1000, "secret@example.com"])
def test_what_stands_in_the_place_of_a_code_stays_out_of_the_log(fixed: Fixed, code: str) -> None:
    assert "supabase_code" not in told(fixed, 400, code)

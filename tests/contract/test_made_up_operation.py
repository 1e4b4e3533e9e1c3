"""A new operation, with a parameter in its path, has by being in the contract whatever the others have."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.browser import Browser, cookies_set, new_email
from tests.support.metrics import scrape
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.trace_receiver import TraceReceiver

ORIGIN = "http://localhost:5173"


@pytest.fixture(scope="module")
def receiver() -> Iterator[TraceReceiver]:
    with TraceReceiver() as running:
        yield running


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys, receiver: TraceReceiver
) -> Iterator[ServiceProcess]:
    """The service with the made-up capability, traced."""
    tracing = {"TRACING": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    env = development_env(supabase.url, keys, free_port()) | tracing
    command = (sys.executable, "-m", "tests.contract.made_up")
    with ServiceProcess(env, tmp_path_factory.mktemp("made-up") / "service.log", command=command) as running:
        yield running


@pytest.fixture(scope="module")
def browser(service: ServiceProcess) -> Browser:
    """Somebody who is signed in."""
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email)
    return browser


def read(browser: Browser, thing_id: object, query: str = "", **headers: str) -> httpx.Response:
    return browser.http.get(f"/auth/things/{thing_id}{query}", headers=headers)


def delete(browser: Browser, thing_id: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {browser.access_token}", "X-CSRF-Token": str(browser.csrf_token)}
    return browser.http.delete(f"/auth/things/{thing_id}", headers=headers)


def problems(response: httpx.Response) -> list[tuple[str, str]]:
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    return [(error["path"], error["rule"]) for error in response.json()["details"]["errors"]]


def logged(service: ServiceProcess, response: httpx.Response, timeout: float = 10) -> dict[str, Any]:
    """The access log's line about a request, which is written once it is answered."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        events = [json.loads(line) for line in service.log.splitlines() if line.startswith("{") and line.endswith("}")]
        for event in events:
            if (event["event"], event.get("request_id")) == ("request", response.headers["X-Request-ID"]):
                return dict(event)
        time.sleep(0.05)
    raise AssertionError("the request is not in the log")


def test_parameters_arrive_checked_and_typed(browser: Browser) -> None:
    thing_id = uuid4()
    assert read(browser, thing_id).json() == {"thingId": str(thing_id), "pageSize": 5}
    assert read(browser, str(thing_id).upper(), "?pageSize=7&somethingElse=1").json() == {
        "thingId": str(thing_id),
        "pageSize": 7,
    }


@pytest.mark.parametrize(
    ("thing_id", "query", "expected"),
    [
        ("4711", "", [("/path/thingId", "format")]),
        ("{0b9d2e52-6b6c-4b7e-9a0e-6f1f3f0c8f11}", "", [("/path/thingId", "format")]),
        ("4711", "?pageSize=11&kind=odd", [("/path/thingId", "format"), ("/query/kind", "enum"), ("/query/pageSize", "range")]),
        (uuid4(), "?pageSize=0x5", [("/query/pageSize", "type")]),
        (uuid4(), "?pageSize=", [("/query/pageSize", "type")]),
        (uuid4(), "?pageSize=5&pageSize=5", [("/query/pageSize", "repeated")]),
    ],
)
def test_a_parameter_that_the_contract_refuses_is_named_with_its_rule_and_without_its_value(
    browser: Browser, thing_id: object, query: str, expected: list[tuple[str, str]]
) -> None:
    response = read(browser, thing_id, query)
    assert problems(response) == expected
    assert "4711" not in response.text


def test_its_name_is_in_metrics_log_and_traces(browser: Browser, service: ServiceProcess, receiver: TraceReceiver) -> None:
    response = delete(browser, uuid4())
    assert response.status_code == 204
    assert logged(service, response)["operation"] == "deleteThing"
    assert scrape(service.url)["latchkey_requests_total", "none", "deleteThing", "204"] >= 1
    receiver.named("deleteThing")


def test_its_limits_are_counted_by_the_parameter(browser: Browser, service: ServiceProcess) -> None:
    thing_id = uuid4()
    responses = [delete(browser, thing_id) for _ in range(4)]
    assert [response.status_code for response in responses] == [204, 204, 204, 429]
    assert '"thing";q=3;w=86400' in responses[0].headers["ratelimit-policy"]
    assert logged(service, responses[3])["refused_by"] == "thing"
    assert delete(browser, uuid4()).status_code == 204, "another thing is another key"


def test_its_security_schemes_are_asked(browser: Browser) -> None:
    path = f"/auth/things/{uuid4()}"
    bearer = {"Authorization": f"Bearer {browser.access_token}"}
    assert browser.http.delete(path, headers=bearer).json()["code"] == "csrf_failed"
    assert browser.http.delete(path, headers={"X-CSRF-Token": str(browser.csrf_token)}).json()["code"] == "unauthorized"


def test_pages_of_allowed_origins_may_use_its_method(browser: Browser) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-csrf-token"}
    response = browser.http.options(f"/auth/things/{uuid4()}", headers=asked)
    assert response.status_code == 200
    assert "DELETE" in response.headers["Access-Control-Allow-Methods"]


def test_another_method_is_told_the_right_ones_and_another_path_is_not_found(browser: Browser) -> None:
    response = browser.http.put(f"/auth/things/{uuid4()}")
    assert (response.status_code, response.headers["Allow"]) == (405, "DELETE, GET, HEAD")
    for path in (f"/auth/things/{uuid4()}/", "/auth/things/", f"/auth/things/{uuid4()}/more"):
        response = browser.http.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_response_that_its_contract_does_not_have_is_withheld(browser: Browser, service: ServiceProcess) -> None:
    assert read(browser, uuid4(), "?kind=extra").json()["code"] == "internal_error"
    assert "body: additionalProperties" in service.log


@pytest.mark.parametrize(("kind", "status", "code"), [("taken", 500, "internal_error"), ("refused", 502, "upstream_error")])
def test_an_error_that_it_does_not_document_is_ours_or_supabases(
    browser: Browser, service: ServiceProcess, kind: str, status: int, code: str
) -> None:
    response = read(browser, uuid4(), f"?kind={kind}")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert '"event": "undocumented_error"' in service.log


def test_a_deletion_has_no_body(browser: Browser) -> None:
    response = delete(browser, uuid4())
    assert (response.status_code, response.content) == (204, b"")
    assert not {"content-type", "content-length"} & response.headers.keys()
    assert response.headers["Cache-Control"] == "no-store"


def test_a_reply_may_set_several_cookies(browser: Browser) -> None:
    assert cookies_set(read(browser, uuid4())) == ["first", "second"]

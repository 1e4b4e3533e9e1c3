"""Supabase fails on the way through a provider, or while identities are seen and taken away: over the recorded Supabase."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.faults.conftest import ANSWER_SOON, SHORT_TIMEOUTS, assert_nothing_leaked
from tests.faults.table import QUICK, QUICK_DEADLINE, SLOW, SLOW_DEADLINE, Row, assert_answer
from tests.support import flows
from tests.support.browser import PASSWORD, Browser, cookies_set
from tests.support.faulty_proxy import FaultyProxy
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.upstream.base import address
from tests.support.upstream.recorded import RecordedUpstream

pytestmark = pytest.mark.thorough

Perform = Callable[[], httpx.Response]


@dataclass(frozen=True)
class Stage:
    """A browser that is signed in at a service whose Supabase is behind a faulty proxy."""

    upstream: RecordedUpstream
    proxy: FaultyProxy
    browser: Browser


@pytest.fixture(scope="module")
def recorded(recorded_upstream: RecordedUpstream) -> Iterator[FaultyProxy]:
    with FaultyProxy(recorded_upstream.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def provider_service(
    tmp_path_factory: pytest.TempPathFactory, recorded_upstream: RecordedUpstream, recorded: FaultyProxy
) -> Iterator[ServiceProcess]:
    issuer = {"SUPABASE_JWT_ISSUER": f"{recorded_upstream.url}/auth/v1"}
    env = development_env(recorded.url, recorded_upstream.keys, free_port()) | issuer | SHORT_TIMEOUTS | ANSWER_SOON
    with ServiceProcess(env, tmp_path_factory.mktemp("provider-faults") / "service.log") as running:
        yield running


@pytest.fixture(scope="module")
def shared(recorded_upstream: RecordedUpstream, provider_service: ServiceProcess) -> Browser:
    person = recorded_upstream.person(password=PASSWORD)
    browser = Browser(provider_service.url)
    assert browser.sign_in(person.email, PASSWORD).status_code == 200
    assert flows.link(recorded_upstream, browser).status_code == 200
    return browser


@pytest.fixture
def stage(recorded_upstream: RecordedUpstream, recorded: FaultyProxy, shared: Browser) -> Stage:
    return Stage(recorded_upstream, recorded, shared)


def completing(stage: Stage) -> Perform:
    """With a flow of its own each time: begun and consented to before the fault."""
    back = flows.go(stage.upstream, flows.start(stage.browser), address("gh"))
    return lambda: stage.browser.post("/auth/oauth/complete", back.completion)


def listing(stage: Stage) -> Perform:
    return lambda: stage.browser.http.get("/auth/identities", headers=flows.bearer(stage.browser))


def unlinking(stage: Stage) -> Perform:
    [github] = [found["id"] for found in listing(stage)().json()["identities"] if found["provider"] == "github"]
    headers = flows.bearer(stage.browser) | {"X-CSRF-Token": stage.browser.csrf_token or ""}
    return lambda: stage.browser.http.delete(f"/auth/identities/{github}", headers=headers)


def linking(stage: Stage) -> Perform:
    return lambda: flows.start(stage.browser, intent="link")


def trying(stage: Stage) -> Perform:
    return lambda: flows.start(stage.browser, "custom:ours")


OPERATIONS = {
    "complete": ("/auth/v1/token", completing),
    "identities": ("/auth/v1/user", listing),
    "unlink": ("/auth/v1/user/identities/", unlinking),
    "link": ("/auth/v1/user/identities/authorize", linking),
    "provider": ("/auth/v1/authorize", trying),
}
# What is an answer as good as any: Supabase says that something is done by saying nothing, and a provider by its status alone.
# A Supabase without linking answers as if nothing were there, or with a page.
NO_FAULT = {("200-empty-object", "unlink"), ("404-html", "unlink"), ("200-html", "link")} | {
    (row.name, "provider") for row in QUICK if row.name.startswith("200-") or row.name == "redirect"
}


def cases(rows: tuple[Row, ...]) -> list[object]:
    """Every row strikes completing, which is what signs people in, in `make test`; the others in `make test-thorough`."""
    return [
        pytest.param(row, name, id=f"{row}-{name}", marks=() if name == "complete" else pytest.mark.thorough)
        for row in rows
        for name in OPERATIONS
        if (row.name, name) not in NO_FAULT
    ]


@pytest.mark.parametrize(("row", "name"), cases(QUICK))
def test_a_broken_answer_is_told_as_documented_and_signs_nobody_out(row: Row, name: str, stage: Stage) -> None:
    fails_and_recovers(row, name, stage, QUICK_DEADLINE)


@pytest.mark.thorough
@pytest.mark.parametrize(("row", "name"), [(row, name) for row in SLOW for name in OPERATIONS])
def test_a_slow_answer_is_told_as_documented_and_signs_nobody_out(row: Row, name: str, stage: Stage) -> None:
    fails_and_recovers(row, name, stage, SLOW_DEADLINE)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_tells_of_an_outage(name: str, stage: Stage) -> None:
    fails_and_recovers(QUICK[0], name, stage, QUICK_DEADLINE)


def fails_and_recovers(row: Row, name: str, stage: Stage, deadline: float) -> None:
    path, prepare = OPERATIONS[name]
    browser = stage.browser
    assert browser.refresh().status_code == 200
    perform, cookie = prepare(stage), browser.refresh_token
    with stage.proxy.failing(row.fault, path):
        started = time.monotonic()
        response = perform()
        took = time.monotonic() - started
    assert_answer(response, row)
    assert took < deadline
    assert cookies_set(response) == [], "an outage touches no cookie"
    assert browser.refresh_token == cookie
    assert browser.refresh().status_code == 200
    assert_nothing_leaked(browser)

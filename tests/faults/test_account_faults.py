"""Supabase fails while somebody sets up a factor, steps up, looks after devices or leaves: told as documented, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import httpx
import pytest

from local import keys as local_keys
from local.keys import Keys
from tests.faults.conftest import SHORT_TIMEOUTS, assert_nothing_leaked
from tests.faults.table import QUICK, QUICK_DEADLINE, SLOW, SLOW_DEADLINE, UNAVAILABLE, Row, assert_answer
from tests.support import faults
from tests.support.browser import Browser, cookies_set
from tests.support.faulty_proxy import FaultyProxy
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.upstream.base import Factor, Person
from tests.support.upstream.proofs import claims
from tests.support.upstream.recorded import RecordedUpstream

pytestmark = pytest.mark.thorough

SESSION = "/auth/sessions/"


@dataclass
class Leaver:
    """Somebody with a second factor, signed in here at aal2."""

    upstream: RecordedUpstream
    person: Person
    factor: Factor
    browser: Browser

    def delete(self) -> httpx.Response:
        return self.browser.as_user("POST", "/auth/account/deletion", {"confirm": self.person.email})

    def verify(self) -> httpx.Response:
        body = {"factorId": self.factor.id, "code": self.upstream.code(self.factor.secret)}
        return self.browser.as_user("POST", "/auth/mfa/verify", body)

    def enroll(self) -> httpx.Response:
        return self.browser.as_user("POST", "/auth/mfa/factors", {"type": "totp", "name": f"at {time.monotonic()}"})

    def delete_factor(self) -> httpx.Response:
        return self.browser.as_user("DELETE", f"/auth/mfa/factors/{self.factor.id}")

    def end_other_session(self) -> httpx.Response:
        return self.browser.as_user("DELETE", SESSION + claims(self.factor.session.access_token)["session_id"])


@dataclass(frozen=True)
class Operation:
    """`upstream` is the endpoint that the fault strikes, {factor} in it the factor's id; `soft` takes the service that deletes
    softly.
    """

    name: str
    upstream: str
    perform: Callable[[Leaver], httpx.Response]
    status: int = 200
    soft: bool = False

    def __str__(self) -> str:
        return self.name


def _list_factors(leaver: Leaver) -> httpx.Response:
    return leaver.browser.as_user("GET", "/auth/mfa/factors")


def _list_sessions(leaver: Leaver) -> httpx.Response:
    return leaver.browser.as_user("GET", "/auth/sessions")


OPERATIONS = (
    Operation("list-factors", "/auth/v1/user", _list_factors),
    Operation("enroll", "/auth/v1/factors", Leaver.enroll, 201),
    Operation("delete-factor", "/auth/v1/factors/", Leaver.delete_factor, 204),
    Operation("challenge", "/auth/v1/factors/{factor}/challenge", Leaver.verify),
    Operation("verify", "/auth/v1/factors/{factor}/verify", Leaver.verify),
    Operation("list-sessions", "/rest/v1/rpc/list_own_sessions", _list_sessions),
    Operation("list-sessions-auth", "/auth/v1/user", _list_sessions),
    Operation("end-session", "/rest/v1/rpc/end_own_session", Leaver.end_other_session, 204),
    Operation("leave", "/auth/v1/admin/users", Leaver.delete),
    Operation("leave-who", "/auth/v1/user", Leaver.delete),
    Operation("leave-softly", "/rest/v1/user_profile?", Leaver.delete, soft=True),
)
EVERYDAY = "verify"


@pytest.fixture(scope="module")
def upstream() -> Iterator[RecordedUpstream]:
    with RecordedUpstream(local_keys.generate()) as running:
        yield running
        running.server.not_recorded.clear()  # a fault may send on half a request


@pytest.fixture(scope="module")
def account_proxy(upstream: RecordedUpstream) -> Iterator[FaultyProxy]:
    with FaultyProxy(upstream.url) as running:
        yield running


def _service(folder: pytest.TempPathFactory, proxy: FaultyProxy, keys: Keys, **more: str) -> ServiceProcess:
    env = development_env(proxy.url, keys, free_port()) | more
    # The recorded server names itself in its tokens, not the proxy before it.
    return ServiceProcess(env, folder.mktemp("account-faults") / "service.log")


@pytest.fixture(scope="module")
def services(
    tmp_path_factory: pytest.TempPathFactory, account_proxy: FaultyProxy, upstream: RecordedUpstream
) -> Iterator[dict[bool, ServiceProcess]]:
    issuer = {"SUPABASE_JWT_ISSUER": f"{upstream.url}/auth/v1"}
    hard = _service(tmp_path_factory, account_proxy, upstream.keys, ACCOUNT_DELETION="hard", **issuer)
    soft = _service(tmp_path_factory, account_proxy, upstream.keys, ACCOUNT_DELETION="soft", **issuer)
    with hard, soft:
        yield {False: hard, True: soft}


@pytest.fixture(scope="module")
def impatient(
    tmp_path_factory: pytest.TempPathFactory, account_proxy: FaultyProxy, upstream: RecordedUpstream
) -> Iterator[ServiceProcess]:
    more = {"SUPABASE_JWT_ISSUER": f"{upstream.url}/auth/v1", "ACCOUNT_DELETION": "hard", **SHORT_TIMEOUTS}
    with _service(tmp_path_factory, account_proxy, upstream.keys, **more) as running:
        yield running


def leaver_at(service: ServiceProcess, upstream: RecordedUpstream) -> Leaver:
    person = upstream.person()
    factor = upstream.factor(upstream.session(person))
    browser = Browser(service.url)
    assert browser.sign_in(person.email, person.password).status_code == 200
    leaver = Leaver(upstream, person, factor, browser)
    assert leaver.verify().status_code == 200
    return leaver


def fails_and_recovers(row: Row, operation: Operation, leaver: Leaver, proxy: FaultyProxy, deadline: float) -> None:
    cookie = leaver.browser.refresh_token
    with proxy.failing(row.fault, operation.upstream.format(factor=leaver.factor.id)):
        started = time.monotonic()
        response = operation.perform(leaver)
        took = time.monotonic() - started
    assert_answer(response, row)
    assert took < deadline
    assert cookies_set(response) == [], "an outage touches no cookie"
    assert leaver.browser.refresh_token == cookie
    assert leaver.browser.refresh().status_code == 200, "the session outlived the outage"
    assert operation.perform(leaver).status_code == operation.status
    assert_nothing_leaked(leaver.browser)


def cases(rows: tuple[Row, ...]) -> list[object]:
    return [
        pytest.param(row, operation, id=f"{row}-{operation}", marks=() if operation.name == EVERYDAY else pytest.mark.thorough)
        for row, operation in product(rows, OPERATIONS)
    ]


@pytest.mark.parametrize(("row", "operation"), cases(QUICK))
def test_a_broken_answer_is_told_as_documented_and_the_next_request_is_fine(
    row: Row,
    operation: Operation,
    services: dict[bool, ServiceProcess],
    upstream: RecordedUpstream,
    account_proxy: FaultyProxy,
) -> None:
    leaver = leaver_at(services[operation.soft], upstream)
    fails_and_recovers(row, operation, leaver, account_proxy, QUICK_DEADLINE)


@pytest.mark.thorough
@pytest.mark.parametrize(("row", "operation"), [case for case in product(SLOW, OPERATIONS) if not case[1].soft], ids=str)
def test_a_slow_answer_is_told_as_documented_and_the_next_request_is_fine(
    row: Row, operation: Operation, impatient: ServiceProcess, upstream: RecordedUpstream, account_proxy: FaultyProxy
) -> None:
    leaver = leaver_at(impatient, upstream)
    fails_and_recovers(row, operation, leaver, account_proxy, SLOW_DEADLINE)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_refused_connection_is_told_as_documented(
    operation: Operation,
    services: dict[bool, ServiceProcess],
    upstream: RecordedUpstream,
    account_proxy: FaultyProxy,
) -> None:
    leaver = leaver_at(services[operation.soft], upstream)
    with account_proxy.refusing():
        response = operation.perform(leaver)
    assert_answer(response, Row("refused", faults.reset(), UNAVAILABLE, 5))
    assert cookies_set(response) == []
    assert operation.perform(leaver).status_code == operation.status


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_lost_answer_to_a_step_up_is_mended_by_one_refresh_before_it_and_one_at_once(
    services: dict[bool, ServiceProcess], upstream: RecordedUpstream, account_proxy: FaultyProxy, version: str
) -> None:
    """The one fault that can end a session is answered as an outage, and the description says what to do."""
    upstream.configure(SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION=version)
    try:
        leaver = leaver_at(services[False], upstream)
        for session in upstream.server.project.sessions.values():
            session.created_at = session.refreshed_at = session.created_at - 60
        assert leaver.browser.refresh().status_code == 200
        with account_proxy.failing(faults.lost_answer(), f"/auth/v1/factors/{leaver.factor.id}/verify"):
            response = leaver.verify()
        assert response.status_code == 503
        assert cookies_set(response) == []
        refreshed = leaver.browser.refresh()
        assert (refreshed.status_code, refreshed.json()["aal"]) == (200, "aal2")
    finally:
        upstream.configure()


def test_a_lost_answer_to_a_deletion_leaves_somebody_who_is_gone(
    services: dict[bool, ServiceProcess], upstream: RecordedUpstream, account_proxy: FaultyProxy
) -> None:
    leaver = leaver_at(services[False], upstream)
    with account_proxy.failing(faults.lost_answer(), "/auth/v1/admin/users"):
        assert leaver.delete().status_code == 503
    assert leaver.delete().status_code == 401
    assert leaver.browser.refresh().json()["code"] == "auth_refresh_invalid"
    assert leaver.browser.refresh_token is None


def test_a_profile_that_could_not_be_deleted_keeps_the_user(
    services: dict[bool, ServiceProcess], upstream: RecordedUpstream, account_proxy: FaultyProxy
) -> None:
    leaver = leaver_at(services[True], upstream)
    with account_proxy.failing(faults.reset(), "/rest/v1/user_profile?"):
        assert leaver.delete().status_code == 503
    assert leaver.browser.me().status_code == 200
    assert leaver.delete().status_code == 200


def test_a_deletion_that_was_only_claimed_is_told_as_none(
    services: dict[bool, ServiceProcess], upstream: RecordedUpstream, account_proxy: FaultyProxy
) -> None:
    leaver = leaver_at(services[False], upstream)
    with account_proxy.failing(faults.status_json(200, b"{}"), "/auth/v1/admin/users"):
        response = leaver.delete()
    assert (response.status_code, response.json()["code"], cookies_set(response)) == (502, "upstream_error", [])
    assert leaver.browser.me().status_code == 200

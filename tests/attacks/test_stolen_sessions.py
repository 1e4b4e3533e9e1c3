"""Sessions in the wrong hands, and what the log shows of it without naming anybody."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.conftest import StartModuleService, StartService, StartSupabase
from tests.support import leaks
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.fixed_answers import SESSION, USER, FixedAnswers
from tests.support.project import EMAIL, Project, elliptic
from tests.support.service import CSRF_TOKEN, ServiceProcess

pytestmark = pytest.mark.thorough


def events(service: ServiceProcess, name: str, since: int = 0) -> list[dict[str, Any]]:
    """What the log has of a name from line `since` on."""
    return [event for event in map(json.loads, service.log.splitlines()[since:]) if event["event"] == name]


def test_a_refresh_token_replayed_after_rotation_ends_the_session_family_and_shows_in_the_log(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    start_supabase(auth__refresh_token_reuse_interval=1)
    service, before = own_service, len(own_service.log.splitlines())
    victim, email = Browser(service.url), new_email()
    victim.sign_up(email)
    victim.sign_in(email)
    stolen = victim.refresh_token
    assert [victim.refresh().status_code for _ in range(2)] == [200, 200]
    time.sleep(2)  # past the interval in which two tabs may use one token

    thief = Browser(service.url)
    replayed = thief.post("/auth/refresh", headers={"Cookie": f"sb_refresh_token={stolen}"})
    assert (replayed.status_code, replayed.json()["code"]) == (401, "auth_refresh_invalid")
    assert victim.refresh().status_code == 401  # whoever of the two was first: the session has ended for both

    reused, *_ = events(service, "refresh_token_reuse", before)
    issued = [event for event in events(service, "request", before) if event.get("token_out") == reused["token_in"]]
    assert reused["level"] == "warning"
    assert [event["operation"] for event in issued] == ["signIn"]
    assert issued[0]["account"]
    assert str(stolen) not in service.log


def test_an_ordinary_sign_out_raises_no_alarm(service: ServiceProcess) -> None:
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email)
    token = browser.refresh_token
    assert browser.logout().status_code == 200
    logouts = [event for event in events(service, "request") if event["operation"] == "logout"]
    assert token is not None
    ids = {event["request_id"] for event in logouts}
    assert not [event for event in events(service, "refresh_token_reuse") if event["request_id"] in ids]


@pytest.mark.thorough
def test_a_crash_in_the_middle_of_a_sign_in_logs_where_and_nothing_of_what(start_service: StartService) -> None:
    password, refresh = "a password that only this test has", "refresh-token-of-the-crashed-sign-in"
    leaks.remember("password", password)
    session = {**SESSION, "refresh_token": refresh, "user": {**USER, "id": "not a uuid, and a secret besides"}}
    with FixedAnswers({"POST /auth/v1/token": (200, session)}) as upstream:
        service = start_service({"SUPABASE_URL": upstream.url})
        response = Browser(service.url).sign_in("ada@example.com", password)
    assert response.status_code in {500, 502}
    for secret in (password, refresh, "ada@example.com", "a secret besides", CSRF_TOKEN):
        assert secret not in service.log
        assert secret not in response.text


FORWARDING: dict[str, dict[str, str | None]] = {
    "switched_off": {},
    "no_trusted_proxy": {"FORWARD_CLIENT_IP": "true", "LOG_HASH_KEY": "first-key-of-the-log-hash-0123456789"},
    "trusted_proxy": {
        "FORWARD_CLIENT_IP": "true",
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "LOG_HASH_KEY": "other-key-of-the-log-hash-0123456789",
    },
}


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with Project(elliptic("key")) as running:
        yield running


@pytest.fixture(scope="module")
def forwarding(start_module_service: StartModuleService, project: Project) -> Mapping[str, ServiceProcess]:
    """The services of FORWARDING, over `project`."""
    return {name: start_module_service({"SUPABASE_URL": project.url, **settings}) for name, settings in FORWARDING.items()}


def test_an_account_is_logged_as_a_hash_that_needs_the_key(forwarding: Mapping[str, ServiceProcess]) -> None:
    hashes = []
    for service in (forwarding["no_trusted_proxy"], forwarding["trusted_proxy"]):
        logged = len(service.log.splitlines())
        for spelling in (EMAIL, EMAIL.upper()):
            Browser(service.url).sign_in(spelling, PASSWORD)
        attempts = [event for event in events(service, "request", logged) if event["operation"] == "signIn"]
        assert len(attempts) == 2
        assert len({event["account"] for event in attempts}) == 1
        hashes.append(attempts[0]["account"])
        assert EMAIL not in service.log.lower()
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(
    ("name", "expected"), [("switched_off", None), ("no_trusted_proxy", "127.0.0.1"), ("trusted_proxy", "198.51.100.7")]
)
def test_supabase_learns_the_client_s_address_and_no_forged_one(
    forwarding: Mapping[str, ServiceProcess], project: Project, name: str, expected: str | None
) -> None:
    project.requests.clear()
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "Sb-Forwarded-For": "203.0.113.10"}
    headers["Cookie"] = "sb_refresh_token=refresh-token-of-the-project"
    browser = Browser(forwarding[name].url)
    assert browser.post("/auth/refresh", headers=headers).status_code == 200
    [asked] = [request for request in project.requests if request.path == "/auth/v1/token"]
    key = asked.headers["apikey"]
    assert asked.headers.get("sb-forwarded-for") == expected
    assert "x-forwarded-for" not in asked.headers
    # Supabase believes the header from whoever holds the secret key; nothing else is done with that key.
    assert key.startswith("sb_publishable_" if expected is None else "sb_secret_")
    assert asked.headers.get("authorization", f"Bearer {key}") == f"Bearer {key}"

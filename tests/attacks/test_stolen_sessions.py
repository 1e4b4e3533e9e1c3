"""Sessions in the wrong hands, and what the log shows of it without naming anybody."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.attacks.conftest import StartModuleService
from tests.conftest import StartService, StartSupabase
from tests.support import leaks
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.fixed_answers import SESSION, USER, FixedAnswers
from tests.support.project import Project, elliptic
from tests.support.service import CSRF_TOKEN, ServiceProcess


def events(service: ServiceProcess, name: str) -> list[dict[str, Any]]:
    return [event for event in map(json.loads, service.log.splitlines()) if event["event"] == name]


def test_a_refresh_token_replayed_after_rotation_ends_the_session_family_and_shows_in_the_log(
    start_supabase: StartSupabase, own_service: ServiceProcess
) -> None:
    start_supabase(auth__refresh_token_reuse_interval=1)
    service = own_service
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

    reused, *_ = events(service, "refresh_token_reuse")
    issued = [event for event in events(service, "request") if event.get("token_out") == reused["token_in"]]
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


def test_an_account_is_logged_as_a_hash_that_needs_the_key(start_module_service: StartModuleService) -> None:
    email = new_email()
    hashes = []
    for key in ("first-key-of-the-log-hash-0123456789", "other-key-of-the-log-hash-0123456789"):
        service = start_module_service({"LOG_HASH_KEY": key})
        for spelling in (email, email.upper()):
            Browser(service.url).sign_in(spelling, PASSWORD)
        attempts = [event for event in events(service, "request") if event["operation"] == "signIn"]
        assert len({event["account"] for event in attempts}) == 1
        hashes.append(attempts[0]["account"])
        assert email.lower() not in service.log.lower()
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({}, None, id="switched_off"),
        pytest.param({"FORWARD_CLIENT_IP": "true"}, "127.0.0.1", id="no_trusted_proxy"),
        pytest.param({"FORWARD_CLIENT_IP": "true", "TRUSTED_PROXIES": "127.0.0.1/32"}, "198.51.100.7", id="trusted_proxy"),
    ],
)
def test_supabase_learns_the_client_s_address_and_no_forged_one(
    start_service: StartService, settings: dict[str, str | None], expected: str | None
) -> None:
    with Project(elliptic("key")) as project:
        service = start_service({"SUPABASE_URL": project.url, **settings})
        headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "Sb-Forwarded-For": "203.0.113.10"}
        browser = Browser(service.url)
        body = {"email": "ada@example.com", "password": PASSWORD}
        assert browser.post("/auth/signin", body, headers=headers).status_code == 200
        [asked] = [request for request in project.requests if request.path == "/auth/v1/token"]
        key = asked.headers["apikey"]
        assert asked.headers.get("sb-forwarded-for") == expected
        assert "x-forwarded-for" not in asked.headers
        # Supabase believes the header from whoever holds the secret key; nothing else is done with that key.
        assert key.startswith("sb_publishable_" if expected is None else "sb_secret_")
        assert asked.headers.get("authorization", f"Bearer {key}") == f"Bearer {key}"

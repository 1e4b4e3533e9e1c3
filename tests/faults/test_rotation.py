"""Every secret can be changed, and nobody is signed out by it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from local import keys as local_keys
from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = pytest.mark.thorough

Start = Callable[[Keys, Keys], tuple[LocalSupabase, ServiceProcess]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Supabase and the service, each with its keys, always on the same data and ports."""
    running: list[ExitStack] = []
    ports = free_port(), free_port()

    def restart(of_supabase: Keys, of_service: Keys) -> tuple[LocalSupabase, ServiceProcess]:
        for stack in running:
            stack.close()
        running[:] = [ExitStack()]
        supabase = running[0].enter_context(LocalSupabase(tmp_path / "supabase", ports[0], of_supabase, password_cost=4))
        env = development_env(supabase.url, of_service, ports[1]) | {"CSRF_SECRETS": of_service.csrf_secret}
        service = running[0].enter_context(ServiceProcess(env, tmp_path / "service" / "service.log"))
        return supabase, service

    yield restart
    for stack in running:
        stack.close()


def _signed_in(service: ServiceProcess) -> Browser:
    browser, email = Browser(service.url), new_email()
    browser.fetch_csrf_token()
    assert browser.sign_up(email).status_code == 200
    assert browser.sign_in(email, PASSWORD).status_code == 200
    return browser


def test_csrf_secrets_rotate_without_a_sign_out(start: Start) -> None:
    keys = local_keys.generate()
    old, new = keys.csrf_secret, secrets.token_hex(32)
    browser = _signed_in(start(keys, keys)[1])

    start(keys, replace(keys, csrf_secret=f"{new},{old}"))
    assert browser.refresh().status_code == 200, "a token of the old secret is still good"
    newcomer = Browser(str(browser.http.base_url))
    newcomer.fetch_csrf_token()

    start(keys, replace(keys, csrf_secret=new))
    assert newcomer.sign_in(new_email()).status_code == 401, "tokens were signed with the new secret from the start"
    refused = browser.refresh()
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed"), "now the old one is gone"
    browser.fetch_csrf_token()
    assert browser.refresh().status_code == 200, "which a new token cures: the session lives"


def test_csrf_secrets_rotate_over_replicas_that_differ_by_a_step(start_service: StartService) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    steps = [old, f"{old},{new}", f"{new},{old}", new]
    replicas = [start_service({"CSRF_SECRETS": step, "CSRF_STATIC_TOKEN": None}) for step in steps]
    for neighbours in [replicas[:2], replicas[1:3]]:
        for issuing, checking in permutations(neighbours):
            assert _code_with_a_token_of(issuing, checking) == "auth_invalid_credentials"
    assert _code_with_a_token_of(replicas[2], replicas[3]) == "auth_invalid_credentials"
    assert _code_with_a_token_of(replicas[0], replicas[2]) == "auth_invalid_credentials"
    assert _code_with_a_token_of(replicas[2], replicas[0]) == "csrf_failed", "which is why no step may be left out"


def _code_with_a_token_of(issuing: ServiceProcess, checking: ServiceProcess) -> str:
    browser = Browser(issuing.url)
    browser.fetch_csrf_token()
    browser.http.base_url = checking.url
    code: str = browser.sign_in(new_email()).json()["code"]
    return code


def test_supabase_keys_rotate_without_a_sign_out(start: Start) -> None:
    old = local_keys.generate()
    fresh = local_keys.generate()
    new = replace(old, publishable_key=fresh.publishable_key, secret_key=fresh.secret_key)
    browser = _signed_in(start(old, old)[1])
    cookie = browser.refresh_token

    # The wrong way around on purpose: Supabase has new keys, and the service does not know them yet.
    start(new, old)
    failed = browser.refresh()
    assert (failed.status_code, failed.json()["code"]) == (502, "upstream_error")
    assert browser.refresh_token == cookie
    assert browser.http.get("/readyz").status_code == 503

    start(new, new)
    assert browser.me().status_code == 200
    assert browser.refresh().status_code == 200


def test_the_jwt_secret_rotates_without_a_sign_out(start: Start) -> None:
    old = local_keys.generate()
    new = replace(old, jwt_secret=local_keys.generate().jwt_secret)
    browser = _signed_in(start(old, old)[1])
    start(new, new)
    assert browser.me().status_code == 401, "access tokens of the old secret end"
    assert browser.refresh().status_code == 200, "and the session does not"
    assert browser.me().status_code == 200

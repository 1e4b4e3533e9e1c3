"""Nothing is stored: any replica finishes what another one began, and secrets rotate with flows under way."""

from __future__ import annotations

import secrets

import pytest

from tests.support import flows
from tests.support.browser import Browser
from tests.support.service import ServiceProcess
from tests.support.upstream.base import Upstream, address
from tests.support.upstream.fixtures import Serve

pytestmark = [pytest.mark.thorough, pytest.mark.upstreams("recorded")]

OLD, NEW = secrets.token_hex(32), secrets.token_hex(32)


def browser_at(*replicas: ServiceProcess) -> list[Browser]:
    """One browser, as each of the replicas sees it."""
    browsers = [Browser(replica.url) for replica in replicas]
    for browser in browsers[1:]:
        browser.http.cookies.jar = browsers[0].http.cookies.jar
    return browsers


def test_what_one_process_began_another_one_finishes(upstream: Upstream, serve: Serve) -> None:
    one, other = browser_at(serve(upstream, {"LOG_LEVEL": "DEBUG"}), serve(upstream, {"LOG_LEVEL": "INFO"}))
    one.fetch_csrf_token()
    other.csrf_token = one.csrf_token
    started = [flows.start(one, returnTo=f"/{number}") for number in range(10)]
    backs = [flows.go(upstream, start, address("gh")) for start in started]
    for number in (3, 9, 0, 5, 1, 8, 2, 7, 4, 6):
        browser = other if number % 2 else one
        assert flows.complete(browser, backs[number].completion).json()["returnTo"] == f"/{number}"


def test_secrets_rotate_with_flows_under_way(upstream: Upstream, serve: Serve) -> None:
    """In the three steps of the operators' guide; at each, replicas of two steps serve at once."""
    steps = (OLD, f"{OLD},{NEW}", f"{NEW},{OLD}", NEW)
    replicas = [
        serve(upstream, {"CSRF_SECRETS": step, "LOG_HASH_KEY": "of these tests, whatever is rotated"}) for step in steps
    ]
    browsers = browser_at(*replicas)
    for before, after in ((0, 1), (1, 0), (1, 2), (2, 1), (2, 3)):
        browsers[before].fetch_csrf_token()
        back = flows.go(upstream, flows.start(browsers[before], returnTo="/kept"), address("gh"))
        browsers[after].fetch_csrf_token()
        completed = flows.complete(browsers[after], back.completion)
        assert completed.status_code == 200, (before, after, completed.text)
        assert completed.json()["returnTo"] == "/kept"


def test_a_secret_that_is_gone_takes_its_flows_with_it(upstream: Upstream, serve: Serve) -> None:
    before, after = browser_at(
        *(
            serve(upstream, {"CSRF_SECRETS": secret, "LOG_HASH_KEY": "of these tests, whatever is rotated"})
            for secret in (OLD, NEW)
        )
    )
    back = flows.go(upstream, flows.start(before), address("gh"))
    after.fetch_csrf_token()
    assert flows.told(flows.complete(after, back.completion)) == (400, "auth_flow_invalid")
    assert after.refresh_token is None
